//! Sign-up: an account for whoever reads the mail to its address. Until then nothing is known of the address but that somebody asked, and
//! that is forgotten after a day.

use super::{Accounts, new_password::Password};
use crate::{
    application::{
        authorization::request::AuthorizationRequest,
        error::AuthError,
        keys::handle::{HandleKey, Purpose},
        mail::{MailId, MailQueue, QueuedMail, Reason},
    },
    domain::Rejection,
};
use identifiers::{AccountId, Email};
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Time within which the link of a sign-up can be used.
pub(crate) const SIGN_UP_VALID: Duration = Duration::from_hours(24);

/// Most bytes that are kept of the request for which somebody signs up; a longer one is not gone on with.
const WAITING_BYTES_MAX: usize = 8 * 1024;

/// Request of a client for which somebody signs up, and the browser in which it is gone on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) request: AuthorizationRequest,
    /// Digest of the browser's binding.
    pub(crate) browser: String,
}

/// Sign-up whose link was not used yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PendingSignUp {
    pub(crate) email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) waiting: Option<Waiting>,
}

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
    pub(crate) async fn begin(
        &self,
        email: &Email,
        language: &str,
        waiting: Option<Waiting>,
    ) -> Result<(), AuthError> {
        let (id, at) = (self.ids.next::<MailId>(), self.ids.now());
        let (email, until) = (email.as_str().to_owned(), at.checked_add(SIGN_UP_VALID));
        let until = until.unwrap_or(Timestamp::MAX);
        let pending = PendingSignUp { email: email.clone(), waiting };
        let mut stored = pending.to_json()?;
        if stored.len() > WAITING_BYTES_MAX {
            stored = PendingSignUp { waiting: None, ..pending }.to_json()?;
        }
        drop(self.values.put(&key(id), stored.into(), Some(until)).await?);
        let mail =
            QueuedMail { reason: Reason::SignUp { email }, language: language.to_owned(), at };
        self.mails.push(id, &mail).await
    }

    /// Address of a link that can be used now, and the request for which it was asked for.
    pub(crate) async fn pending(&self, link: &str) -> Result<(Email, Option<Waiting>), AuthError> {
        self.opened(link).await.map(|(_, email, waiting)| (email, waiting))
    }

    /// Creates the account. Of several uses of a link one succeeds.
    pub(crate) async fn finish(
        &self,
        link: &str,
        password: &Password,
    ) -> Result<AccountId, AuthError> {
        let (id, email, _) = self.opened(link).await?;
        let created = self.accounts.sign_up(&email, password).await;
        if matches!(created, Ok(_) | Err(AuthError::Rejected(Rejection::AddressTaken))) {
            drop(self.values.remove(&key(id)).await?);
        }
        created
    }

    async fn opened(&self, link: &str) -> Result<(MailId, Email, Option<Waiting>), AuthError> {
        let (id, _) = self.handles.open(Purpose::SignUp, link).ok_or(Rejection::OfferInvalid)?;
        let id = MailId(id);
        let stored = self.values.value(&key(id), self.ids.now()).await?;
        let pending = stored.as_deref().and_then(PendingSignUp::of_stored);
        let PendingSignUp { email, waiting } = pending.ok_or(Rejection::OfferInvalid)?;
        let email = Email::parse(&email).map_err(|_| Rejection::OfferInvalid)?;
        Ok((id, email, waiting))
    }
}

impl PendingSignUp {
    /// Sign-up as it is stored; earlier releases stored the address alone.
    fn of_stored(stored: &[u8]) -> Option<Self> {
        if let Ok(pending) = serde_json::from_slice(stored) {
            return Some(pending);
        }
        let email = std::str::from_utf8(stored).ok()?.to_owned();
        Some(Self { email, waiting: None })
    }

    fn to_json(&self) -> Result<Vec<u8>, StorageError> {
        serde_json::to_vec(self).map_err(|error| StorageError::Corrupt(error.to_string()))
    }
}

fn key(id: MailId) -> String {
    kernel::prefixed_id("sign-up-", id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_up_of_an_earlier_release_is_read() {
        let pending = PendingSignUp::of_stored(b"ada@example.com").unwrap();
        assert_eq!((pending.email.as_str(), pending.waiting.is_none()), ("ada@example.com", true));
        let again = PendingSignUp::of_stored(&pending.to_json().unwrap()).unwrap();
        assert_eq!(again.email, pending.email);
    }
}
