//! Security of the operations in an edge's OpenAPI document: what the table of routes asks for, word by word.

use super::metadata::each_operation;
use crate::{access::Access, routes};
use serde_json::{Value, json};
use transport::Edge;

/// Name of the security scheme.
const SCHEME: &str = "token";
/// Extension with the roles of which one is enough. `security` can name them since OpenAPI 3.1, but linters take any word there for a
/// scope of OAuth.
const ROLES: &str = "x-roles";
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
        operation.insert("security".to_owned(), json!([{ SCHEME: [] }]));
        operation.insert(ROLES.to_owned(), json!(access.roles()));
        operation.insert(SCOPE.to_owned(), scope.into());
    });
    if edge == Edge::Operator {
        document["components"]["securitySchemes"][SCHEME] = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Access token of the shop's own issuer, or of one that it trusts, of somebody with one of the roles \
                of an operation's `x-roles`, and with the scope of its `x-scope`. A demonstration on this machine asks for none.",
        });
    }
}
