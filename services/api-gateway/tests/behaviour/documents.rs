//! OpenAPI document of each edge, and its Swagger UI page.

use crate::harness::{TestGateway, get, request};
use aide::{
    axum::{ApiRouter, routing::get_with},
    openapi::OpenApi,
};
use api_gateway::{Operation, operations};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use transport::Edge;

#[tokio::test]
async fn each_edge_serves_its_own_document() {
    let gateway = TestGateway::with_defaults().await;
    let shop = gateway.shop(get("/openapi.json")).await;
    let operator = gateway.operator(get("/openapi.json")).await;
    for response in [&shop, &operator] {
        assert_eq!(
            (response.status.as_u16(), response.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(response.json()["openapi"], "3.1.0");
    }
    assert_ne!(shop.json()["info"]["title"], operator.json()["info"]["title"]);
}

/// Every operation of the committed documents is routed.
#[tokio::test]
async fn every_documented_operation_can_be_reached() {
    let gateway = TestGateway::with_defaults().await;
    for edge in [Edge::Shop, Edge::Operator] {
        let document = gateway
            .send(edge, crate::harness::LOOPBACK_PEER, get("/openapi.json"), "")
            .await
            .json();
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(path.starts_with("/api/v1/") || path.starts_with("/media/"), "{path}");
            for method in item.as_object().unwrap().keys() {
                let probe = request(&method.to_uppercase(), &path.replace(['{', '}'], ""));
                let status = gateway
                    .send(edge, crate::harness::LOOPBACK_PEER, probe, "")
                    .await
                    .status
                    .as_u16();
                assert!(matches!(status, 200 | 503), "{edge:?} {method} {path} is {status}");
            }
        }
    }
}

/// Path whose parameters have no names: those of the documents may differ from those of the table.
fn anonymous(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn the_documents_say_who_may_do_what_as_the_table_does() {
    let gateway = TestGateway::with_defaults().await;
    for edge in [Edge::Shop, Edge::Operator] {
        let request = get("/openapi.json");
        let document = gateway.send(edge, crate::harness::LOOPBACK_PEER, request, "").await.json();
        let mut documented = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let key = (method.to_uppercase(), anonymous(path));
                let said = ["security", "x-roles", "x-scope"].map(|field| operation[field].clone());
                documented.insert(key, said);
            }
        }
        let is_api = |operation: &Operation| {
            ["/api/", "/media/"].iter().any(|prefix| operation.path.starts_with(prefix))
        };
        for operation in operations(edge).into_iter().filter(is_api) {
            let Operation { method, path, roles, scope } = operation;
            let said = documented.remove(&(method.to_owned(), anonymous(path)));
            let wanted = match scope {
                "" => [json!([]), Json::Null, Json::Null],
                scope => [json!([{"token": []}]), json!(roles), json!(scope)],
            };
            assert_eq!(said, Some(wanted), "{edge:?} {method} {path}");
        }
        assert!(documented.is_empty(), "{documented:?} is in no table");
        let scheme = &document["components"]["securitySchemes"]["token"]["scheme"];
        assert_eq!(*scheme == "bearer", edge == Edge::Operator);
    }
}

#[tokio::test]
async fn the_swagger_page_is_complete_and_allows_only_its_own_scripts() {
    let gateway = TestGateway::with_defaults().await;
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
    assert_eq!(gateway.operator(get("/docs/other.js")).await.problem().0, 404);
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Product {
    _manufacturer: Manufacturer,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Manufacturer {
    _name: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Secret {
    _plan: String,
}

async fn take<T>(_: web::Json<T>) {}

fn document_of(name: &str, routes: ApiRouter) -> OpenApi {
    let mut document = OpenApi::default();
    name.clone_into(&mut document.info.title);
    let _ = routes.finish_api(&mut document);
    document
}

#[test]
fn a_document_contains_only_the_routes_of_its_edge() {
    let products = ApiRouter::new()
        .api_route(
            "/api/v1/products",
            get_with(async || (), |it| it.id("list"))
                .post_with(take::<Product>, |it| it.id("create")),
        )
        // The names of path parameters may differ between gateway and service.
        .api_route("/api/v1/products/{id_or_slug}", get_with(async || (), |it| it.id("show")))
        .api_route(
            "/api/v1/products/{id}/secrets",
            get_with(take::<Secret>, |it| it.id("unlisted")),
        )
        .api_route(
            "/internal/v1/variants/lookup",
            get_with(take::<Secret>, |it| it.id("internal")),
        );
    // A route of another service at a listed path is not the one that is reached.
    let payments = ApiRouter::new()
        .api_route("/api/v1/categories", get_with(async || (), |it| it.id("usurped")));
    let documents = BTreeMap::from([
        ("payment-service", document_of("payment-service", payments)),
        ("product-service", document_of("product-service", products)),
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
    assert_eq!(ids(Edge::Shop), ("list show".to_owned(), "FieldError Problem".to_owned()));
    assert_eq!(ids(Edge::Operator).0, "create list show");
    assert_eq!(ids(Edge::Operator).1, "FieldError Manufacturer Problem Product");
    assert_eq!(ids(Edge::Internal), (String::new(), String::new()));
    let twice = [(); 2].map(|()| api_gateway::openapi(Edge::Operator, &documents).to_string());
    assert_eq!(twice[0], twice[1]);
    let document: Json = twice[0].parse().unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_operator_edge_begins_with_a_page_and_keeps_it_from_other_hosts() {
    let gateway = TestGateway::with_defaults().await;
    let page = gateway.operator(get("/")).await;
    assert_eq!(
        (page.status.as_u16(), page.header("content-type"), page.header("cache-control")),
        (200, "text/html; charset=utf-8", "no-store")
    );
    assert!(
        page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'")
    );
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert!(
        !text.contains("<script") && !text.contains("style=") && !text.contains("http"),
        "{text}"
    );
    for link in ["/docs", "/openapi.json", "/health", "/api/v1/sagas", "/api/v1/audit"] {
        assert!(text.contains(&format!("<a href=\"{link}\"")), "{link}");
    }
    let style = text.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(
        gateway.operator(get(style)).await.header("content-type"),
        "text/css; charset=utf-8"
    );
    assert_eq!(gateway.operator(request("POST", "/")).await.problem().0, 405);
    let rebound = get("/").header("host", "evil.example");
    assert_eq!(gateway.operator(rebound).await.problem(), (403, "forbidden".to_owned()));
    assert_eq!(gateway.shop(get("/")).await.origin(), "storefront");
    assert_eq!(gateway.shop(get("/operator.css")).await.origin(), "storefront");
}
