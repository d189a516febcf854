//! Use cases of people who look after their own accounts, put together.

use crate::{
    adapters::settings::AuthSettings,
    application::{
        accounts::Accounts,
        attempt_limit::AttemptLimit,
        handle::HandleKey,
        issuer::Issuer,
        mail::{MailQueue, Signals},
        mailed_links::{MailedLinks, REQUESTS_PER_ADDRESS_MAX, REQUESTS_PER_NETWORK_MAX},
        new_password::PasswordPolicy,
        passkeys::Passkeys,
        seal::{SealingKey, derived},
        second_factors::{SecondFactors, WRONG_CODES_MAX},
        session_list::SessionList,
        sessions::Sessions,
        sign_up::SignUp,
    },
};
use journal::ServiceStorage;
use kernel::Ids;
use ring::hmac::{self, HMAC_SHA256, HMAC_SHA512};
use runtime::BuildError;
use std::sync::{Arc, atomic::AtomicUsize};
use webauthn::RelyingParty;

/// What the use cases work on.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a AuthSettings,
    pub(super) storage: &'a ServiceStorage,
    pub(super) ids: &'a Ids,
    /// Root of the symmetric keys.
    pub(super) root: &'a [u8],
    pub(super) issuer: &'a Arc<Issuer>,
    pub(super) accounts: &'a Arc<Accounts>,
    pub(super) sessions: &'a Arc<Sessions>,
    pub(super) handles: &'a Arc<HandleKey>,
}

/// The use cases.
pub(super) struct OwnAccount {
    pub(super) mails: Arc<MailQueue>,
    pub(super) mailed_links: MailedLinks,
    pub(super) password_policy: PasswordPolicy,
    pub(super) second_factors: SecondFactors,
    pub(super) passkeys: Passkeys,
    pub(super) session_list: Arc<SessionList>,
}

impl OwnAccount {
    pub(super) fn new(parts: &Parts<'_>) -> Result<Self, BuildError> {
        let mails = Arc::new(parts.mails()?);
        let breached = parts.settings.breached_passwords().map_err(BuildError::Other)?;
        Ok(Self {
            mailed_links: parts.mailed_links(&mails),
            password_policy: PasswordPolicy { breached },
            second_factors: parts.second_factors(&mails),
            passkeys: parts.passkeys(),
            session_list: Arc::new(SessionList {
                documents: Arc::clone(&parts.storage.documents),
                sessions: Arc::clone(parts.sessions),
                ids: parts.ids.clone(),
            }),
            mails,
        })
    }
}

impl Parts<'_> {
    /// Limit of attempts at something of this name.
    fn limit(&self, name: &'static str, failures_max: u32) -> AttemptLimit {
        let values = Arc::clone(&self.storage.key_value);
        AttemptLimit { values, ids: self.ids.clone(), name, failures_max }
    }

    fn mails(&self) -> Result<MailQueue, BuildError> {
        Ok(MailQueue {
            documents: Arc::clone(&self.storage.documents),
            accounts: Arc::clone(self.accounts),
            handles: Arc::clone(self.handles),
            issuer: Arc::clone(self.issuer),
            mailer: self.settings.mailer().map_err(BuildError::Other)?,
            ids: self.ids.clone(),
            shop: self.settings.name.clone(),
            from: self.settings.mail_from(self.issuer),
            signals: Signals::default(),
            waiting: AtomicUsize::new(0),
        })
    }

    fn mailed_links(&self, mails: &Arc<MailQueue>) -> MailedLinks {
        MailedLinks {
            accounts: Arc::clone(self.accounts),
            mails: Arc::clone(mails),
            sign_up: SignUp {
                accounts: Arc::clone(self.accounts),
                values: Arc::clone(&self.storage.key_value),
                handles: Arc::clone(self.handles),
                mails: Arc::clone(mails),
                ids: self.ids.clone(),
            },
            handles: Arc::clone(self.handles),
            address_requests: self.limit("mail-address", REQUESTS_PER_ADDRESS_MAX),
            network_requests: self.limit("mail-network", REQUESTS_PER_NETWORK_MAX),
            ids: self.ids.clone(),
        }
    }

    fn second_factors(&self, mails: &Arc<MailQueue>) -> SecondFactors {
        SecondFactors {
            accounts: Arc::clone(self.accounts),
            documents: Arc::clone(&self.storage.documents),
            sealing: SealingKey::new(&derived(self.root, "second-factors")),
            digests: hmac::Key::new(HMAC_SHA256, &derived(self.root, "recovery-codes")),
            attempts: self.limit("second-factor", WRONG_CODES_MAX),
            mails: Arc::clone(mails),
            ids: self.ids.clone(),
        }
    }

    fn passkeys(&self) -> Passkeys {
        Passkeys {
            party: RelyingParty::of_origin(self.issuer.origin()),
            accounts: Arc::clone(self.accounts),
            documents: Arc::clone(&self.storage.documents),
            values: Arc::clone(&self.storage.key_value),
            handles: hmac::Key::new(HMAC_SHA512, &derived(self.root, "user-handles")),
            ids: self.ids.clone(),
        }
    }
}
