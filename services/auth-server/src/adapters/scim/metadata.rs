//! What the interface can do, and what its resources look like (RFC 7643, sections 5 to 7).

use super::{
    error::{ScimError, respond},
    groups,
    query::COUNT_MAX,
    users,
};
use crate::provider::Provider;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is supported.
pub(crate) async fn service_provider_config(State(provider): State<Arc<Provider>>) -> Response {
    let no = json!({"supported": false});
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": COUNT_MAX},
        "changePassword": {"supported": true},
        "sort": no,
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "An access token of a client with the scope scim.read or scim.write, or of an administrator",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": meta(&provider, "ServiceProviderConfig", "/ServiceProviderConfig"),
    });
    respond(StatusCode::OK, &config)
}

/// Types of resources.
pub(crate) async fn resource_types(State(provider): State<Arc<Provider>>) -> Response {
    respond(StatusCode::OK, &list(&types(&provider)))
}

/// A type of resource.
pub(crate) async fn resource_type(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Result<Response, ScimError> {
    one(&types(&provider), &id)
}

/// Schemas of the resources.
pub(crate) async fn schemas(State(provider): State<Arc<Provider>>) -> Response {
    respond(StatusCode::OK, &list(&all_schemas(&provider)))
}

/// A schema.
pub(crate) async fn schema(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Result<Response, ScimError> {
    one(&all_schemas(&provider), &id)
}

fn one(resources: &[Value], id: &str) -> Result<Response, ScimError> {
    let resource = resources.iter().find(|it| it["id"] == id).ok_or(ScimError::not_found())?;
    Ok(respond(StatusCode::OK, resource))
}

fn list(resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn meta(provider: &Provider, resource_type: &str, path: &str) -> Value {
    let location = provider.issuer.at(&["/scim/v2", path].concat());
    json!({"resourceType": resource_type, "location": location})
}

fn types(provider: &Provider) -> Vec<Value> {
    let of = |name: &str, endpoint: &str, description: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "description": description,
            "schema": schema,
            "schemaExtensions": [],
            "meta": meta(provider, "ResourceType", &["/ResourceTypes/", name].concat()),
        })
    };
    vec![
        of("User", "/Users", "Account of a person", users::SCHEMA),
        of("Group", "/Groups", "Role of those who run the shop", groups::SCHEMA),
    ]
}

/// Attribute of a schema: name, type, description, mutability, and what is different about it.
fn attribute(name: &str, kind: &str, description: &str, mutability: &str, more: &Value) -> Value {
    let mut attribute = json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "description": description,
        "required": false,
        "caseExact": false,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": "none",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        attribute[name] = value.clone();
    }
    attribute
}

fn reference(name: &str, description: &str, mutability: &str, types: &[&str]) -> Value {
    let more = json!({"referenceTypes": types, "caseExact": true});
    attribute(name, "reference", description, mutability, &more)
}

/// Identifier of the other resource in a reference.
fn value(description: &str, mutability: &str) -> Value {
    attribute("value", "string", description, mutability, &json!({"caseExact": true}))
}

/// Kind of the other resource in a reference.
fn kind(mutability: &str, values: &[&str]) -> Value {
    attribute("type", "string", "What it is", mutability, &json!({"canonicalValues": values}))
}

fn several(parts: &Value) -> Value {
    json!({"multiValued": true, "subAttributes": parts})
}

fn user_attributes() -> Vec<Value> {
    let plain = json!({});
    let emails = json!([
        attribute("value", "string", "Address", "readOnly", &plain),
        attribute("primary", "boolean", "Whether it is the first one", "readOnly", &plain),
    ]);
    let groups = json!([
        value("Identifier of the group", "readOnly"),
        attribute("display", "string", "Name of the group", "readOnly", &plain),
        kind("readOnly", &["direct"]),
        reference("$ref", "Address of the group", "readOnly", &["Group"]),
    ]);
    let name = json!({"required": true, "uniqueness": "server"});
    let secret = json!({"returned": "never", "caseExact": true});
    let role = "Role of somebody who runs the shop";
    vec![
        attribute("userName", "string", "E-mail address", "immutable", &name),
        attribute("active", "boolean", "Whether the person may sign in", "readWrite", &plain),
        attribute("password", "string", "Password", "writeOnly", &secret),
        attribute("emails", "complex", "The userName", "readOnly", &several(&emails)),
        attribute("groups", "complex", role, "readOnly", &several(&groups)),
    ]
}

fn group_attributes() -> Vec<Value> {
    let members = json!([
        value("Identifier of the user", "immutable"),
        attribute("display", "string", "E-mail address of the user", "readOnly", &json!({})),
        kind("immutable", &["User"]),
        reference("$ref", "Address of the user", "immutable", &["User"]),
    ]);
    let name = json!({"required": true, "uniqueness": "server"});
    let accounts = "Accounts with the role";
    vec![
        attribute("displayName", "string", "Name of the role", "immutable", &name),
        attribute("members", "complex", accounts, "readWrite", &several(&members)),
    ]
}

fn all_schemas(provider: &Provider) -> Vec<Value> {
    let of = |id: &str, name: &str, description: &str, attributes: &[Value]| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": meta(provider, "Schema", &["/Schemas/", id].concat()),
        })
    };
    vec![
        of(users::SCHEMA, "User", "Account of a person", &user_attributes()),
        of(groups::SCHEMA, "Group", "Role of those who run the shop", &group_attributes()),
    ]
}
