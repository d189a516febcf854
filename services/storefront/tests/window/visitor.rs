//! A shopper without a browser: keeps the cookie and reads the pages.

use crate::stand_in;
use axum::{Router, body::Body};
use http::{Request, Response, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A shopper.
#[derive(Clone)]
pub(crate) struct Visitor {
    shop: Router,
    headers: Vec<(String, String)>,
    cookie: Option<String>,
}

/// What came back.
pub(crate) struct Seen {
    pub(crate) status: u16,
    head: http::HeaderMap,
    /// As text; empty when it was packed.
    pub(crate) body: String,
    pub(crate) bytes: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Visitor {
    /// In the shop.
    pub(crate) async fn new() -> Self {
        Self { shop: stand_in::shop().await, headers: Vec::new(), cookie: None }
    }

    /// In a shop behind which nobody answers.
    pub(crate) async fn alone() -> Self {
        Self { shop: stand_in::empty_shop().await, headers: Vec::new(), cookie: None }
    }

    /// The same shopper, saying this too.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut visitor = self.clone();
        visitor.headers.push((name.to_owned(), value.to_owned()));
        visitor
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form)).await
    }

    /// Puts one into the cart.
    pub(crate) async fn puts(&mut self, product: &str, colour: &str) {
        let added = self.post("/cart/add", &[("product", product), ("colour", colour)]).await;
        assert_eq!(added.status, 303, "{}", added.body);
        self.cookie = added.header("set-cookie").split(';').next().map(ToOwned::to_owned);
    }

    /// Sends the checkout, with what is different from the usual.
    pub(crate) async fn pays(&self, different: &[(&str, &str)]) -> Seen {
        let usual = [
            ("email", "maren@example.com"),
            ("name", "Maren Lindqvist"),
            ("line1", "Elbchaussee 12"),
            ("postal_code", "22763"),
            ("city", "Hamburg"),
            ("country", "DE"),
            ("method", "standard"),
            ("card", "success"),
        ];
        let kept =
            usual.into_iter().filter(|(name, _)| !different.iter().any(|(other, _)| other == name));
        self.post("/checkout", &kept.chain(different.iter().copied()).collect::<Vec<_>>()).await
    }

    /// Buys a lamp with this card, by the forms the pages show.
    pub(crate) async fn buys(&mut self, card: &str) -> Seen {
        self.puts("dome-lamp", "Brick").await;
        let form = self.get("/checkout").await.body;
        let hidden =
            |name: &str| between(&form, &format!("name=\"{name}\" value=\""), "\"").to_owned();
        let (key, expected, seen) = (hidden("key"), hidden("expected"), hidden("seen"));
        self.pays(&[("key", &key), ("expected", &expected), ("seen", &seen), ("card", card)]).await
    }

    async fn send(&self, mut request: http::request::Builder, body: Body) -> Seen {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(body).unwrap();
        let response: Response<Body> = self.shop.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Seen {
            status: head.status.as_u16(),
            head: head.headers,
            bytes: body.len(),
            body: String::from_utf8(body.to_vec()).unwrap_or_default(),
        }
    }
}

/// What stands between two marks.
pub(crate) fn between<'a>(text: &'a str, before: &str, behind: &str) -> &'a str {
    let start =
        text.find(before).unwrap_or_else(|| panic!("no {before:?} in {text}")) + before.len();
    let end = text[start..].find(behind).unwrap_or(text.len() - start);
    &text[start..start + end]
}
