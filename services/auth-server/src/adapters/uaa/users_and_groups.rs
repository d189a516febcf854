//! Users and groups as UAA describes them (SCIM 1.1), on top of SCIM 2. Users are changed at a version that the client has seen; groups have
//! none, so that their members are added and removed one by one.

use crate::{
    adapters::{
        http::{error_response::ErrorResponse, respond},
        scim::{
            error::{ScimError, ScimType},
            groups,
            query::{ListQuery, Projection},
            resource::{expected_versions, member, read},
            users,
        },
    },
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const SCHEMA: &str = "urn:scim:schemas:core:1.0";
/// Name of the one identity zone, and of the one source of accounts.
const ZONE: &str = "uaa";

/// Lists users.
pub(crate) async fn list_users(State(provider): State<Arc<Provider>>, uri: Uri) -> Response {
    let page = async {
        let query = ListQuery::of(&uri)?;
        Ok(query.page(users::all(&provider, &query).await?))
    };
    answer(StatusCode::OK, page.await.map(|page| page_of(page, user)))
}

/// Shows a user.
pub(crate) async fn show_user(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let shown = async {
        let projection = Projection::of(&uri)?;
        Ok(projection.applied(users::found(&provider, &id).await?))
    };
    answer(StatusCode::OK, shown.await.map(user))
}

/// Creates a user.
pub(crate) async fn create_user(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let created = async { users::created(&provider, &object(&headers, body).await?).await };
    answer(StatusCode::CREATED, created.await.map(user))
}

/// Replaces a user: what can be changed is changed, and the rest is ignored.
pub(crate) async fn replace_user(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    changed(&provider, &id, &headers, body, |_, wanted| wanted).await
}

/// Changes the attributes of a user that the body has.
pub(crate) async fn patch_user(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let merged = |mut user: UserAttributes, wanted: UserAttributes| {
        // Their capital letters make no difference.
        user.retain(|name, _| member(&wanted, name).is_none());
        user.extend(wanted);
        user
    };
    changed(&provider, &id, &headers, body, merged).await
}

/// Attributes of a user as they are sent, by name.
type UserAttributes = Map<String, Value>;

/// Changes a user to what follows from the present one and the body, at the version that the request names.
async fn changed(
    provider: &Provider,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    change: fn(UserAttributes, UserAttributes) -> UserAttributes,
) -> Response {
    let changed = async {
        let (expected, wanted) = (seen_versions(headers)?, object(headers, body).await?);
        users::changed(provider, id, expected.as_deref(), |user| Ok(change(user, wanted))).await
    };
    answer(StatusCode::OK, changed.await.map(user))
}

/// Deletes a user, and shows it for the last time.
pub(crate) async fn delete_user(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let deleted = async {
        let expected = seen_versions(&headers)?;
        let deleted = users::found(&provider, &id).await?;
        users::deleted(&provider, &id, expected.as_deref()).await?;
        Ok(deleted)
    };
    answer(StatusCode::OK, deleted.await.map(user))
}

/// Lists groups.
pub(crate) async fn list_groups(State(provider): State<Arc<Provider>>, uri: Uri) -> Response {
    let page = async { Ok(ListQuery::of(&uri)?.page(groups::all(&provider).await?)) };
    answer(StatusCode::OK, page.await.map(|page| page_of(page, group)))
}

/// Shows a group.
pub(crate) async fn show_group(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Response {
    answer(StatusCode::OK, groups::one(&provider, &id).await.map(group))
}

/// Lists the members of a group.
pub(crate) async fn list_members(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Response {
    let group = groups::one(&provider, &id).await.map(group);
    answer(StatusCode::OK, group.map(|mut group| group["members"].take()))
}

/// Adds an account to a group. It leaves the one in which it was.
pub(crate) async fn add_member(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let added = async {
        let wanted = object(&headers, body).await?;
        let missing = || ScimError::new(ScimType::InvalidValue, "the member has no value");
        let member = member(&wanted, "value").and_then(Value::as_str).ok_or_else(missing)?;
        groups::joined(&provider, &id, member).await?;
        Ok(group_member(member))
    };
    answer(StatusCode::CREATED, added.await)
}

/// Removes an account from a group; again is no change.
pub(crate) async fn remove_member(
    State(provider): State<Arc<Provider>>,
    Path((id, member)): Path<(String, String)>,
) -> Response {
    let left = groups::left(&provider, &id, &member).await;
    answer(StatusCode::OK, left.map(|()| group_member(&member)))
}

async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, ScimError> {
    match read(headers, body).await? {
        Value::Object(object) => Ok(object),
        _ => Err(ScimError::new(ScimType::InvalidSyntax, "the body is no object")),
    }
}

/// Versions in `If-Match`, which a change needs: a number without quotes, or `*`.
fn seen_versions(headers: &HeaderMap) -> Result<Option<Vec<u64>>, ScimError> {
    let missing = || ScimError::of_status(StatusCode::BAD_REQUEST, "If-Match is missing");
    let text = headers.get(header::IF_MATCH).ok_or_else(missing)?.to_str().unwrap_or_default();
    match text.trim().parse() {
        Ok(version) => Ok(Some(vec![version])),
        Err(_) => Ok(expected_versions(headers)),
    }
}

fn page_of(page: Value, described: fn(Map<String, Value>) -> Value) -> Value {
    let Value::Object(mut page) = page else { return page };
    let resources = match page.remove("Resources") {
        Some(Value::Array(resources)) => resources,
        _ => Vec::new(),
    };
    let resources = resources.into_iter().map(|resource| match resource {
        Value::Object(resource) => described(resource),
        other => other,
    });
    page.insert("resources".to_owned(), resources.collect());
    page.insert("schemas".to_owned(), json!([SCHEMA]));
    Value::Object(page)
}

/// User in the words of UAA.
fn user(mut user: Map<String, Value>) -> Value {
    for group in user.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
        *group = json!({"value": group["value"], "display": group["display"], "type": "DIRECT"});
    }
    user.insert("origin".to_owned(), ZONE.into());
    described(user)
}

/// Group in the words of UAA.
fn group(mut group: Map<String, Value>) -> Value {
    for member in group.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
        *member = group_member(member["value"].as_str().unwrap_or_default());
    }
    // Here a version is a small number, and nothing about groups depends on it.
    if let Some(Value::Object(meta)) = group.get_mut("meta") {
        meta.remove("version");
    }
    described(group)
}

fn group_member(id: &str) -> Value {
    json!({"value": id, "type": "USER", "origin": ZONE})
}

/// Resource with the schema, the zone, and a version that is a number.
fn described(mut resource: Map<String, Value>) -> Value {
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        let tag = meta.get("version").and_then(Value::as_str).unwrap_or_default();
        let version = tag.trim_start_matches("W/").trim_matches('"').parse::<u64>().unwrap_or(0);
        meta.insert("version".to_owned(), version.into());
        meta.retain(|name, _| name != "resourceType" && name != "location");
    }
    resource.insert("schemas".to_owned(), json!([SCHEMA]));
    resource.insert("zoneId".to_owned(), ZONE.into());
    Value::Object(resource)
}

fn answer(status: StatusCode, answer: Result<Value, ScimError>) -> Response {
    match answer {
        Ok(value) => respond::private_json(status, &value),
        Err(error) => refused(&error).into_response(),
    }
}

/// Error in the words of UAA.
fn refused(error: &ScimError) -> ErrorResponse {
    let word = match error.status() {
        StatusCode::SERVICE_UNAVAILABLE => return ErrorResponse::unavailable(),
        StatusCode::NOT_FOUND => "scim_resource_not_found",
        StatusCode::CONFLICT => "scim_resource_already_exists",
        StatusCode::BAD_REQUEST => "invalid_scim_resource",
        _ => "scim",
    };
    ErrorResponse::described(word, error.detail().to_owned()).with_status(error.status())
}
