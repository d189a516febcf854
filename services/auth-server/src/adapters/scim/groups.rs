//! Groups: the roles of those who run the shop. An account has one role at most, so that it leaves one group when it joins another.

use super::{
    error::{ScimError, ScimType, respond},
    patch::Patch,
    query::{ListQuery, Projection},
    resource::{VALUES_MAX, etag, expected_versions, member, read_resource, response, shown},
    users,
};
use crate::{
    domain::{Rejection, events::Role},
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, Uri};
use identifiers::AccountId;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, sync::Arc};

/// Schema of groups.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Lists groups.
pub(crate) async fn list(
    State(provider): State<Arc<Provider>>,
    uri: Uri,
) -> Result<Response, ScimError> {
    let query = ListQuery::of(&uri)?;
    Ok(respond(StatusCode::OK, &query.page(all(&provider).await?)))
}

/// All groups.
pub(in crate::adapters) async fn all(
    provider: &Provider,
) -> Result<Vec<Map<String, Value>>, ScimError> {
    let members = members(provider).await?;
    Ok(Role::ALL.into_iter().map(|role| of_role(provider, role, &members)).collect())
}

/// The group of this identifier.
pub(in crate::adapters) async fn one(
    provider: &Provider,
    id: &str,
) -> Result<Map<String, Value>, ScimError> {
    let role = found(id)?;
    Ok(of_role(provider, role, &members(provider).await?))
}

/// Adds an account to a group; it leaves the one in which it was.
pub(in crate::adapters) async fn joined(
    provider: &Provider,
    id: &str,
    member: &str,
) -> Result<(), ScimError> {
    let (role, account) = (found(id)?, users::member_id(member)?);
    let _turn = provider.group_changes.lock().await;
    Ok(provider.accounts.assign_role(account, Some(role)).await?)
}

/// Removes an account from a group; again is no change.
pub(in crate::adapters) async fn left(
    provider: &Provider,
    id: &str,
    member: &str,
) -> Result<(), ScimError> {
    let (role, account) = (found(id)?, users::member_id(member)?);
    let _turn = provider.group_changes.lock().await;
    Ok(provider.accounts.end_role(account, role).await?)
}

/// Shows a group.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ScimError> {
    let projection = Projection::of(&uri)?;
    let group = one(&provider, &id).await?;
    Ok(shown(&headers, group, |group| projection.applied(group)))
}

/// No group is created: those there are mean something to the shop.
pub(crate) async fn create() -> ScimError {
    fixed()
}

/// No group is deleted.
pub(crate) async fn delete(Path(id): Path<String>) -> ScimError {
    found(&id).map_or_else(|error| error, |_| fixed())
}

/// Replaces the members of a group.
pub(crate) async fn replace(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ScimError> {
    let role = found(&id)?;
    let wanted = read_resource(&headers, body, SCHEMA).await?;
    change(&provider, role, expected_versions(&headers), |_| Ok(wanted)).await
}

/// Changes the members of a group by a patch.
pub(crate) async fn patch(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ScimError> {
    let role = found(&id)?;
    let patch = Patch::read(&headers, body).await?;
    change(&provider, role, expected_versions(&headers), |group| patch.apply(group)).await
}

/// Changes the members of a group that is at one of the expected versions. What is written here is flushed together, once, before the answer
/// leaves: each account is a stream of its own, and no write waits.
async fn change(
    provider: &Provider,
    role: Role,
    expected: Option<Vec<u64>>,
    wanted: impl FnOnce(Map<String, Value>) -> Result<Map<String, Value>, ScimError>,
) -> Result<Response, ScimError> {
    let _turn = provider.group_changes.lock().await;
    let present = members(provider).await?;
    let is_expected = |versions: Vec<u64>| versions.contains(&version(role, &present));
    if !expected.is_none_or(is_expected) {
        return Err(Rejection::VersionChanged.into());
    }
    let wanted = wanted(of_role(provider, role, &present))?;
    if member(&wanted, "displayName").is_some_and(|name| name != role.name()) {
        return Err(ScimError::new(ScimType::Mutability, "a role keeps its name"));
    }
    let wanted = member_ids(&wanted)?;
    let has_role: BTreeSet<AccountId> =
        present.iter().filter(|(_, own, _)| *own == role).map(|(id, ..)| *id).collect();
    // All are looked at before any is changed.
    let mut members = Vec::new();
    for id in &wanted {
        let unknown =
            || ScimError::new(ScimType::InvalidValue, "a member is no account of this shop");
        let person = provider.accounts.person(*id).await?.ok_or_else(unknown)?;
        members.push((*id, role, person.email));
    }
    for id in wanted.difference(&has_role) {
        provider.accounts.assign_role(*id, Some(role)).await?;
    }
    for id in has_role.difference(&wanted) {
        provider.accounts.end_role(*id, role).await?;
    }
    Ok(response(StatusCode::OK, of_role(provider, role, &members)))
}

fn member_ids(group: &Map<String, Value>) -> Result<BTreeSet<AccountId>, ScimError> {
    let wrong = || ScimError::new(ScimType::InvalidValue, "the members cannot be read");
    let members = match member(group, "members") {
        None => return Ok(BTreeSet::new()),
        Some(Value::Array(members)) if members.len() <= VALUES_MAX => members,
        Some(_) => return Err(wrong()),
    };
    let id = |it: &Value| {
        let value =
            it.as_object().and_then(|it| member(it, "value")?.as_str()).ok_or_else(wrong)?;
        users::member_id(value)
    };
    members.iter().map(id).collect()
}

/// Accounts with a role, and their addresses.
async fn members(provider: &Provider) -> Result<Vec<(AccountId, Role, Option<String>)>, ScimError> {
    let accounts = provider.accounts.list().await?.into_iter();
    let members =
        accounts.filter_map(|(id, account, person)| Some((id, account.role?, person.email)));
    Ok(members.collect())
}

fn found(id: &str) -> Result<Role, ScimError> {
    Role::parse(id).ok_or(ScimError::not_found())
}

const fn fixed() -> ScimError {
    ScimError::of_status(
        StatusCode::NOT_IMPLEMENTED,
        "the groups are the roles of the shop: none is created or deleted",
    )
}

fn location(provider: &Provider, role: Role) -> String {
    provider.issuer.at(&["/scim/v2/Groups/", role.name()].concat())
}

/// Version of a group: a digest of its members, with their addresses.
fn version(role: Role, present: &[(AccountId, Role, Option<String>)]) -> u64 {
    let own = present.iter().filter(|(_, own, _)| *own == role);
    let members: BTreeSet<_> = own.map(|(id, _, email)| (*id, email.as_deref())).collect();
    let mut digest = Sha256::new();
    for (id, email) in members {
        digest.update(format!("{id} {}\n", email.unwrap_or_default()));
    }
    let digest: [u8; 32] = digest.finalize().into();
    u64::from_be_bytes(*digest.first_chunk().expect("a digest is longer"))
}

/// Reference to the group of a role, as a user has it.
pub(super) fn reference(provider: &Provider, role: Role) -> Value {
    let name = role.name();
    json!({"value": name, "display": name, "type": "direct", "$ref": location(provider, role)})
}

fn of_role(
    provider: &Provider,
    role: Role,
    present: &[(AccountId, Role, Option<String>)],
) -> Map<String, Value> {
    let members = present.iter().filter(|(_, own, _)| *own == role).map(|(id, _, email)| {
        let location = provider.issuer.at(&format!("/scim/v2/Users/{id}"));
        json!({"value": id.to_string(), "display": email, "type": "User", "$ref": location})
    });
    let group = json!({
        "schemas": [SCHEMA],
        "id": role.name(),
        "displayName": role.name(),
        "members": members.collect::<Vec<_>>(),
        "meta": {
            "resourceType": "Group",
            "location": location(provider, role),
            "version": etag(version(role, present)),
        },
    });
    match group {
        Value::Object(group) => group,
        _ => Map::new(),
    }
}
