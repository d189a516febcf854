//! Use cases of people who look after their own accounts, put together.

use super::assembly::Assembly;
use crate::application::{
    accounts::{Accounts, new_password::PasswordPolicy, sign_up::SignUp},
    keys::{handle::HandleKey, seal::SealingKey},
    mail::{
        MailQueue, Signals,
        links::{MailedLinks, REQUESTS_PER_EMAIL_MAX},
    },
    sessions::{Sessions, list::SessionList},
    sign_in::{
        passkeys::Passkeys,
        second_factors::{SecondFactors, WRONG_CODES_MAX},
    },
};
use ring::hmac::{self, HMAC_SHA256, HMAC_SHA512};
use runtime::BuildError;
use std::sync::{Arc, atomic::AtomicUsize};
use webauthn::RelyingParty;

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
    pub(super) fn new(
        assembly: &Assembly<'_>,
        accounts: &Arc<Accounts>,
        sessions: &Arc<Sessions>,
        handles: &Arc<HandleKey>,
    ) -> Result<Self, BuildError> {
        let mails = Arc::new(assembly.mails(accounts, handles)?);
        let breached = assembly.settings.breached_passwords().map_err(BuildError::Other)?;
        Ok(Self {
            mailed_links: assembly.mailed_links(accounts, handles, &mails),
            password_policy: PasswordPolicy { breached },
            second_factors: assembly.second_factors(accounts, sessions, &mails),
            passkeys: assembly.passkeys(accounts, sessions),
            session_list: Arc::new(SessionList {
                documents: assembly.documents(),
                sessions: Arc::clone(sessions),
                ids: assembly.ids.clone(),
            }),
            mails,
        })
    }
}

impl Assembly<'_> {
    fn mails(
        &self,
        accounts: &Arc<Accounts>,
        handles: &Arc<HandleKey>,
    ) -> Result<MailQueue, BuildError> {
        Ok(MailQueue {
            documents: self.documents(),
            accounts: Arc::clone(accounts),
            handles: Arc::clone(handles),
            issuer: Arc::clone(&self.issuer),
            mailer: self.settings.mailer().map_err(BuildError::Other)?,
            ids: self.ids.clone(),
            shop: self.settings.name.clone(),
            from: self.settings.mail_from(&self.issuer),
            signals: Signals::default(),
            waiting: AtomicUsize::new(0),
        })
    }

    fn mailed_links(
        &self,
        accounts: &Arc<Accounts>,
        handles: &Arc<HandleKey>,
        mails: &Arc<MailQueue>,
    ) -> MailedLinks {
        MailedLinks {
            accounts: Arc::clone(accounts),
            mails: Arc::clone(mails),
            sign_up: SignUp {
                accounts: Arc::clone(accounts),
                values: self.values(),
                handles: Arc::clone(handles),
                mails: Arc::clone(mails),
                ids: self.ids.clone(),
            },
            handles: Arc::clone(handles),
            address_requests: self.limit("mail-address", REQUESTS_PER_EMAIL_MAX),
            network_requests: self
                .limit("mail-network", self.settings.mailed_links_per_address_max),
            ids: self.ids.clone(),
        }
    }

    fn second_factors(
        &self,
        accounts: &Arc<Accounts>,
        sessions: &Sessions,
        mails: &Arc<MailQueue>,
    ) -> SecondFactors {
        SecondFactors {
            accounts: Arc::clone(accounts),
            documents: self.documents(),
            sealing: SealingKey::new(&self.key("second-factors")),
            digests: hmac::Key::new(HMAC_SHA256, &self.key("recovery-codes")),
            attempts: self.limit("second-factor", WRONG_CODES_MAX),
            log: Arc::clone(&sessions.log),
            mails: Arc::clone(mails),
            ids: self.ids.clone(),
        }
    }

    fn passkeys(&self, accounts: &Arc<Accounts>, sessions: &Sessions) -> Passkeys {
        Passkeys {
            party: RelyingParty::of_origin(self.issuer.origin()),
            accounts: Arc::clone(accounts),
            documents: self.documents(),
            values: self.values(),
            handles: hmac::Key::new(HMAC_SHA512, &self.key("user-handles")),
            log: Arc::clone(&sessions.log),
            ids: self.ids.clone(),
        }
    }
}
