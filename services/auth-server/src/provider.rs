//! Provider: the use cases with what they work on, put together once for the running service and for the command line.

mod assembly;
mod own_account;

use crate::{
    adapters::{http::assets::StyleSheet, settings::AuthSettings},
    application::{
        accounts::{Accounts, new_password::PasswordPolicy},
        attempt_limit::AttemptLimit,
        authorization::{
            Authorizations, device_grants::DeviceGrants, pushed_requests::PushedRequests,
            request_source::RequestSources,
        },
        clients::{
            Clients, authentication::ClientAuthenticator, registration::ClientRegistrations,
            relying_parties::RelyingParties, unused::UnusedClients,
        },
        grants::Grants,
        issuer::Issuer,
        keys::{handle::HandleKey, keyring::Keyring, seal::DailySealingKey, store::KeyStore},
        mail::{MailQueue, links::MailedLinks},
        sessions::{Sessions, list::SessionList, logout_notices::LogoutNotices},
        sign_in::{passkeys::Passkeys, password::PasswordSignIn, second_factors::SecondFactors},
        tokens::{Tokens, dpop::DpopVerifier, revision::Revision, subjects::Subjects},
    },
};
use assembly::Assembly;
use journal::ServiceStorage;
use kernel::Ids;
use outbound::Fetcher;
use own_account::OwnAccount;
use runtime::BuildError;
use std::sync::Arc;

/// Provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: Arc<Issuer>,
    /// Name of the shop.
    pub(crate) name: String,
    /// Address of the shop, where the provider is not below it; empty if it is not known.
    shop_url: String,
    pub(crate) style: StyleSheet,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) key_store: Arc<KeyStore>,
    /// Seals what forms carry from page to page.
    pub(crate) sealing: DailySealingKey,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) relying_parties: RelyingParties,
    pub(crate) grants: Arc<Grants>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) notices: Arc<LogoutNotices>,
    pub(crate) authenticator: ClientAuthenticator,
    /// Whether clients can present certificates.
    pub(crate) accepts_certificates: bool,
    /// Origin at which they are asked for them, where it is another one.
    pub(crate) mtls_origin: String,
    pub(crate) authorizations: Authorizations,
    pub(crate) password_sign_in: PasswordSignIn,
    pub(crate) dpop: DpopVerifier,
    pub(crate) pushed: Arc<PushedRequests>,
    pub(crate) request_sources: RequestSources,
    /// Requests that are pushed from one address on the network by clients that cannot prove who they are.
    pub(crate) pushed_attempts: AttemptLimit,
    pub(crate) registrations: ClientRegistrations,
    pub(crate) unused_clients: Arc<UnusedClients>,
    pub(crate) devices: DeviceGrants,
    /// Devices that begin to wait, by address on the network, of clients that cannot prove who they are.
    pub(crate) device_starts: AttemptLimit,
    /// Wrong codes of devices, by address on the network.
    pub(crate) device_attempts: AttemptLimit,
    /// Fetches what clients registered the addresses of.
    pub(crate) fetcher: Fetcher,
    pub(crate) password_policy: PasswordPolicy,
    pub(crate) second_factors: SecondFactors,
    pub(crate) passkeys: Passkeys,
    pub(crate) session_list: Arc<SessionList>,
    pub(crate) mails: Arc<MailQueue>,
    pub(crate) mailed_links: MailedLinks,
    /// Taken while the members of a group change, so that a version that was seen is still the present one.
    pub(crate) group_changes: tokio::sync::Mutex<()>,
    /// Revision of what tokens depend on.
    pub(crate) revision: Arc<Revision>,
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
        let key_store = Arc::new(KeyStore::open(storage, ids.clone(), master.as_deref()).await?);
        let (root, keyring) = (key_store.root().await?, Arc::new(key_store.keyring().await?));
        let fetcher = settings.fetcher().map_err(BuildError::Other)?;
        let revision = Arc::default();
        let assembly = Assembly { settings, storage, ids, root, issuer, fetcher, revision };
        Self::assembled(assembly, key_store, keyring).map(Arc::new)
    }

    /// Address of the shop for the pages, if it is known: the root of the same origin, where the provider is below the shop edge.
    pub(crate) fn shop_address(&self) -> Option<&str> {
        if !self.issuer.mount().is_empty() {
            return Some("/");
        }
        Some(&*self.shop_url).filter(|url| !url.is_empty())
    }

    /// Address to which the name of the shop leads: the shop, or else the root of the provider.
    pub(crate) fn home(&self) -> &str {
        self.shop_address().unwrap_or("/")
    }

    fn assembled(
        assembly: Assembly<'_>,
        key_store: Arc<KeyStore>,
        keyring: Arc<Keyring>,
    ) -> Result<Self, BuildError> {
        let settings = assembly.settings;
        let certificates = settings.client_certificates().map_err(BuildError::Other)?;
        let handles = Arc::new(HandleKey::new(&assembly.key("handles")));
        let accounts = Arc::new(assembly.accounts(&handles));
        let clients = Arc::new(assembly.clients());
        let notices = Arc::new(assembly.notices());
        let sessions = Arc::new(assembly.sessions(&notices));
        let subjects = Arc::new(Subjects::new(&assembly.key("subjects")));
        let keys = Arc::new(assembly.client_keys());
        let pushed = Arc::new(assembly.pushed_requests());
        let OwnAccount {
            mails,
            mailed_links,
            password_policy,
            second_factors,
            passkeys,
            session_list,
        } = OwnAccount::new(&assembly, &accounts, &sessions, &handles)?;
        let grants = Arc::new(assembly.grants(&accounts, &clients, &sessions, handles));
        let limit = |name, failures_max| assembly.limit(name, failures_max);
        Ok(Self {
            name: settings.name.clone(),
            shop_url: settings.shop_url.clone(),
            style: StyleSheet::of_hue(settings.hue),
            sealing: DailySealingKey::new(&assembly.key("forms")),
            tokens: Arc::new(assembly.tokens(&keyring, &grants, &accounts, &subjects)),
            request_sources: assembly.request_sources(&clients, &keys, &pushed),
            pushed_attempts: limit("pushed", settings.pushed_requests_per_address_max),
            registrations: assembly.registrations(&clients),
            unused_clients: Arc::new(assembly.unused_clients(&clients)),
            devices: assembly.devices(),
            device_starts: limit("device", settings.device_requests_per_address_max),
            device_attempts: limit("device-code", settings.wrong_device_codes_per_address_max),
            authenticator: assembly.authenticator(&clients, keys, certificates),
            accepts_certificates: settings.accepts_client_certificates,
            mtls_origin: settings.mtls_origin.clone(),
            authorizations: assembly
                .authorizations(&accounts, &clients, &grants, &subjects, &pushed, &notices),
            password_sign_in: assembly.password_sign_in(&sessions, &accounts),
            password_policy,
            second_factors,
            passkeys,
            session_list,
            mails,
            mailed_links,
            dpop: assembly.dpop(),
            pushed,
            subjects,
            notices,
            relying_parties: assembly.relying_parties(&clients),
            keyring,
            key_store,
            accounts,
            clients,
            grants,
            sessions,
            ids: assembly.ids.clone(),
            revision: assembly.revision,
            group_changes: tokio::sync::Mutex::default(),
            fetcher: assembly.fetcher,
            issuer: assembly.issuer,
        })
    }
}
