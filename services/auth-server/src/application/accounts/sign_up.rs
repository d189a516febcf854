//! Sign-up: an account for whoever reads the mail to its address. Until then nothing is known of the address but that somebody asked, and
//! that is forgotten after a day.

use super::{Accounts, new_password::Password};
use crate::{
    application::{
        error::AuthError,
        keys::handle::{HandleKey, Purpose},
        mail::{MailId, MailQueue, QueuedMail, Reason},
    },
    domain::Rejection,
};
use identifiers::{AccountId, Email};
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
use storage::KeyValue;

/// Time within which the link of a sign-up can be used.
pub(crate) const SIGN_UP_VALID: Duration = Duration::from_hours(24);

/// Sign-up.
#[derive(Debug)]
pub(crate) struct SignUp {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) handles: Arc<HandleKey>,
    pub(crate) mails: Arc<MailQueue>,
    pub(crate) ids: Ids,
}

impl SignUp {
    /// Asks for an account. The same is done for every address, whether it has an account or not: only its owner learns that.
    pub(crate) async fn begin(&self, email: &Email, language: &str) -> Result<(), AuthError> {
        let (id, at) = (self.ids.next::<MailId>(), self.ids.now());
        let (email, until) = (email.as_str().to_owned(), at.checked_add(SIGN_UP_VALID));
        let until = until.unwrap_or(Timestamp::MAX);
        drop(self.values.put(&key(id), email.clone().into(), Some(until)).await?);
        let mail =
            QueuedMail { reason: Reason::SignUp { email }, language: language.to_owned(), at };
        self.mails.push(id, &mail).await
    }

    /// Address of a link that can be used now.
    pub(crate) async fn address(&self, link: &str) -> Result<Email, AuthError> {
        self.opened(link).await.map(|(_, email)| email)
    }

    /// Creates the account. Of several uses of a link one succeeds.
    pub(crate) async fn finish(
        &self,
        link: &str,
        password: &Password,
    ) -> Result<AccountId, AuthError> {
        let (id, email) = self.opened(link).await?;
        let created = self.accounts.sign_up(&email, password).await;
        if matches!(created, Ok(_) | Err(AuthError::Rejected(Rejection::AddressTaken))) {
            drop(self.values.remove(&key(id)).await?);
        }
        created
    }

    async fn opened(&self, link: &str) -> Result<(MailId, Email), AuthError> {
        let (id, _) = self.handles.open(Purpose::SignUp, link).ok_or(Rejection::OfferInvalid)?;
        let id = MailId(id);
        let stored = self.values.value(&key(id), self.ids.now()).await?;
        let text = stored.as_deref().and_then(|stored| std::str::from_utf8(stored).ok());
        let email = text.and_then(|text| Email::parse(text).ok()).ok_or(Rejection::OfferInvalid)?;
        Ok((id, email))
    }
}

fn key(id: MailId) -> String {
    kernel::prefixed_id("sign-up-", id)
}
