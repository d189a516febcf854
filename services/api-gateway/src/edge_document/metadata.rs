//! Metadata of an edge's OpenAPI document: what it is, where it is served, who may call it, what its groups mean, and how
//! requests are refused.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use transport::Edge;

/// Header of the idempotency key.
const KEY: &str = "Idempotency-Key";

/// Tag of an operation, with what it groups.
struct Tag {
    name: &'static str,
    description: &'static str,
}

const TAGS: &[Tag] = &[
    Tag { name: "Accounts", description: "Who a customer with an account is." },
    Tag {
        name: "Addresses",
        description: "What customers with an account stored to be filled in.",
    },
    Tag { name: "Audit", description: "Audit trail: who did what, and when." },
    Tag { name: "Carts", description: "What a shopper intends to buy, with current prices." },
    Tag { name: "Delivery", description: "Countries and shipping methods." },
    Tag { name: "Feeds", description: "Messages between services that were set aside." },
    Tag { name: "Media", description: "Pictures of products." },
    Tag { name: "Notifications", description: "Mails to customers about their orders." },
    Tag { name: "Orders", description: "What was bought, from checkout to refund." },
    Tag { name: "Payments", description: "The money side of orders." },
    Tag { name: "Product administration", description: "Changes of the catalogue." },
    Tag { name: "Products", description: "The catalogue, as shoppers see it." },
    Tag { name: "Sagas", description: "Long-running operations across services." },
    Tag { name: "Shop", description: "Facts about the shop itself." },
    Tag { name: "Stock", description: "Units of each SKU, and how they came and went." },
    Tag { name: "Wish lists", description: "What customers with an account remember." },
];

/// Title of the document of an edge.
pub(super) fn title(edge: Edge) -> &'static str {
    match edge {
        Edge::Shop => "iCommerce: the shop",
        Edge::Operator => "iCommerce: for operators",
        Edge::Internal => "iCommerce: nothing is reached from outside here",
    }
}

/// Adds the metadata to a document that has the operations of `edge`.
pub(super) fn describe(edge: Edge, document: &mut Value) {
    let used = tags(document);
    let defined = TAGS.iter().filter(|tag| used.contains(tag.name));
    let tags = defined.map(|tag| json!({ "name": tag.name, "description": tag.description }));
    document["tags"] = tags.collect();
    document["servers"] =
        json!([{ "url": "/", "description": "The edge that serves this document" }]);
    document["info"]["description"] = description(edge).into();
    document["info"]["contact"] = json!({ "name": "The operator of this shop" });
    document["info"]["license"] = json!({ "name": "Apache 2.0", "identifier": "Apache-2.0" });
    each_operation(document, |_, method, operation| {
        document_content(operation);
        document_refusals(operation);
        if method == "post" {
            document_key(operation);
        }
    });
}

fn description(edge: Edge) -> &'static str {
    match edge {
        Edge::Shop => {
            "What a shopper may do: browse, fill a cart, pay, follow an order. Amounts are in minor units with their \
             currency. A request with an `Idempotency-Key` can be sent again: it has one effect and one answer."
        }
        Edge::Operator | Edge::Internal => {
            "What the people who run the shop may do: products, stock, orders, refunds, the audit trail. Amounts are in \
             minor units with their currency. A request with an `Idempotency-Key` can be sent again: it has one effect \
             and one answer."
        }
    }
}

/// Documents the success of an operation whose handler answers with content of its own kind, such as a picture.
fn document_content(operation: &mut Map<String, Value>) {
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Value::Object(responses) = responses else { return };
    if !responses.keys().any(|status| status.starts_with('2')) {
        responses.insert("200".to_owned(), json!({ "description": "The content" }));
    }
}

/// Documents that any operation can be refused, by its service or already by the gateway, with a problem.
fn document_refusals(operation: &mut Map<String, Value>) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
    responses.remove("default");
    for (status, description) in
        [("4XX", "The request was refused"), ("5XX", "The request could not be served")]
    {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let content = json!({ "application/problem+json": { "schema": schema } });
        responses
            .insert(status.to_owned(), json!({ "description": description, "content": content }));
    }
}

/// Names of the tags that operations have.
fn tags(document: &mut Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_operation(document, |_, _, operation| {
        let tags = operation.get("tags").and_then(Value::as_array).into_iter().flatten();
        names.extend(tags.filter_map(Value::as_str).map(ToOwned::to_owned));
    });
    names
}

/// Documents the idempotency key, which every POST may have.
fn document_key(operation: &mut Map<String, Value>) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Value::Array(parameters) = parameters else { return };
    if parameters.iter().any(|parameter| parameter["name"] == KEY) {
        return;
    }
    parameters.push(json!({
        "name": KEY,
        "in": "header",
        "description": "Name of this request, chosen by the client: sent again, it has one effect and one answer.",
        "schema": { "type": "string", "minLength": 1, "maxLength": web::KEY_BYTES_MAX },
    }));
}

/// Visits each operation with its path and its method.
pub(super) fn each_operation(
    document: &mut Value,
    mut visit: impl FnMut(&str, &str, &mut Map<String, Value>),
) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Value::Object(operation) = operation {
                visit(path, method, operation);
            }
        }
    }
}
