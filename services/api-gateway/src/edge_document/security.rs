//! Security of the operations in an edge's OpenAPI document: what the table of routes asks for, word by word.

use super::metadata::each_operation;
use crate::{access::Access, routes};
use serde_json::{Value, json};
use transport::Edge;

/// Name of the security scheme.
const SCHEME: &str = "token";
/// Extension with the scope that a token needs.
const SCOPE: &str = "x-scope";

/// Adds the security scheme and what each operation asks for: the roles of which one is enough, and the scope.
pub(super) fn describe(edge: Edge, document: &mut Value) {
    each_operation(document, |path, method, operation| {
        let Some(access) = routes::access(edge, method, path) else { return };
        let Access::Operators { scope, .. } = access else {
            operation.insert("security".to_owned(), json!([]));
            return;
        };
        operation.insert("security".to_owned(), json!([{ SCHEME: access.roles() }]));
        operation.insert(SCOPE.to_owned(), scope.into());
    });
    if edge == Edge::Operator {
        document["components"]["securitySchemes"][SCHEME] = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Access token of the shop's own issuer, or of one that it trusts, of somebody with one of the roles \
                that an operation names, and with the scope of its `x-scope`. A demonstration on this machine asks for none.",
        });
    }
}
