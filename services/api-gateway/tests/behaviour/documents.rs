//! The API document of each edge, and the page to read it with.

use crate::shop::{Gateway, ask, get};
use aide::{
    axum::{ApiRouter, routing::get_with},
    openapi::OpenApi,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use transport::Edge;

#[tokio::test]
async fn each_edge_shows_its_own_document() {
    let gateway = Gateway::plain().await;
    let shop = gateway.shop(get("/openapi.json")).await;
    let operator = gateway.operator(get("/openapi.json")).await;
    for answer in [&shop, &operator] {
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(answer.json()["openapi"], "3.1.0");
    }
    assert_ne!(shop.json()["info"]["title"], operator.json()["info"]["title"]);
}

/// What the committed documents describe is there, and what they do not describe is not.
#[tokio::test]
async fn what_is_described_can_be_reached() {
    let gateway = Gateway::plain().await;
    for edge in [Edge::Shop, Edge::Operator] {
        let document = gateway.send(edge, crate::shop::HERE, get("/openapi.json"), "").await.json();
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(path.starts_with("/api/v1/"), "{path}");
            for method in item.as_object().unwrap().keys() {
                let request = ask(&method.to_uppercase(), &path.replace(['{', '}'], ""));
                let status =
                    gateway.send(edge, crate::shop::HERE, request, "").await.status.as_u16();
                assert!(matches!(status, 200 | 503), "{edge:?} {method} {path} is {status}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_is_whole_and_forbids_all_scripts_but_its_own() {
    let gateway = Gateway::plain().await;
    let page = gateway.shop(get("/docs")).await;
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    assert!(
        !text.contains("<script>") && !text.contains("<style") && !text.contains("http"),
        "{text}"
    );
    let linked: Vec<&str> = text.split('"').filter(|part| part.starts_with("/docs/")).collect();
    assert_eq!(linked.len(), 3);
    for uri in linked {
        let file = gateway.operator(get(uri)).await;
        assert_eq!(file.status.as_u16(), 200, "{uri}");
        assert!(
            file.header("content-type").starts_with("text/") && !file.bytes.is_empty(),
            "{uri}"
        );
        assert_eq!(file.header("cache-control"), "public, max-age=3600");
        assert!(
            file.header("content-security-policy")
                .starts_with("default-src 'none'; frame-ancestors")
        );
    }
    assert_eq!(gateway.operator(get("/docs/other.js")).await.refusal().0, 404);
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Product {
    _maker: Maker,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Maker {
    _name: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Secret {
    _plan: String,
}

async fn take<T>(_: web::Json<T>) {}

fn described(name: &str, routes: ApiRouter) -> OpenApi {
    let mut document = OpenApi::default();
    name.clone_into(&mut document.info.title);
    let _ = routes.finish_api(&mut document);
    document
}

#[test]
fn a_document_has_what_its_edge_reaches_and_nothing_else() {
    let products = ApiRouter::new()
        .api_route(
            "/api/v1/products",
            get_with(async || (), |it| it.id("list"))
                .post_with(take::<Product>, |it| it.id("make")),
        )
        // What a service calls the parts of its paths is its own affair.
        .api_route("/api/v1/products/{id_or_slug}", get_with(async || (), |it| it.id("show")))
        .api_route(
            "/api/v1/products/{id}/secrets",
            get_with(take::<Secret>, |it| it.id("unlisted")),
        )
        .api_route(
            "/internal/v1/variants/lookup",
            get_with(take::<Secret>, |it| it.id("internal")),
        );
    // Somebody else's route at the place of a listed one is not what is reached there.
    let payments = ApiRouter::new()
        .api_route("/api/v1/categories", get_with(async || (), |it| it.id("usurped")));
    let documents = BTreeMap::from([
        ("payment-service", described("payment-service", payments)),
        ("product-service", described("product-service", products)),
    ]);
    let ids = |edge| {
        let document = api_gateway::openapi(edge, &documents);
        let paths = document["paths"].as_object().unwrap().values();
        let mut ids: Vec<String> = paths
            .flat_map(|item| item.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        let schemas: Vec<_> =
            document["components"]["schemas"].as_object().unwrap().keys().cloned().collect();
        (ids.join(" "), schemas.join(" "))
    };
    assert_eq!(ids(Edge::Shop), ("list show".to_owned(), String::new()));
    assert_eq!(ids(Edge::Operator).0, "list make show");
    assert_eq!(ids(Edge::Operator).1, "FieldError Maker Problem Product");
    assert_eq!(ids(Edge::Internal), (String::new(), String::new()));
    let twice = [(); 2].map(|()| api_gateway::openapi(Edge::Operator, &documents).to_string());
    assert_eq!(twice[0], twice[1]);
    let document: Json = twice[0].parse().unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
