//! Links that people ask for by their address. Requests are limited, per address and per network, and answered alike whether there is an
//! account or not.

use super::{AccountNotice, MailId, MailQueue, QueuedMail, Reason};
use crate::{
    application::{
        accounts::{
            Accounts,
            sign_up::{SignUp, Waiting},
        },
        attempt_limit::AttemptLimit,
        error::AuthError,
        keys::handle::{HandleKey, Purpose},
    },
    domain::Rejection,
};
use identifiers::{AccountId, Email};
use kernel::Ids;
use std::sync::Arc;

/// Most links that are asked for with one e-mail address within a quarter of an hour.
pub(crate) const REQUESTS_PER_EMAIL_MAX: u32 = 5;

/// Result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkRequest {
    Accepted,
    TooMany,
}

/// Mailed links.
#[derive(Debug)]
pub(crate) struct MailedLinks {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) mails: Arc<MailQueue>,
    pub(crate) sign_up: SignUp,
    pub(crate) handles: Arc<HandleKey>,
    pub(crate) address_requests: AttemptLimit,
    pub(crate) network_requests: AttemptLimit,
    pub(crate) ids: Ids,
}

impl MailedLinks {
    /// Asks for an account with an address, for a request that is gone on with then.
    pub(crate) async fn sign_up(
        &self,
        email: &Email,
        network: &str,
        language: &str,
        waiting: Option<Waiting>,
    ) -> Result<LinkRequest, AuthError> {
        if !self.may_ask(email, network).await? {
            return Ok(LinkRequest::TooMany);
        }
        self.sign_up.begin(email, language, waiting).await.map(|()| LinkRequest::Accepted)
    }

    /// Asks for a new password of whoever has an address.
    pub(crate) async fn reset(
        &self,
        email: &Email,
        network: &str,
        language: &str,
    ) -> Result<LinkRequest, AuthError> {
        if !self.may_ask(email, network).await? {
            return Ok(LinkRequest::TooMany);
        }
        let mail = QueuedMail {
            reason: Reason::PasswordReset { email: email.as_str().to_owned() },
            language: language.to_owned(),
            at: self.ids.now(),
        };
        self.mails.push(self.ids.next(), &mail).await.map(|()| LinkRequest::Accepted)
    }

    /// Asks for another address of an account. That it belongs to somebody else shows only when its link is used.
    pub(crate) async fn email_change(
        &self,
        account: AccountId,
        email: &Email,
        network: &str,
        language: &str,
    ) -> Result<LinkRequest, AuthError> {
        if !self.mails.is_open() {
            return Err(AuthError::Busy);
        }
        if !self.may_ask(email, network).await? {
            return Ok(LinkRequest::TooMany);
        }
        let (id, at) = (self.ids.next::<MailId>(), self.ids.now());
        let mail = |number| {
            let email = email.as_str().to_owned();
            let reason = Reason::EmailChange { account, number, email };
            QueuedMail { reason, language: language.to_owned(), at }.put(id).into_iter().collect()
        };
        self.accounts.offer_email_change(account, email, mail).await?;
        Ok(LinkRequest::Accepted)
    }

    /// Account and new address of a link that can be used now.
    pub(crate) async fn offered_email(&self, link: &str) -> Result<Email, AuthError> {
        let (id, number) = self.opened(link)?;
        self.accounts.offered_email(id, number).await.map(|(_, next)| next)
    }

    /// Takes up the address of a link, and tells the earlier one.
    pub(crate) async fn confirm_email(&self, link: &str, language: &str) -> Result<(), AuthError> {
        let (id, number) = self.opened(link)?;
        let (earlier, _) = self.accounts.offered_email(id, number).await?;
        let notice =
            self.mails.notice(earlier.as_deref(), AccountNotice::EmailChanged, language)?;
        self.accounts.change_email(id, number, notice).await
    }

    fn opened(&self, link: &str) -> Result<(AccountId, u32), Rejection> {
        let opened = self.handles.open(Purpose::EmailChange, link);
        opened.map(|(id, number)| (AccountId(id), number)).ok_or(Rejection::OfferInvalid)
    }

    async fn may_ask(&self, email: &Email, network: &str) -> Result<bool, AuthError> {
        let subject = self.accounts.addresses.digest(email);
        // In this order: a network that asks too often uses up nothing of an address.
        Ok(self.network_requests.begin(network).await?
            && self.address_requests.begin(&subject).await?)
    }
}
