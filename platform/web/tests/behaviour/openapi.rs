//! OpenAPI documents of the routes.

use crate::things::{Things, parts, service};
use kernel::Uuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::{ApiResult, ApiRouter, IdempotencyKey, IfMatch, Json, NoContent, Path, routing};

fn document() -> Value {
    web::openapi_document(
        "Things",
        vec![service(Things::default().routes(), parts()).description.openapi()],
    )
}

#[test]
fn bodies_queries_paths_and_refusals_are_described() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let make = &document["paths"]["/api/v1/things"]["post"];
    let schema = |part: &Value, media: &str| part["content"][media]["schema"]["$ref"].clone();
    let json = "application/json";
    assert_eq!(schema(&make["requestBody"], json), "#/components/schemas/NewThing");
    assert_eq!(schema(&make["responses"]["201"], json), "#/components/schemas/Thing");
    let refusal = schema(&make["responses"]["default"], "application/problem+json");
    assert_eq!(refusal, "#/components/schemas/Problem");
    assert_eq!(make["operationId"], "makeThing");

    let list = &document["paths"]["/api/v1/things"]["get"];
    let named = |operation: &Value| {
        let parameters = operation["parameters"].as_array().unwrap();
        let named = parameters.iter().map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            (text("in"), text("name"), it["required"] == true)
        });
        named.collect::<Vec<_>>()
    };
    let query = |name: &str| ("query".to_owned(), name.to_owned(), false);
    let expected = ["kind", "at_least", "limit", "cursor"].map(query);
    let mut listed = named(list);
    listed.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(listed, expected);

    let path = |name: &str| ("path".to_owned(), name.to_owned(), true);
    assert_eq!(named(&document["paths"]["/api/v1/things/{number}"]["get"]), [path("number")]);
    let grouped = &document["paths"]["/api/v1/groups/{group}/things/{number}"]["get"];
    assert_eq!(named(grouped), [path("group"), path("number")]);
    assert_eq!(grouped["parameters"][0]["schema"]["type"], "string");
    assert_eq!(grouped["parameters"][1]["schema"]["type"], "integer");
    assert!(!document.to_string().contains("x-unnamed"));
}

#[test]
fn the_comment_of_a_route_is_its_documentation() {
    let document = document();
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    for (path, method, id, summary, description) in [
        ("/api/v1/things", "post", "makeThing", "Make a thing", None),
        ("/api/v1/things", "get", "listThings", "List things", None),
        (
            "/api/v1/strict",
            "post",
            "makeStrictly",
            "Make a thing, with a key",
            Some("A repeat makes nothing. It gets the same answer."),
        ),
    ] {
        let operation = operation(path, method);
        assert_eq!(
            (&operation["operationId"], &operation["tags"][0]),
            (&json!(id), &json!("Things"))
        );
        assert_eq!(
            (&operation["summary"], operation["description"].as_str()),
            (&json!(summary), description)
        );
    }
}

#[test]
fn headers_and_empty_answers_are_described() {
    async fn change(
        _: Path<(Uuid, String)>,
        _: IfMatch,
        _: IdempotencyKey,
    ) -> ApiResult<NoContent> {
        Ok(NoContent)
    }
    async fn softly(_: Option<IdempotencyKey>) -> NoContent {
        NoContent
    }
    let api = ApiRouter::new()
        .api_route("/files/{id}/{*rest}", routing::put(change))
        .api_route("/softly", routing::post(softly));
    let document =
        web::openapi_document("Files", vec![service(api, parts()).description.openapi()]);
    let put = &document["paths"]["/files/{id}/{rest}"]["put"];
    assert!(put["responses"]["204"].is_object(), "{put:#}");
    let required = |operation: &Value, name: &str| {
        let mut parameters = operation["parameters"].as_array().unwrap().iter();
        parameters.find(|it| it["name"] == name).map(|it| it["required"] == true)
    };
    assert_eq!(required(put, "Idempotency-Key"), Some(true));
    assert_eq!(required(put, "If-Match"), Some(false));
    assert_eq!((required(put, "id"), required(put, "rest")), (Some(true), Some(true)));
    assert_eq!(required(&document["paths"]["/softly"]["post"], "Idempotency-Key"), Some(false));
}

#[test]
fn the_same_parts_give_the_same_text() {
    assert_eq!(document().to_string(), document().to_string());
}

mod other {
    use super::{Deserialize, JsonSchema, Serialize};

    /// Another type with the same schema name.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[schemars(rename = "Thing")]
    pub(super) struct WeighedThing {
        pub(super) weight: u8,
    }

    /// A type that refers to it.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(super) struct Holder {
        pub(super) thing: WeighedThing,
    }
}

#[test]
fn different_things_of_one_name_are_told_apart() {
    async fn weigh() -> Json<other::Holder> {
        Json(other::Holder { thing: other::WeighedThing { weight: 1 } })
    }
    let api = ApiRouter::new().api_route("/weigh", routing::get(weigh));
    let others = web::service("other-service", api, parts()).description.openapi();
    let things = service(Things::default().routes(), parts()).description.openapi();
    let document = web::openapi_document("Both", vec![things, others]);
    let schemas = &document["components"]["schemas"];
    assert!(schemas["Thing"]["properties"]["name"].is_object());
    assert!(schemas["OtherServiceThing"]["properties"]["weight"].is_object());
    let held = schemas["Holder"]["properties"]["thing"].to_string();
    assert!(held.contains("#/components/schemas/OtherServiceThing"), "{held}");
    // What is the same in both, such as the problem, stays one.
    assert!(schemas["Problem"].is_object() && schemas["OtherServiceProblem"].is_null());
    assert!(document["paths"]["/weigh"].is_object());
    assert!(document["paths"]["/api/v1/things"].is_object());
}
