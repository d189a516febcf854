//! SCIM 2.0 (RFC 7643, 7644): accounts and roles for programs that manage people, such as a directory that creates and disables accounts.

pub(super) mod error;
pub(crate) mod filter;
pub(super) mod groups;
mod metadata;
pub(crate) mod patch;
pub(super) mod query;
pub(super) mod resource;
pub(super) mod users;

use super::http::administrators_only::{self, AdministratorsOnly};
use crate::provider::Provider;
use axum::{
    Router, middleware,
    response::IntoResponse,
    routing::{any, get},
};
use error::ScimError;
use http::StatusCode;
use std::sync::Arc;

/// Scope with which accounts can be read.
pub(super) const READ_SCOPE: &str = "scim.read";
/// Scope with which they can be changed.
pub(super) const WRITE_SCOPE: &str = "scim.write";
/// Scopes of which a client needs one to read.
pub(super) const READ: &[&str] = &[READ_SCOPE, WRITE_SCOPE];
/// Scope that a client needs to change anything.
pub(super) const WRITE: &[&str] = &[WRITE_SCOPE];

/// Routes.
pub(crate) fn routes(provider: &Arc<Provider>) -> Router<Arc<Provider>> {
    let guard = AdministratorsOnly {
        provider: Arc::clone(provider),
        read: READ,
        write: WRITE,
        refusal: |status| {
            ScimError::of_status(status, "a token of an administrator is needed").into_response()
        },
    };
    Router::new()
        .route("/auth/scim/v2/Users", get(users::list).post(users::create))
        .route(
            "/auth/scim/v2/Users/{id}",
            get(users::show).put(users::replace).patch(users::patch).delete(users::delete),
        )
        .route("/auth/scim/v2/Groups", get(groups::list).post(groups::create))
        .route(
            "/auth/scim/v2/Groups/{id}",
            get(groups::show).put(groups::replace).patch(groups::patch).delete(groups::delete),
        )
        .route("/auth/scim/v2/ServiceProviderConfig", get(metadata::service_provider_config))
        .route("/auth/scim/v2/ResourceTypes", get(metadata::resource_types))
        .route("/auth/scim/v2/ResourceTypes/{id}", get(metadata::resource_type))
        .route("/auth/scim/v2/Schemas", get(metadata::schemas))
        .route("/auth/scim/v2/Schemas/{id}", get(metadata::schema))
        .route("/auth/scim/v2/Bulk", axum::routing::post(not_implemented))
        .route("/auth/scim/v2/Me", any(not_implemented))
        .route("/auth/scim/v2", any(not_found))
        .route("/auth/scim/v2/{*path}", any(not_found))
        .route_layer(middleware::from_fn_with_state(guard, administrators_only::require))
}

async fn not_found() -> ScimError {
    ScimError::not_found()
}

async fn not_implemented() -> ScimError {
    ScimError::of_status(StatusCode::NOT_IMPLEMENTED, "this is not supported")
}
