//! OpenAPI document of an edge: the operations of all services that can be reached through it.

mod metadata;
mod security;

use crate::routes;
use aide::openapi::{OpenApi, Operation, PathItem, ReferenceOr};
use axum::http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use transport::Edge;

const SCHEMAS: &str = "#/components/schemas/";

/// OpenAPI document of `edge`, merged from the documents of the services and restricted to its routes. Deterministic:
/// equal inputs give an equal document.
pub fn openapi(edge: Edge, documents: &BTreeMap<&'static str, OpenApi>) -> Value {
    let parts = documents.iter().map(|(service, document)| reachable(edge, service, document));
    let mut document = web::openapi_document(metadata::title(edge), parts.collect());
    metadata::describe(edge, &mut document);
    security::describe(edge, &mut document);
    remove_unused_schemas(&mut document);
    document
}

/// Document of a service without the operations that the edge does not route.
fn reachable(edge: Edge, service: &str, document: &OpenApi) -> OpenApi {
    let mut document = document.clone();
    let Some(paths) = &mut document.paths else { return document };
    for (path, item) in &mut paths.paths {
        let is_same_route = |route: &routes::Route| {
            route.service == service && routes::is_same_path(route.path, path)
        };
        let methods: BTreeSet<&str> = routes::of(edge)
            .filter(is_same_route)
            .flat_map(|route| route.methods.iter().map(Method::as_str))
            .collect();
        if let ReferenceOr::Item(item) = item {
            for (method, operation) in operations(item) {
                if !methods.contains(method) {
                    *operation = None;
                }
            }
        }
    }
    paths.paths.retain(|_, item| match item {
        ReferenceOr::Item(item) => operations(item).into_iter().any(|(_, it)| it.is_some()),
        ReferenceOr::Reference { .. } => false,
    });
    document
}

fn operations(item: &mut PathItem) -> [(&'static str, &mut Option<Operation>); 8] {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [
        ("GET", get),
        ("PUT", put),
        ("POST", post),
        ("DELETE", delete),
        ("OPTIONS", options),
        ("HEAD", head),
        ("PATCH", patch),
        ("TRACE", trace),
    ]
}

/// Removal of schemas that only internal routes refer to.
fn remove_unused_schemas(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut found = BTreeSet::new();
    collect_references(document.get("paths").unwrap_or(&Value::Null), &mut found);
    while let Some(name) = found.pop_first() {
        let schema = document.pointer(&format!("/components/schemas/{name}"));
        let mut next = BTreeSet::new();
        collect_references(schema.unwrap_or(&Value::Null), &mut next);
        used.insert(name);
        found.extend(next.into_iter().filter(|name| !used.contains(name)));
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// Names of the schemas that `value` refers to.
fn collect_references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str().and_then(|target| target.strip_prefix(SCHEMAS)) {
                    Some(name) if key == "$ref" => drop(names.insert(name.to_owned())),
                    _ => collect_references(value, names),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, names)),
        _ => {}
    }
}
