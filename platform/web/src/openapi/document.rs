//! Merge of several services' OpenAPI documents.

use aide::openapi::OpenApi;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SCHEMAS: &str = "#/components/schemas/";

/// Merges the OpenAPI documents of several services into one: `OpenAPI` 3.1, sorted, deterministic.
///
/// Where two services have different schemas of one name, that of the later one is prefixed with the service's name.
pub fn openapi_document(title: &str, parts: Vec<OpenApi>) -> Value {
    let mut paths = Map::new();
    let mut schemas = BTreeMap::new();
    for part in parts {
        let service = part.info.title.clone();
        let Ok(mut part) = serde_json::to_value(part) else { continue };
        let own = own_schemas(&mut part);
        let renamed = renamed(&schemas, &own, &service);
        let name = |name: String| renamed.get(&name).cloned().unwrap_or(name);
        for (schema_name, mut schema) in own {
            rewrite(&mut schema, &renamed);
            list_values(&mut schema);
            schemas.insert(name(schema_name), schema);
        }
        rewrite(&mut part, &renamed);
        for (path, item) in object(part.get_mut("paths").map(Value::take)) {
            // A wildcard parameter is written `{*rest}` in routes and `{rest}` in documents.
            let known = paths.entry(path.replace("{*", "{")).or_insert_with(|| json!({}));
            if let Value::Object(known) = known {
                for (method, operation) in object(Some(item)) {
                    known.entry(method).or_insert(operation);
                }
            }
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    sorted(document)
}

fn own_schemas(part: &mut Value) -> BTreeMap<String, Value> {
    let schemas = part.pointer_mut("/components/schemas").map(Value::take);
    object(schemas).into_iter().collect()
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// The new names of those schemas of `own` that differ from the one of the same name in `known`, and of those that refer
/// to one of them.
fn renamed(
    known: &BTreeMap<String, Value>,
    own: &BTreeMap<String, Value>,
    service: &str,
) -> BTreeMap<String, String> {
    let differs = |name: &str, schema: &Value| known.get(name).is_some_and(|it| it != schema);
    let mut other: BTreeSet<&str> = own
        .iter()
        .filter(|(name, schema)| differs(name, schema))
        .map(|(name, _)| &**name)
        .collect();
    loop {
        let before = other.len();
        for (name, schema) in own {
            if known.contains_key(name) && refers_to(schema, &other) {
                other.insert(name);
            }
        }
        if other.len() == before {
            break;
        }
    }
    let prefix = capitalised(service);
    other.into_iter().map(|name| (name.to_owned(), format!("{prefix}{name}"))).collect()
}

fn refers_to(schema: &Value, names: &BTreeSet<&str>) -> bool {
    match schema {
        Value::Object(object) => {
            let target = object.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|target| target.strip_prefix(SCHEMAS));
            target.is_some_and(|name| names.contains(name))
                || object.values().any(|value| refers_to(value, names))
        }
        Value::Array(values) => values.iter().any(|value| refers_to(value, names)),
        _ => false,
    }
}

fn rewrite(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let target = value.as_str().and_then(|target| target.strip_prefix(SCHEMAS));
                match target.and_then(|name| renamed.get(name)) {
                    Some(name) if key == "$ref" => *value = json!(format!("{SCHEMAS}{name}")),
                    _ => rewrite(value, renamed),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite(value, renamed)),
        _ => {}
    }
}

/// A list of values in place of a choice between constants, which most generators of clients cannot read. What is said
/// of each value moves into the description.
fn list_values(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let values: Vec<Value> = choices.iter().filter_map(|it| it.get("const").cloned()).collect();
    if values.len() != choices.len() || !values.iter().all(Value::is_string) {
        return;
    }
    let about = |choice: &Value| {
        let (value, text) = (choice["const"].as_str()?, choice["description"].as_str()?);
        Some(format!("- `{value}`: {text}"))
    };
    let lines: Vec<String> = choices.iter().filter_map(about).collect();
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let described = [description.to_owned(), lines.join("\n")].join("\n\n");
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), values.into());
    schema.insert("description".to_owned(), json!(described.trim()));
}

/// `OneService` of `one-service`.
fn capitalised(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect::<Vec<_>>()
        })
        .collect()
}

/// The same value with sorted keys, whether or not `serde_json` sorts them by itself.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let object: BTreeMap<_, _> =
                object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(object.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}
