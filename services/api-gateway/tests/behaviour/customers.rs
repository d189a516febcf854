//! Customers at the shop edge: their sign-in, and who is served in the name of their account.

use crate::{
    harness::{TestGateway, TestResponse, get, request},
    issuer::{ISSUER, SHOP_CLIENT, token_with},
};
use axum::http::request::Builder;
use serde_json::json;
use transport::Edge;

pub(crate) const ACCOUNT: &str = "0190a8b4-0000-7000-8000-00000000ada0";
const SHOP: &str = "http://127.0.0.1:8080";
const CART: &str = "0190a8b4-0000-7000-8000-000000000001";

/// Browser at the shop edge.
struct Browser {
    gateway: TestGateway,
    cookies: Vec<(String, String)>,
}

impl Browser {
    async fn new() -> Self {
        Self { gateway: TestGateway::with(&[("shop_url", SHOP)]).await, cookies: Vec::new() }
    }

    async fn send(&mut self, edge: Edge, request: Builder) -> TestResponse {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = request.header("host", "127.0.0.1:8080").header("cookie", cookies);
        let response = match edge {
            Edge::Operator => self.gateway.operator(request).await,
            _ => self.gateway.shop(request).await,
        };
        for set in response.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        response
    }

    async fn get(&mut self, path: &str) -> TestResponse {
        self.send(Edge::Shop, get(path)).await
    }

    /// Actor whom the storefront sees.
    async fn actor(&mut self) -> Option<String> {
        let seen = self.get("/cart").await.json();
        seen["actor"].as_str().map(ToOwned::to_owned)
    }

    /// Signs in; where the browser goes on.
    async fn sign_in(&mut self, return_to: &str) -> String {
        let begun = self.get(&format!("/sign-in?return_to={return_to}")).await;
        let location = begun.header("location");
        assert!(location.starts_with(&format!("{ISSUER}/authorize?")), "{location}");
        assert!(location.contains(&format!("client_id={SHOP_CLIENT}&")), "{location}");
        let parameter = |name: &str| {
            let query = location.split_once('?').unwrap().1;
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(known, _)| known == name).unwrap().1.into_owned()
        };
        // The fake provider takes the nonce for the code.
        let answer = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &parameter("nonce"))
            .append_pair("state", &parameter("state"))
            .append_pair("iss", ISSUER)
            .finish();
        let finished = self.get(&format!("/sign-in/callback?{answer}")).await;
        assert_eq!(finished.status.as_u16(), 303);
        finished.header("location").to_owned()
    }
}

#[tokio::test]
async fn a_customer_signs_in_and_pages_learn_which_account_it_is() {
    let mut browser = Browser::new().await;
    browser.cookies.push(("cart".to_owned(), CART.to_owned()));
    assert_eq!(browser.actor().await, Some(format!("guest:{CART}")));
    assert_eq!(browser.sign_in("%2Faccount").await, "/account");
    assert_eq!(browser.actor().await, Some(format!("customer:{ACCOUNT}")));
    for (name, value) in &browser.cookies {
        assert!(!value.contains('.'), "no token is in the browser: {name}");
    }
    let api = browser.get("/api/v1/products").await.json();
    assert_ne!(api["actor"], json!(format!("customer:{ACCOUNT}")), "programs have tokens");
    let operator = browser.send(Edge::Operator, get("/api/v1/orders")).await.json();
    assert_eq!(operator["actor"], "operator", "a customer is nobody at the operator edge");
}

#[tokio::test]
async fn a_session_that_an_attacker_knows_or_invents_is_none() {
    let mut browser = Browser::new().await;
    let planted = "A".repeat(43);
    for value in ["", "x", &planted] {
        browser.cookies = vec![("shop".to_owned(), value.to_owned())];
        assert_eq!(browser.actor().await, None, "{value}");
    }
    browser.sign_in("%2F").await;
    let session = browser.cookies.iter().find(|(name, _)| name == "shop").unwrap();
    assert_ne!(session.1, planted, "a sign-in begins a new session");
    // Over http, a cookie of the name that https has does not count.
    browser.cookies = vec![("__Host-shop".to_owned(), session.1.clone())];
    assert_eq!(browser.actor().await, None);
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    for target in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        assert_eq!(Browser::new().await.sign_in(target).await, "/", "{target}");
    }
}

#[tokio::test]
async fn who_signs_out_is_a_guest_and_no_other_site_can_do_it() {
    let mut browser = Browser::new().await;
    browser.sign_in("%2F").await;
    let before = browser.cookies.clone();
    let foreign = request("POST", "/sign-out").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(Edge::Shop, foreign).await.problem().0, 403);
    assert_eq!(browser.get("/sign-out").await.status.as_u16(), 405);
    assert!(browser.actor().await.is_some());
    let own = request("POST", "/sign-out").header("sec-fetch-site", "same-origin");
    let response = browser.send(Edge::Shop, own).await;
    let location = response.header("location");
    assert!(location.starts_with(&format!("{ISSUER}/logout?")), "{location}");
    assert!(location.contains("%2Faccount%2Fsigned-out"), "{location}");
    assert_eq!(browser.actor().await, None);
    browser.cookies = before;
    assert_eq!(browser.actor().await, None, "the session has ended, not only its cookie");
}

#[tokio::test]
async fn a_sign_in_that_fails_leads_to_a_page_of_the_shop_that_says_why() {
    let mut browser = Browser::new().await;
    let answer = browser.get("/sign-in/callback?code=c&state=s").await;
    assert_eq!(answer.header("location"), "/account?sign_in=expired");
    assert!(answer.headers.get("set-cookie").is_none());
    let without_address = TestGateway::with_defaults().await;
    let answer = without_address.shop(get("/sign-in")).await;
    assert_eq!(answer.header("location"), "/account?sign_in=unavailable");
    let elsewhere = browser.gateway.shop(get("/sign-in").header("host", "localhost:8080")).await;
    assert_eq!(
        elsewhere.header("location"),
        "http://127.0.0.1:8080/sign-in?return_to=%2F&here=",
        "cookies belong to a name"
    );
}

#[tokio::test]
async fn a_program_of_a_customer_has_a_token_with_the_scope_for_it() {
    let gateway = TestGateway::with_defaults().await;
    for (subject, scope, expected) in [
        (ACCOUNT, "openid shop.account", Some(format!("customer:{ACCOUNT}"))),
        (ACCOUNT, "openid", None),
        (ACCOUNT, "shop.read shop.write", None),
        ("back-office", "shop.account", None),
    ] {
        let token = token_with(&["admin"], scope, &[("sub", json!(subject))]);
        let orders =
            get("/api/v1/account/orders").header("authorization", format!("Bearer {token}"));
        let seen = gateway.shop(orders).await.json();
        assert_eq!(seen["actor"].as_str(), expected.as_deref(), "{subject} {scope}");
    }
}
