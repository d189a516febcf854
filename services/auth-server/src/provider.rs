//! Provider: the use cases with what they work on, put together once for the running service and for the command line.

use crate::{
    adapters::settings::AuthSettings,
    application::{
        accounts::Accounts,
        addresses::Addresses,
        attempt_limit::AttemptLimit,
        authorization::Authorizations,
        client_authentication::ClientAuthenticator,
        client_keys::ClientKeys,
        clients::Clients,
        grants::Grants,
        handle::HandleKey,
        issuer::Issuer,
        key_store::KeyStore,
        keyring::Keyring,
        password_sign_in::PasswordSignIn,
        passwords::PasswordHasher,
        person_records::PersonRecords,
        seal::{DailySealingKey, derived},
        sessions::Sessions,
        tokens::Tokens,
    },
};
use journal::{Repository, ServiceStorage};
use kernel::Ids;
use ring::hmac::{self, HMAC_SHA256};
use runtime::BuildError;
use std::sync::Arc;
use storage::KeyValue;

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
    pub(crate) tokens: Tokens,
    pub(crate) authenticator: ClientAuthenticator,
    pub(crate) authorizations: Authorizations,
    pub(crate) password_sign_in: PasswordSignIn,
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
        let handles = Arc::new(HandleKey::new(&derived(&root, "handles")));
        let accounts = Arc::new(accounts(settings, storage, ids, &root, &handles));
        let clients = Arc::new(Clients {
            repository: repository(settings, storage, ids),
            documents: Arc::clone(&storage.documents),
            ids: ids.clone(),
        });
        let values = &storage.key_value;
        let sessions = Arc::new(Sessions { values: Arc::clone(values), ids: ids.clone() });
        let grants = Arc::new(Grants {
            repository: repository(settings, storage, ids),
            documents: Arc::clone(&storage.documents),
            accounts: Arc::clone(&accounts),
            clients: Arc::clone(&clients),
            sessions: Arc::clone(&sessions),
            handles,
            ids: ids.clone(),
        });
        Ok(Arc::new(Self {
            name: settings.name.clone(),
            hue: settings.hue,
            sealing: DailySealingKey::new(&derived(&root, "forms")),
            tokens: Tokens {
                keyring: Arc::clone(&keyring),
                issuer: Arc::clone(&issuer),
                grants: Arc::clone(&grants),
                accounts: Arc::clone(&accounts),
                values: Arc::clone(values),
                ids: ids.clone(),
            },
            authenticator: ClientAuthenticator {
                clients: Arc::clone(&clients),
                keys: ClientKeys::default(),
                issuer: Arc::clone(&issuer),
                ids: ids.clone(),
                values: Arc::clone(values),
            },
            authorizations: Authorizations {
                accounts: Arc::clone(&accounts),
                clients: Arc::clone(&clients),
                grants: Arc::clone(&grants),
                ids: ids.clone(),
            },
            password_sign_in: password_sign_in(settings, values, &accounts, ids),
            issuer,
            keyring,
            key_store,
            accounts,
            clients,
            grants,
            sessions,
            ids: ids.clone(),
        }))
    }
}

fn accounts(
    settings: &AuthSettings,
    storage: &ServiceStorage,
    ids: &Ids,
    root: &[u8],
    handles: &Arc<HandleKey>,
) -> Accounts {
    let records = PersonRecords { documents: Arc::clone(&storage.documents) };
    Accounts {
        repository: repository(settings, storage, ids),
        addresses: Addresses {
            repository: repository(settings, storage, ids),
            records: records.clone(),
            ids: ids.clone(),
            key: hmac::Key::new(HMAC_SHA256, &derived(root, "addresses")),
        },
        records,
        ids: ids.clone(),
        passwords: PasswordHasher::new(
            Arc::clone(ids.randomness()),
            settings.hashing_passwords_max,
            settings.waiting_passwords_max,
        ),
        handles: Arc::clone(handles),
    }
}

fn password_sign_in(
    settings: &AuthSettings,
    values: &Arc<dyn KeyValue>,
    accounts: &Arc<Accounts>,
    ids: &Ids,
) -> PasswordSignIn {
    let limit = |name, failures_max| AttemptLimit {
        values: Arc::clone(values),
        ids: ids.clone(),
        name,
        failures_max,
    };
    PasswordSignIn {
        accounts: Arc::clone(accounts),
        account_attempts: limit("account", settings.failed_sign_ins_per_account_max),
        address_attempts: limit("address", settings.failed_sign_ins_per_address_max),
    }
}

fn repository<A: journal::Aggregate>(
    settings: &AuthSettings,
    storage: &ServiceStorage,
    ids: &Ids,
) -> Repository<A> {
    Repository::new(Arc::clone(&storage.journal), ids.clone(), settings.in_memory_max)
}
