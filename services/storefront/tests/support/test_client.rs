//! Test client: a shopper without a browser, who keeps the cookie and reads the pages.

use crate::fake_services;
use axum::body::Body;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use transport::{RequestHandler, headers};

/// Client of the shop.
#[derive(Clone)]
pub(crate) struct TestClient {
    shop: RequestHandler,
    headers: Vec<(String, String)>,
    cookie: Option<String>,
}

/// Response to a test request.
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    head: http::HeaderMap,
    /// Body as text; empty when it is compressed.
    pub(crate) body: String,
    pub(crate) bytes: usize,
}

impl TestResponse {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestClient {
    /// Client of a shop over fake services.
    pub(crate) async fn new() -> Self {
        Self { shop: fake_services::shop().await, headers: Vec::new(), cookie: None }
    }

    /// Client of a shop with these settings.
    pub(crate) async fn of_shop(settings: &[(&str, &str)]) -> Self {
        let shop = fake_services::shop_with(settings).await;
        Self { shop, headers: Vec::new(), cookie: None }
    }

    /// Client of a shop whose services are unavailable.
    pub(crate) async fn without_services() -> Self {
        Self {
            shop: fake_services::shop_without_services().await,
            headers: Vec::new(),
            cookie: None,
        }
    }

    /// Copy of the client that sends another header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Keeps the cookie of a response.
    pub(crate) fn keep_cookie(&mut self, response: &TestResponse) {
        self.cookie = response.header("set-cookie").split(';').next().map(ToOwned::to_owned);
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form)).await
    }

    /// Adds one unit to the cart.
    pub(crate) async fn add_to_cart(&mut self, product: &str, colour: &str) {
        let added = self.post("/cart/add", &[("product", product), ("colour", colour)]).await;
        assert_eq!(added.status, 303, "{}", added.body);
        self.keep_cookie(&added);
    }

    /// Submits the checkout; `different` overrides the default fields.
    pub(crate) async fn submit_checkout(&self, different: &[(&str, &str)]) -> TestResponse {
        let usual = [
            ("email", "maren@example.com"),
            ("name", "Maren Lindqvist"),
            ("line1", "Elbchaussee 12"),
            ("postal_code", "22763"),
            ("city", "Hamburg"),
            ("country", "DE"),
            ("method", "standard"),
            ("payment", "test:success"),
        ];
        let kept =
            usual.into_iter().filter(|(name, _)| !different.iter().any(|(other, _)| other == name));
        self.post("/checkout", &kept.chain(different.iter().copied()).collect::<Vec<_>>()).await
    }

    /// Buys a lamp with this card, through the forms of the pages.
    pub(crate) async fn buy(&mut self, card: &str) -> TestResponse {
        self.add_to_cart("dome-lamp", "Brick").await;
        let form = self.get("/checkout").await.body;
        let hidden =
            |name: &str| between(&form, &format!("name=\"{name}\" value=\""), "\"").to_owned();
        let (key, expected, seen) = (hidden("key"), hidden("expected"), hidden("seen"));
        self.submit_checkout(&[
            ("key", &key),
            ("expected", &expected),
            ("seen", &seen),
            ("payment", &format!("test:{card}")),
        ])
        .await
    }

    async fn send(&self, mut request: http::request::Builder, body: Body) -> TestResponse {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        // As the gateway marks what comes in at the shop edge.
        let request = request.header(headers::EDGE, "shop").body(body).unwrap();
        let response: Response<Body> = self.shop.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        TestResponse {
            status: head.status.as_u16(),
            head: head.headers,
            bytes: body.len(),
            body: String::from_utf8(body.to_vec()).unwrap_or_default(),
        }
    }
}

/// Text between two marks.
pub(crate) fn between<'a>(text: &'a str, before: &str, behind: &str) -> &'a str {
    let start =
        text.find(before).unwrap_or_else(|| panic!("no {before:?} in {text}")) + before.len();
    let end = text[start..].find(behind).unwrap_or(text.len() - start);
    &text[start..start + end]
}
