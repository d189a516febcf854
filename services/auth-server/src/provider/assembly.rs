//! Assembly of the use cases: what each works on.

use crate::{
    adapters::settings::AuthSettings,
    application::{
        accounts::{
            Accounts, addresses::Addresses, passwords::PasswordHasher,
            person_records::PersonRecords,
        },
        attempt_limit::AttemptLimit,
        authorization::{
            Authorizations, device_grants::DeviceGrants, pushed_requests::PushedRequests,
            request_source::RequestSources,
        },
        clients::{
            Clients, authentication::ClientAuthenticator, certificates::CertificateVerifier,
            keys::ClientKeys, registration::ClientRegistrations, relying_parties::RelyingParties,
            remote_keys::RemoteKeys, unused::UnusedClients,
        },
        grants::Grants,
        issuer::Issuer,
        keys::{
            handle::HandleKey,
            keyring::Keyring,
            seal::{KEY_BYTES, derived},
        },
        sessions::{Sessions, logout_notices::LogoutNotices},
        sign_in::{log::SignInLog, password::PasswordSignIn},
        tokens::{Tokens, dpop::DpopVerifier, revision::Revision, subjects::Subjects},
    },
};
use journal::{Repository, ServiceStorage};
use kernel::Ids;
use outbound::Fetcher;
use ring::hmac::{self, HMAC_SHA256};
use std::sync::Arc;
use storage::{Documents, KeyValue, LosableValues};

/// What the use cases are made of.
pub(super) struct Assembly<'a> {
    pub(super) settings: &'a AuthSettings,
    pub(super) storage: &'a ServiceStorage,
    pub(super) ids: &'a Ids,
    /// Root of the symmetric keys.
    pub(super) root: Vec<u8>,
    pub(super) issuer: Arc<Issuer>,
    pub(super) fetcher: Fetcher,
    pub(super) revision: Arc<Revision>,
}

impl Assembly<'_> {
    /// Key for a purpose.
    pub(super) fn key(&self, purpose: &str) -> [u8; KEY_BYTES] {
        derived(&self.root, purpose)
    }

    pub(super) fn authorizations(
        &self,
        accounts: &Arc<Accounts>,
        clients: &Arc<Clients>,
        grants: &Arc<Grants>,
        subjects: &Arc<Subjects>,
        pushed: &Arc<PushedRequests>,
        notices: &Arc<LogoutNotices>,
    ) -> Authorizations {
        Authorizations {
            accounts: Arc::clone(accounts),
            clients: Arc::clone(clients),
            grants: Arc::clone(grants),
            subjects: Arc::clone(subjects),
            pushed: Arc::clone(pushed),
            notices: Arc::clone(notices),
            ids: self.ids.clone(),
        }
    }

    pub(super) fn accounts(&self, handles: &Arc<HandleKey>) -> Accounts {
        let records = PersonRecords { documents: self.documents() };
        Accounts {
            repository: self.repository(),
            addresses: Addresses {
                repository: self.repository(),
                records: records.clone(),
                ids: self.ids.clone(),
                key: hmac::Key::new(HMAC_SHA256, &self.key("addresses")),
            },
            records,
            ids: self.ids.clone(),
            passwords: PasswordHasher::new(
                Arc::clone(self.ids.randomness()),
                self.settings.hashing_passwords_max,
                self.settings.waiting_passwords_max,
            ),
            handles: Arc::clone(handles),
            revision: Arc::clone(&self.revision),
        }
    }

    pub(super) fn clients(&self) -> Clients {
        Clients {
            repository: self.repository(),
            documents: self.documents(),
            ids: self.ids.clone(),
            revision: Arc::clone(&self.revision),
        }
    }

    pub(super) fn relying_parties(&self, clients: &Arc<Clients>) -> RelyingParties {
        let key = hmac::Key::new(HMAC_SHA256, &self.key("relying parties"));
        RelyingParties { clients: Arc::clone(clients), key }
    }

    pub(super) fn notices(&self) -> LogoutNotices {
        LogoutNotices::new(self.documents(), self.ids.clone())
    }

    pub(super) fn sessions(&self, notices: &Arc<LogoutNotices>) -> Sessions {
        let log = SignInLog {
            repository: self.repository(),
            documents: self.documents(),
            ids: self.ids.clone(),
        };
        Sessions {
            values: self.values(),
            notices: Arc::clone(notices),
            log: Arc::new(log),
            ids: self.ids.clone(),
            revision: Arc::clone(&self.revision),
        }
    }

    pub(super) fn password_sign_in(
        &self,
        sessions: &Sessions,
        accounts: &Arc<Accounts>,
    ) -> PasswordSignIn {
        let settings = self.settings;
        PasswordSignIn {
            accounts: Arc::clone(accounts),
            log: Arc::clone(&sessions.log),
            account_attempts: self.limit("account", settings.failed_sign_ins_per_account_max),
            address_attempts: self.limit("address", settings.failed_sign_ins_per_address_max),
        }
    }

    pub(super) fn grants(
        &self,
        accounts: &Arc<Accounts>,
        clients: &Arc<Clients>,
        sessions: &Arc<Sessions>,
        handles: Arc<HandleKey>,
    ) -> Grants {
        Grants {
            repository: self.repository(),
            documents: self.documents(),
            accounts: Arc::clone(accounts),
            clients: Arc::clone(clients),
            sessions: Arc::clone(sessions),
            handles,
            ids: self.ids.clone(),
        }
    }

    pub(super) fn tokens(
        &self,
        keyring: &Arc<Keyring>,
        grants: &Arc<Grants>,
        accounts: &Arc<Accounts>,
        subjects: &Arc<Subjects>,
    ) -> Tokens {
        Tokens {
            keyring: Arc::clone(keyring),
            issuer: Arc::clone(&self.issuer),
            grants: Arc::clone(grants),
            accounts: Arc::clone(accounts),
            subjects: Arc::clone(subjects),
            values: self.values(),
            ids: self.ids.clone(),
        }
    }

    pub(super) fn client_keys(&self) -> ClientKeys {
        ClientKeys::new(RemoteKeys::new(self.fetcher.clone(), self.ids))
    }

    pub(super) fn authenticator(
        &self,
        clients: &Arc<Clients>,
        keys: Arc<ClientKeys>,
        certificates: CertificateVerifier,
    ) -> ClientAuthenticator {
        ClientAuthenticator {
            certificates,
            clients: Arc::clone(clients),
            keys,
            issuer: Arc::clone(&self.issuer),
            ids: self.ids.clone(),
            values: self.values(),
        }
    }

    pub(super) fn pushed_requests(&self) -> PushedRequests {
        PushedRequests { values: self.values(), ids: self.ids.clone() }
    }

    pub(super) fn request_sources(
        &self,
        clients: &Arc<Clients>,
        keys: &Arc<ClientKeys>,
        pushed: &Arc<PushedRequests>,
    ) -> RequestSources {
        RequestSources {
            clients: Arc::clone(clients),
            keys: Arc::clone(keys),
            pushed: Arc::clone(pushed),
            fetcher: self.fetcher.clone(),
            fetches: self.limit("fetch", self.settings.fetched_requests_per_address_max),
            issuer: Arc::clone(&self.issuer),
            ids: self.ids.clone(),
        }
    }

    pub(super) fn registrations(&self, clients: &Arc<Clients>) -> ClientRegistrations {
        ClientRegistrations {
            access: self.settings.registration_access(),
            clients_max: self.settings.registered_clients_max,
            clients: Arc::clone(clients),
            attempts: self.limit("register", self.settings.client_registrations_per_address_max),
            fetcher: self.fetcher.clone(),
            ids: self.ids.clone(),
            taking_place: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn unused_clients(&self, clients: &Arc<Clients>) -> UnusedClients {
        UnusedClients::new(clients, self.values(), self.ids)
    }

    pub(super) fn devices(&self) -> DeviceGrants {
        DeviceGrants { values: self.values(), intervals: self.losable(), ids: self.ids.clone() }
    }

    pub(super) fn dpop(&self) -> DpopVerifier {
        let nonce_key = self.settings.requires_dpop_nonces.then(|| self.key("dpop-nonces"));
        DpopVerifier::new(&self.issuer, self.ids, &self.storage.key_value, nonce_key.as_ref())
    }

    pub(super) fn limit(&self, name: &'static str, failures_max: u32) -> AttemptLimit {
        AttemptLimit { values: self.losable(), ids: self.ids.clone(), name, failures_max }
    }

    fn losable(&self) -> LosableValues {
        self.storage.losable.clone()
    }

    pub(super) fn values(&self) -> Arc<dyn KeyValue> {
        Arc::clone(&self.storage.key_value)
    }

    pub(super) fn documents(&self) -> Arc<dyn Documents> {
        Arc::clone(&self.storage.documents)
    }

    fn repository<A: journal::Aggregate>(&self) -> Repository<A> {
        let journal = Arc::clone(&self.storage.journal);
        Repository::new(journal, self.ids.clone(), self.settings.in_memory_max)
    }
}
