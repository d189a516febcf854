//! Surface that is compatible with UAA (Cloud Foundry User Account and Authentication): the endpoints that its tools and client libraries
//! call most, for programs that are to move over as they are. New programs use the standard endpoints and SCIM.

mod check_token;
mod clients;
mod info;
mod users_and_groups;

use super::{
    http::{
        administrators_only::{self, AdministratorsOnly},
        authorize,
        error_response::ErrorResponse,
        respond, token,
    },
    scim,
};
use crate::provider::Provider;
use axum::{
    Router, middleware,
    routing::{delete, get, post},
};
use std::sync::Arc;

/// Scope with which a client may check the tokens of others.
pub(super) const RESOURCE_SCOPE: &str = "uaa.resource";
/// Scope with which clients can be read.
pub(super) const CLIENTS_READ_SCOPE: &str = "clients.read";
/// Scope with which clients can be changed.
pub(super) const CLIENTS_WRITE_SCOPE: &str = "clients.admin";
/// Scopes of which a client needs one to read clients.
pub(super) const CLIENTS_READ: &[&str] = &[CLIENTS_READ_SCOPE, CLIENTS_WRITE_SCOPE];
/// Scope that a client needs to change clients. It amounts to the administration of the shop: whoever registers a client chooses its
/// scopes, and whether people are asked. For the same reason no lesser scope will do, as it would in UAA.
pub(super) const CLIENTS_WRITE: &[&str] = &[CLIENTS_WRITE_SCOPE];

/// Routes.
pub(crate) fn routes(provider: &Arc<Provider>) -> Router<Arc<Provider>> {
    let guard = |read, write| AdministratorsOnly {
        provider: Arc::clone(provider),
        read,
        write,
        refusal: |status| ErrorResponse::access_denied(status).into_response(),
    };
    let (clients, users) = (guard(CLIENTS_READ, CLIENTS_WRITE), guard(scim::READ, scim::WRITE));
    let clients = Router::new()
        .route("/auth/oauth/clients", get(clients::list).post(clients::create))
        .route("/auth/oauth/clients/{id}", get(clients::show).delete(clients::delete))
        .route_layer(middleware::from_fn_with_state(clients, administrators_only::require));
    let users = Router::new()
        .route("/auth/Users", get(users_and_groups::list_users).post(users_and_groups::create_user))
        .route(
            "/auth/Users/{id}",
            get(users_and_groups::show_user)
                .put(users_and_groups::replace_user)
                .patch(users_and_groups::patch_user)
                .delete(users_and_groups::delete_user),
        )
        .route("/auth/Groups", get(users_and_groups::list_groups))
        .route("/auth/Groups/{id}", get(users_and_groups::show_group))
        .route(
            "/auth/Groups/{id}/members",
            get(users_and_groups::list_members).post(users_and_groups::add_member),
        )
        .route("/auth/Groups/{id}/members/{member}", delete(users_and_groups::remove_member))
        .route_layer(middleware::from_fn_with_state(users, administrators_only::require));
    clients
        .merge(users)
        .route("/auth/oauth/token", post(token::exchange).options(respond::preflight))
        .route("/auth/oauth/authorize", get(authorize::authorize).post(authorize::authorize))
        .route("/auth/check_token", post(check_token::check_token))
        .route("/auth/token_key", get(info::token_key))
        .route("/auth/token_keys", get(info::token_keys))
        .route("/auth/info", get(info::info))
}
