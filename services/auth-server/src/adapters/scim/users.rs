//! Users: the accounts of the shop, by their e-mail addresses.

use super::{
    error::{ScimError, ScimType},
    groups,
    patch::Patch,
    query::{ListQuery, Projection},
    resource::{boolean, etag, expected_versions, member, read_resource, response, shown, text},
};
use crate::{
    application::accounts::{new_password::Password, person_records::Person},
    domain::{Rejection, account::Account},
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, Uri};
use identifiers::{AccountId, Email};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Schema of users.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Lists users.
pub(crate) async fn list(
    State(provider): State<Arc<Provider>>,
    uri: Uri,
) -> Result<Response, ScimError> {
    let query = ListQuery::of(&uri)?;
    let users = all(&provider, &query).await?;
    Ok(super::error::respond(StatusCode::OK, &query.page(users)))
}

/// The users that a query is about, and perhaps others.
pub(in crate::adapters) async fn all(
    provider: &Provider,
    query: &ListQuery,
) -> Result<Vec<Map<String, Value>>, ScimError> {
    let mut users = Vec::new();
    if let Some(name) = query.equal_to("username") {
        // What a directory asks before it creates an account: without a look at all of them.
        if let Ok(email) = Email::parse(name)
            && let Some(id) = provider.accounts.reached_at(&email).await?
            && let Some(user) = find(provider, id).await?
        {
            users.push(user);
        }
    } else {
        for (id, account, person) in provider.accounts.list().await? {
            users.push(of_account(provider, id, &account, &person));
        }
    }
    Ok(users)
}

/// Shows a user.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ScimError> {
    let projection = Projection::of(&uri)?;
    let user = found(&provider, &id).await?;
    Ok(shown(&headers, user, |user| projection.applied(user)))
}

/// Creates a user. Without a password nobody can sign in until one is set by a link.
pub(crate) async fn create(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ScimError> {
    let user = read_resource(&headers, body, SCHEMA).await?;
    Ok(response(StatusCode::CREATED, created(&provider, &user).await?))
}

/// The user that was created from a resource.
pub(in crate::adapters) async fn created(
    provider: &Provider,
    user: &Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    let email = name(user)?;
    check_emails(user, &email)?;
    let password = password(provider, user, &email).await?;
    let is_active = boolean(user, "active")?.unwrap_or(true);
    let id = provider.accounts.add(&email, None, password.as_ref(), is_active).await?;
    find(provider, id).await?.ok_or(ScimError::not_found())
}

/// Replaces a user: what can be changed is changed, and what only the server changes is ignored.
pub(crate) async fn replace(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ScimError> {
    let wanted = read_resource(&headers, body, SCHEMA).await?;
    let expected = expected_versions(&headers);
    let user = changed(&provider, &id, expected.as_deref(), |_| Ok(wanted)).await?;
    Ok(response(StatusCode::OK, user))
}

/// Changes a user by a patch.
pub(crate) async fn patch(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ScimError> {
    let patch = Patch::read(&headers, body).await?;
    let expected = expected_versions(&headers);
    let user = changed(&provider, &id, expected.as_deref(), |user| patch.apply(user)).await?;
    Ok(response(StatusCode::OK, user))
}

/// Deletes a user: the account, what is known of the person, and everything that was granted.
pub(crate) async fn delete(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ScimError> {
    deleted(&provider, &id, expected_versions(&headers).as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a user that is at one of the expected versions.
pub(in crate::adapters) async fn deleted(
    provider: &Provider,
    id: &str,
    expected: Option<&[u64]>,
) -> Result<(), ScimError> {
    let id: AccountId = id.parse().map_err(|_| ScimError::not_found())?;
    let account = provider.accounts.load(id).await?.ok_or(ScimError::not_found())?;
    account.check_version(expected)?;
    // While there is a list of them.
    provider.session_list.end_all(id).await?;
    Ok(provider.accounts.delete(id, expected).await?)
}

/// A user at one of the expected versions, after it was changed into what is wanted of it.
pub(in crate::adapters) async fn changed(
    provider: &Provider,
    id: &str,
    expected: Option<&[u64]>,
    wanted: impl FnOnce(Map<String, Value>) -> Result<Map<String, Value>, ScimError>,
) -> Result<Map<String, Value>, ScimError> {
    let id: AccountId = id.parse().map_err(|_| ScimError::not_found())?;
    let (account, person) = provider.accounts.read(id).await?.ok_or(ScimError::not_found())?;
    account.check_version(expected)?;
    let user = of_account(provider, id, &account, &person);
    let wanted = wanted(user.clone())?;
    let email = name(&wanted)?;
    if text(&user, "userName")?.map(str::to_lowercase) != Some(email.as_str().to_lowercase()) {
        let refused =
            "the address of an account is changed by its person, who shows that it is read";
        return Err(ScimError::new(ScimType::Mutability, refused));
    }
    check_emails(&wanted, &email)?;
    let is_active = boolean(&wanted, "active")?;
    let password = password(provider, &wanted, &email).await?;
    provider.accounts.update(id, expected, is_active, password.as_ref()).await?;
    if password.is_some() || is_active == Some(false) {
        provider.session_list.end_all(id).await?;
    }
    find(provider, id).await?.ok_or(ScimError::not_found())
}

/// The user of this identifier.
pub(in crate::adapters) async fn found(
    provider: &Provider,
    id: &str,
) -> Result<Map<String, Value>, ScimError> {
    let id = id.parse().map_err(|_| ScimError::not_found())?;
    find(provider, id).await?.ok_or(ScimError::not_found())
}

async fn find(provider: &Provider, id: AccountId) -> Result<Option<Map<String, Value>>, ScimError> {
    let read = provider.accounts.read(id).await?;
    Ok(read.map(|(account, person)| of_account(provider, id, &account, &person)))
}

/// User of an account. One without an address yet goes by its identifier.
fn of_account(
    provider: &Provider,
    id: AccountId,
    account: &Account,
    person: &Person,
) -> Map<String, Value> {
    let id = id.to_string();
    let mut user = json!({
        "schemas": [SCHEMA],
        "id": id,
        "userName": person.email.as_deref().unwrap_or(&id),
        "active": account.is_enabled,
        "meta": {
            "resourceType": "User",
            "created": account.created_at,
            "version": etag(account.version),
            "location": provider.issuer.at(&["/scim/v2/Users/", &id].concat()),
        },
    });
    if let Some(email) = &person.email {
        user["emails"] = json!([{"value": email, "primary": true}]);
    }
    if let Some(role) = account.role {
        user["groups"] = json!([groups::reference(provider, role)]);
    }
    match user {
        Value::Object(user) => user,
        _ => Map::new(),
    }
}

/// Address of a user, which is the name.
fn name(user: &Map<String, Value>) -> Result<Email, ScimError> {
    let wrong = |detail: &'static str| ScimError::new(ScimType::InvalidValue, detail);
    let name = text(user, "userName")?.ok_or_else(|| wrong("the userName is missing"))?;
    Email::parse(name).map_err(|_| wrong("the userName is no e-mail address"))
}

/// The e-mail addresses must not contradict the name.
fn check_emails(user: &Map<String, Value>, email: &Email) -> Result<(), ScimError> {
    let emails = member(user, "emails").and_then(Value::as_array).into_iter().flatten();
    let mut values = emails.filter_map(|it| member(it.as_object()?, "value")?.as_str());
    if values.all(|value| value.eq_ignore_ascii_case(email.as_str())) {
        return Ok(());
    }
    let expected = "an account has one e-mail address, which is its userName";
    Err(ScimError::new(ScimType::InvalidValue, expected))
}

async fn password(
    provider: &Provider,
    user: &Map<String, Value>,
    email: &Email,
) -> Result<Option<Password>, ScimError> {
    let Some(password) = text(user, "password")? else { return Ok(None) };
    let chosen = provider.password_policy.choose(password, email.as_str(), false).await?;
    let refused = "the password is too short, too long, easy to guess, or known to others";
    chosen.map(Some).map_err(|_| ScimError::new(ScimType::InvalidValue, refused))
}

/// Account of a member of a group.
pub(super) fn member_id(value: &str) -> Result<AccountId, ScimError> {
    let unknown = Rejection::UnknownAccount.to_string();
    value.parse().map_err(|_| ScimError::new(ScimType::InvalidValue, unknown))
}
