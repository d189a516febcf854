//! HTTP: the endpoints of the protocol, and the pages that people see.

mod account;
mod account_texts;
mod acting;
pub(crate) mod administrators_only;
pub(crate) mod assets;
mod authorization_response;
pub(crate) mod authorize;
mod body;
mod browser;
pub(crate) mod client_credentials;
mod consent;
mod device;
mod discovery;
pub(crate) mod error_response;
mod fields;
mod form;
mod introspect;
mod logout;
mod page;
mod passkey;
mod presented_token;
mod proof;
mod pushed;
mod qr_code;
mod register;
pub(crate) mod respond;
mod revoke;
mod scopes;
mod second_step;
mod set_up;
mod sign_in;
mod sign_up;
mod signed_in;
mod texts;
pub(crate) mod token;
mod token_exchange;
mod userinfo;
mod verify;

use super::{scim, uaa};
use crate::provider::Provider;
use account::ACCOUNT_PATH;
use axum::{
    Router,
    response::Redirect,
    routing::{any, get, post},
};
use std::sync::Arc;
use web::ApiRouter;

/// Prefixes of the paths that lead to this service on a listener that it shares.
pub(crate) const PATHS: &[&str] = &["/auth", "/.well-known/oauth-authorization-server"];

/// Paths below which there is no page of their own, with the page that helps whoever comes there: the address of a form stands in the
/// browser once it was sent, so that people reload it, keep it and go back to it. The latter is below the issuer.
const FORM_PATHS: [(&str, &str); 9] = [
    ("/auth", ACCOUNT_PATH),
    ("/auth/", ACCOUNT_PATH),
    ("/auth/sign-in", ACCOUNT_PATH),
    ("/auth/passkey", ACCOUNT_PATH),
    ("/auth/second-step", ACCOUNT_PATH),
    ("/auth/consent", ACCOUNT_PATH),
    ("/auth/sign-out", "/logout"),
    ("/auth/sign-up/go-on", "/sign-up"),
    ("/auth/account/two-step/change", "/account/two-step"),
];

/// Routes. They are no operations of the shop's API: their descriptions are the RFCs and the metadata.
pub(crate) fn routes(provider: Arc<Provider>) -> ApiRouter {
    let router = Router::new()
        .route(
            "/auth/.well-known/openid-configuration",
            get(discovery::metadata).options(respond::preflight),
        )
        .route(
            "/.well-known/oauth-authorization-server/auth",
            get(discovery::metadata).options(respond::preflight),
        )
        .route("/auth/jwks", get(discovery::key_set).options(respond::preflight))
        .route("/auth/authorize", get(authorize::authorize).post(authorize::authorize))
        .route("/auth/sign-in", post(sign_in::submit))
        .route("/auth/consent", post(consent::submit))
        .route("/auth/token", post(token::exchange).options(respond::preflight))
        .route("/auth/par", post(pushed::push).options(respond::preflight))
        .route("/auth/register", post(register::register).options(respond::preflight))
        .route(
            "/auth/register/{id}",
            get(register::configuration)
                .put(register::update)
                .delete(register::remove)
                .options(respond::preflight),
        )
        .route(
            "/auth/device_authorization",
            post(device::authorization).options(respond::preflight),
        )
        .route("/auth/device", get(device::show).post(device::submit))
        .route("/auth/introspect", post(introspect::introspect))
        .route("/auth/revoke", post(revoke::revoke).options(respond::preflight))
        .route(
            "/auth/userinfo",
            get(userinfo::userinfo).post(userinfo::userinfo).options(respond::preflight),
        )
        .route("/auth/logout", get(logout::logout).post(logout::logout))
        .route("/auth/sign-out", post(logout::confirm))
        .route("/auth/set-up", get(set_up::show).post(set_up::submit))
        .route("/auth/assets/{file}", get(assets::asset))
        .merge(scim::routes(&provider))
        .merge(uaa::routes(&provider))
        .route("/auth/{*path}", any(page::not_found));
    let router = FORM_PATHS.iter().fold(router.merge(account_routes()), |router, (path, page)| {
        let page = provider.issuer.path(page);
        router.route(path, get(async move || Redirect::to(&page)))
    });
    ApiRouter::from(router.with_state(provider))
}

/// Pages on which people get an account, and look after it.
fn account_routes() -> Router<Arc<Provider>> {
    Router::new()
        .route("/auth/passkey", post(passkey::submit))
        .route(
            "/auth/account/passkeys",
            get(account::passkeys::show).post(account::passkeys::submit),
        )
        .route("/auth/second-step", post(second_step::submit))
        .route("/auth/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/auth/sign-up/go-on", post(sign_up::go_on))
        .route("/auth/forgot", get(sign_up::show_forgot).post(sign_up::submit_forgot))
        .route("/auth/verify", get(verify::show).post(verify::submit))
        .route("/auth/account", get(account::show))
        .route(
            "/auth/account/password",
            get(account::password::show).post(account::password::submit),
        )
        .route("/auth/account/email", get(account::email::show).post(account::email::submit))
        .route("/auth/confirm-email", get(account::email::show_link).post(account::email::confirm))
        .route(
            "/auth/account/consents",
            get(account::consents::show).post(account::consents::submit),
        )
        .route(
            "/auth/account/sessions",
            get(account::sessions::show).post(account::sessions::submit),
        )
        .route(
            "/auth/account/two-step",
            get(account::two_step::show).post(account::two_step::turn_on),
        )
        .route("/auth/account/two-step/change", post(account::two_step::change))
}
