//! The auth server: accounts, sign-in, and tokens, as an OAuth 2 and OpenID Connect provider.

mod adapters;
mod administration;
mod application;
mod domain;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod own_listener;
mod provider;

pub use administration::{
    AccountSession, Administration, AdministrationError, ListedAccount, ListedClient,
    ListedConsent, NewClient,
};
pub use application::{
    clients::policy_request::PolicyRequest, clients::registration_request::RegistrationRequest,
};
pub use own_listener::at_own_listener;

use adapters::{
    api,
    contract::{AccountAdministrationProvider, TokenIssuerProvider},
    feed::translate,
    http,
    journal::json,
    maintenance::maintenance,
    persons::PeopleProvider,
    settings::AuthSettings,
};
use application::{
    cleanup::Cleanup,
    grants,
    keys::rotation::KeyRotation,
    sessions::{list, logout_delivery::LogoutDelivery, logout_notices},
    sign_in::passkeys::record,
};
use contracts::auth::{People, TokenIssuer, administration::AccountAdministration};
use domain::events::Role;
use provider::Provider;
use runtime::{BuildContext, BuildError, BuiltService, Module, RouteMatch};
use settings::Section;
use std::sync::Arc;

const NAME: &str = "auth-server";

/// Names of the roles of those who run the shop.
pub fn role_names() -> [&'static str; Role::ALL.len()] {
    Role::ALL.map(Role::name)
}

/// Whether an address can be the issuer: `https`, or `http` on a loopback address, with the path of the provider at the shop edge or without
/// any, which takes a listener of its own.
pub fn is_issuer(address: &str) -> bool {
    application::issuer::Issuer::parse(address).is_some()
}

/// The auth server.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "accounts, sign-in, and tokens: an OpenID Connect provider",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(Section::of::<AuthSettings>(NAME)),
    events: Some(json),
    plaintext: None,
    collections: &[
        &grants::GRANTS,
        &list::SESSIONS,
        &logout_notices::NOTICES,
        &logout_notices::PARTICIPANTS,
        &record::PASSKEYS,
    ],
    projected: &[],
    maintenance: |_| Ok(maintenance()),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: AuthSettings = context.settings()?;
    context.provide_feed(translate)?;
    let provider = Provider::open(&settings, &context.storage, &context.ids).await?;
    let cleanup = Cleanup {
        grants: Arc::clone(&provider.grants),
        sessions: Arc::clone(&provider.session_list),
        sign_in_log: Arc::clone(&provider.sessions.log),
        unused_clients: Arc::clone(&provider.unused_clients),
        values: Arc::clone(&context.storage.key_value),
        losable: context.storage.losable.clone(),
        ids: context.ids.clone(),
    };
    context.tasks.spawn_until_shutdown(cleanup.run());
    let delivery = Arc::new(LogoutDelivery {
        notices: Arc::clone(&provider.notices),
        clients: Arc::clone(&provider.clients),
        tokens: Arc::clone(&provider.tokens),
        fetcher: provider.fetcher.clone(),
        ids: context.ids.clone(),
    });
    context.tasks.spawn_until_shutdown(delivery.run());
    context.tasks.spawn_until_shutdown(Arc::clone(&provider.mails).run());
    if let Some(age) = settings.key_rotation() {
        let rotation = KeyRotation {
            key_store: Arc::clone(&provider.key_store),
            keyring: Arc::clone(&provider.keyring),
            ids: context.ids.clone(),
            age,
        };
        context.tasks.spawn_until_shutdown(rotation.run());
    }
    // OAuth has no idempotency keys: a code is redeemed once, and a refresh within its grace period is repeatable.
    let parts = web::ServiceParts { idempotency: None, ..context.service_parts() };
    context.provide::<dyn TokenIssuer>(Arc::new(TokenIssuerProvider(Arc::clone(&provider))))?;
    let administration = AccountAdministrationProvider(Administration::of(Arc::clone(&provider)));
    context.provide::<dyn AccountAdministration>(Arc::new(administration))?;
    context.provide::<dyn People>(Arc::new(PeopleProvider(Arc::clone(&provider))))?;
    let routes = http::routes(Arc::clone(&provider)).merge(api::routes(provider));
    let built = context.serve_with(routes, parts);
    Ok(BuiltService { paths: RouteMatch::Below(http::PATHS), ..built })
}
