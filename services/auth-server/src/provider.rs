//! Provider: the use cases with what they work on, put together once for the running service and for the command line.

mod assembly;

use crate::{
    adapters::settings::AuthSettings,
    application::{
        accounts::Accounts, attempt_limit::AttemptLimit, authorization::Authorizations,
        client_authentication::ClientAuthenticator, client_registration::ClientRegistrations,
        clients::Clients, device_grants::DeviceGrants, dpop::DpopVerifier, grants::Grants,
        handle::HandleKey, issuer::Issuer, key_store::KeyStore, keyring::Keyring,
        logout_notices::LogoutNotices, password_sign_in::PasswordSignIn,
        pushed_requests::PushedRequests, request_source::RequestSources, seal::DailySealingKey,
        sessions::Sessions, subjects::Subjects, tokens::Tokens,
    },
};
use assembly::Assembly;
use journal::ServiceStorage;
use kernel::Ids;
use outbound::Fetcher;
use runtime::BuildError;
use std::sync::Arc;

/// Provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: Arc<Issuer>,
    /// Name of the shop.
    pub(crate) name: String,
    pub(crate) hue: u16,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) key_store: KeyStore,
    /// Seals what forms carry from page to page.
    pub(crate) sealing: DailySealingKey,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) notices: Arc<LogoutNotices>,
    pub(crate) authenticator: ClientAuthenticator,
    pub(crate) authorizations: Authorizations,
    pub(crate) password_sign_in: PasswordSignIn,
    pub(crate) dpop: DpopVerifier,
    pub(crate) pushed: Arc<PushedRequests>,
    pub(crate) request_sources: RequestSources,
    /// Requests that are pushed from one address on the network by clients that cannot prove who they are.
    pub(crate) pushed_attempts: AttemptLimit,
    pub(crate) registrations: ClientRegistrations,
    pub(crate) devices: DeviceGrants,
    /// Devices that begin to wait, by address on the network, of clients that cannot prove who they are.
    pub(crate) device_starts: AttemptLimit,
    /// Wrong codes of devices, by address on the network.
    pub(crate) device_attempts: AttemptLimit,
    /// Fetches what clients registered the addresses of.
    pub(crate) fetcher: Fetcher,
    pub(crate) ids: Ids,
}

impl Provider {
    /// Opens the provider on its storage. Keys that are missing are made.
    pub(crate) async fn open(
        settings: &AuthSettings,
        storage: &ServiceStorage,
        ids: &Ids,
    ) -> Result<Arc<Self>, BuildError> {
        let issuer = Arc::new(settings.issuer().map_err(BuildError::Other)?);
        let master = settings.master_key().map_err(BuildError::Other)?;
        let documents = Arc::clone(&storage.documents);
        let key_store = KeyStore::open(documents, ids.clone(), master.as_deref()).await?;
        let (root, keyring) = (key_store.root().await?, Arc::new(key_store.keyring().await?));
        let fetcher = settings.fetcher().map_err(BuildError::Other)?;
        let assembly = Assembly { settings, storage, ids, root, issuer, fetcher };
        Ok(Arc::new(Self::assembled(assembly, key_store, keyring)))
    }

    fn assembled(assembly: Assembly<'_>, key_store: KeyStore, keyring: Arc<Keyring>) -> Self {
        let settings = assembly.settings;
        let handles = Arc::new(HandleKey::new(&assembly.key("handles")));
        let accounts = Arc::new(assembly.accounts(&handles));
        let clients = Arc::new(assembly.clients());
        let notices = Arc::new(assembly.notices());
        let sessions = Arc::new(assembly.sessions(&notices));
        let subjects = Arc::new(Subjects::new(&assembly.key("subjects")));
        let keys = Arc::new(assembly.client_keys());
        let pushed = Arc::new(assembly.pushed_requests());
        let grants = Arc::new(assembly.grants(&accounts, &clients, &sessions, handles));
        let limit = |name, failures_max| assembly.limit(name, failures_max);
        Self {
            name: settings.name.clone(),
            hue: settings.hue,
            sealing: DailySealingKey::new(&assembly.key("forms")),
            tokens: Arc::new(assembly.tokens(&keyring, &grants, &accounts, &subjects)),
            request_sources: assembly.request_sources(&clients, &keys, &pushed),
            pushed_attempts: limit("pushed", settings.pushed_requests_per_address_max),
            registrations: assembly.registrations(&clients),
            devices: assembly.devices(),
            device_starts: limit("device", settings.device_requests_per_address_max),
            device_attempts: limit("device-code", settings.wrong_device_codes_per_address_max),
            authenticator: assembly.authenticator(&clients, keys),
            authorizations: Authorizations {
                accounts: Arc::clone(&accounts),
                clients: Arc::clone(&clients),
                grants: Arc::clone(&grants),
                subjects: Arc::clone(&subjects),
                pushed: Arc::clone(&pushed),
                notices: Arc::clone(&notices),
                ids: assembly.ids.clone(),
            },
            password_sign_in: PasswordSignIn {
                accounts: Arc::clone(&accounts),
                account_attempts: limit("account", settings.failed_sign_ins_per_account_max),
                address_attempts: limit("address", settings.failed_sign_ins_per_address_max),
            },
            dpop: assembly.dpop(),
            pushed,
            subjects,
            notices,
            keyring,
            key_store,
            accounts,
            clients,
            grants,
            sessions,
            ids: assembly.ids.clone(),
            fetcher: assembly.fetcher,
            issuer: assembly.issuer,
        }
    }
}
