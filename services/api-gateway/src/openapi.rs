//! The API document of an edge: of what services describe, what can be reached through it.

use crate::routes;
use aide::openapi::{OpenApi, Operation, PathItem, ReferenceOr};
use axum::http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use transport::Edge;

const SCHEMAS: &str = "#/components/schemas/";

/// The API document of `edge`, made of the descriptions that services give of all their routes. The same
/// descriptions give the same document.
pub fn openapi(edge: Edge, documents: &BTreeMap<&'static str, OpenApi>) -> Value {
    let title = match edge {
        Edge::Shop => "iCommerce: the shop",
        Edge::Operator => "iCommerce: for operators",
        Edge::Internal => "iCommerce: nothing is reached from outside here",
    };
    let parts = documents.iter().map(|(service, document)| reachable(edge, service, document));
    let mut document = web::openapi_document(title, parts.collect());
    leave_out_unused_schemas(&mut document);
    document
}

fn reachable(edge: Edge, service: &str, document: &OpenApi) -> OpenApi {
    let mut document = document.clone();
    let Some(paths) = &mut document.paths else { return document };
    for (path, item) in &mut paths.paths {
        let same_place = |route: &routes::Route| {
            route.service == service && numbered(route.path).eq(numbered(path))
        };
        let methods: BTreeSet<&str> = routes::of(edge)
            .filter(same_place)
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

/// The parts of a path without the names that are not fixed: those are the service's own affair.
fn numbered(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part })
}

/// Leaves out what only internal routes speak of.
fn leave_out_unused_schemas(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut found = BTreeSet::new();
    collect(document.get("paths").unwrap_or(&Value::Null), &mut found);
    while let Some(name) = found.pop_first() {
        let schema = document.pointer(&format!("/components/schemas/{name}"));
        let mut next = BTreeSet::new();
        collect(schema.unwrap_or(&Value::Null), &mut next);
        used.insert(name);
        found.extend(next.into_iter().filter(|name| !used.contains(name)));
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// The names of the schemas that `value` refers to.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str().and_then(|target| target.strip_prefix(SCHEMAS)) {
                    Some(name) if key == "$ref" => drop(names.insert(name.to_owned())),
                    _ => collect(value, names),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}
