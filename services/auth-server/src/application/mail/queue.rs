//! Mail queue (transactional outbox): a mail is written in the commit of what it is about, or alone where nothing else is, and is deleted
//! once it was handed over. After a crash in between it is handed over again under the same identifier, by which the mailer knows it.
//!
//! Whether an address has an account is looked up when the mail is delivered, and not when it is asked for: whoever asks can learn
//! nothing from the answer, nor from the time that it takes.

use super::{
    letter::{AccountNotice, Letter},
    queued_mail::{MAILS, MailId, QueuedMail, Reason, decoded},
};
use crate::application::{
    accounts::{Accounts, records::unavailable},
    error::AuthError,
    issuer::Issuer,
    keys::handle::{HandleKey, Purpose},
};
use identifiers::{AccountId, Email};
use kernel::{Ids, Timestamp, Uuid};
use mail::{MailError, MailMessage, Mailer};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use storage::{Commit, Documents, QUERY_DOCUMENTS_MAX, StorageError, StoredDocument, Write};
use tokio::sync::{Mutex, mpsc};

/// Most mails that wait; beyond it nobody can ask for one.
const WAITING_MAX: usize = 10_000;
/// Time after which a mail that could not be delivered is given up: its link has ended.
const KEPT: Duration = Duration::from_hours(24);
/// Pause between two rounds, if nothing is asked for in between.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause after a round in which something could not be delivered.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(30);
/// Signals that wait for the next round; one more is needless.
const SIGNALS_MAX: usize = 64;

/// Queue of mails.
pub(crate) struct MailQueue {
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) handles: Arc<HandleKey>,
    pub(crate) issuer: Arc<Issuer>,
    /// Who delivers; without one, nothing is put into the queue.
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) ids: Ids,
    /// Name of the shop.
    pub(crate) shop: String,
    /// Address from which it writes.
    pub(crate) from: String,
    pub(crate) signals: Signals,
    /// Mails that waited at the end of the last round, and those that were asked for since.
    pub(crate) waiting: AtomicUsize,
}

/// Signals that a mail was put into the queue, each with the commit that has to be flushed before it can be seen there.
#[derive(Debug)]
pub(crate) struct Signals(mpsc::Sender<Commit>, Mutex<mpsc::Receiver<Commit>>);

impl Default for Signals {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(SIGNALS_MAX);
        Self(sender, Mutex::new(receiver))
    }
}

/// Mail in its last form, if there is somebody to write to.
struct Delivery {
    letter: Letter,
    to: String,
    link: Option<String>,
}

impl MailQueue {
    /// Whether mail can be sent.
    pub(crate) fn is_open(&self) -> bool {
        self.mailer.is_some()
    }

    /// Puts a mail into the queue.
    pub(crate) async fn push(&self, id: MailId, mail: &QueuedMail) -> Result<(), AuthError> {
        if !self.is_open() || self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(AuthError::Busy);
        }
        let commit = self.documents.write(vec![mail.put(id)?]).await?;
        self.signal(commit);
        Ok(())
    }

    /// The write of a notice about a change, to be committed with it; none if nobody delivers it, or nobody gets it.
    pub(crate) fn notice(
        &self,
        email: Option<&str>,
        notice: AccountNotice,
        language: &str,
    ) -> Result<Vec<Write>, StorageError> {
        let Some(email) = email.filter(|_| self.is_open()) else { return Ok(Vec::new()) };
        let reason = Reason::Changed { email: email.to_owned(), notice };
        let mail = QueuedMail { reason, language: language.to_owned(), at: self.ids.now() };
        Ok(vec![mail.put(self.ids.next())?])
    }

    /// Lets the next round begin once this is flushed.
    pub(crate) fn signal(&self, commit: Commit) {
        // A full channel means that a round is about to begin anyway.
        drop(self.signals.0.try_send(commit));
    }

    /// Delivers for ever. After an error it goes on a while later.
    pub(crate) async fn run(self: Arc<Self>) {
        if !self.is_open() {
            return;
        }
        let mut signals = self.signals.1.lock().await;
        let mut pause = PAUSE;
        loop {
            tokio::select! {
                Some(commit) = signals.recv() => drop(commit.wait().await),
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.round().await {
                Ok(()) => PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "mail waits for its delivery");
                    PAUSE_AFTER_ERROR
                }
            };
        }
    }

    /// Delivers what waits, the oldest first. If the store or the mailer cannot be used, the round ends: the others would not be
    /// delivered either.
    async fn round(&self) -> Result<(), AuthError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.documents.scan(&MAILS, after.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            let mut deletion = None;
            let delivered = self.deliver_page(&page, &mut deletion).await;
            // Until it is flushed, the next round would find what this one delivered.
            if let Some(deletion) = deletion {
                deletion.wait().await.map_err(unavailable)?;
            }
            delivered?;
        }
        self.waiting.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Delivers these mails; notes the last deletion of one.
    async fn deliver_page(
        &self,
        page: &[StoredDocument],
        deletion: &mut Option<Commit>,
    ) -> Result<(), AuthError> {
        for document in page {
            let delivered = self.deliver(document).await;
            *deletion = Some(self.drop_undeliverable(document, delivered).await?);
        }
        Ok(())
    }

    /// Drops a mail that no later attempt would deliver, so that it does not hold up the others.
    async fn drop_undeliverable(
        &self,
        document: &StoredDocument,
        delivered: Result<Commit, AuthError>,
    ) -> Result<Commit, AuthError> {
        match delivered {
            Err(AuthError::Rejected(_)) => self.delete(&document.key).await,
            Err(AuthError::Storage(
                error @ (StorageError::Corrupt(_) | StorageError::TooLarge { .. }),
            )) => {
                tracing::error!(mail = document.key, %error, "a mail cannot be written; it is dropped");
                self.delete(&document.key).await
            }
            delivered => delivered,
        }
    }

    async fn deliver(&self, document: &StoredDocument) -> Result<Commit, AuthError> {
        let Some((id, mail)) = decoded(document) else {
            tracing::error!(
                mail = document.key,
                "a mail in the queue cannot be read; it is dropped"
            );
            return self.delete(&document.key).await;
        };
        if self.ids.now() >= mail.at.checked_add(KEPT).unwrap_or(Timestamp::MAX) {
            tracing::warn!(mail = %id, "a mail could not be delivered for a day; it is dropped");
            return self.delete(&document.key).await;
        }
        if let Some(delivery) = self.decide(id, &mail).await?
            && let Some(mailer) = &self.mailer
        {
            match mailer.send(&self.message(id, &mail, &delivery)).await {
                Ok(()) => {}
                Err(MailError::Invalid(reason)) => {
                    tracing::error!(mail = %id, reason, "a mail has no valid form; it is dropped");
                }
                Err(MailError::Refused(reason)) => {
                    tracing::warn!(mail = %id, reason, "a mail was refused; it is dropped");
                }
                Err(error @ MailError::Unavailable(_)) => {
                    return Err(StorageError::Unavailable(error.to_string()).into());
                }
            }
        }
        self.delete(&document.key).await
    }

    /// What a mail says, and to whom. A link is made at first, in a commit that changes the mail as well, so that another attempt sends
    /// the same; one that can no longer be used is rejected.
    async fn decide(&self, id: MailId, mail: &QueuedMail) -> Result<Option<Delivery>, AuthError> {
        let link = |path: &str| Some(self.issuer.at(path));
        let with =
            |path: &str, handle: String| Some(self.issuer.at(&[path, "?link=", &handle].concat()));
        Ok(match &mail.reason {
            Reason::SignUp { email } => {
                let handle = || self.handles.issue(Purpose::SignUp, id.into(), 0);
                let (letter, link) = match self.account_at(email).await? {
                    Some(_) => (Letter::AccountExists, link("/forgot")),
                    None => (Letter::ConfirmSignUp, with("/verify", handle())),
                };
                Some(Delivery { letter, to: email.clone(), link })
            }
            Reason::PasswordReset { email } => {
                let Some(account) = self.account_at(email).await? else { return Ok(None) };
                let number = self.offer(id, mail, account).await?;
                self.reset(account, number).await?
            }
            Reason::SetUpOffered { account, number } => self.reset(*account, *number).await?,
            Reason::EmailChange { account, number, email } => {
                self.accounts.offered_email(*account, *number).await?;
                let handle = self.handles.issue(Purpose::EmailChange, (*account).into(), *number);
                let (letter, link) = (Letter::ConfirmEmailChange, with("/confirm-email", handle));
                Some(Delivery { letter, to: email.clone(), link })
            }
            Reason::Changed { email, notice } => {
                let (letter, link) = (Letter::Notice(*notice), link("/forgot"));
                Some(Delivery { letter, to: email.clone(), link })
            }
        })
    }

    async fn account_at(&self, email: &str) -> Result<Option<AccountId>, AuthError> {
        let Ok(email) = Email::parse(email) else { return Ok(None) };
        Ok(self.accounts.reached_at(&email).await?)
    }

    /// Makes the link of a reset, and changes the mail into one that has it, in one commit.
    async fn offer(
        &self,
        id: MailId,
        mail: &QueuedMail,
        account: AccountId,
    ) -> Result<u32, AuthError> {
        let offered = |number| {
            let reason = Reason::SetUpOffered { account, number };
            QueuedMail { reason, ..mail.clone() }.put(id).into_iter().collect()
        };
        self.accounts.offer_reset(account, offered).await
    }

    async fn reset(&self, account: AccountId, number: u32) -> Result<Option<Delivery>, AuthError> {
        let handle = self.handles.issue(Purpose::SetUp, account.into(), number);
        let (_, person) = self.accounts.offered(&handle).await?;
        let link = Some(self.issuer.at(&["/set-up?link=", &handle].concat()));
        Ok(person.email.map(|to| Delivery { letter: Letter::ResetPassword, to, link }))
    }

    fn message(&self, id: MailId, mail: &QueuedMail, delivery: &Delivery) -> MailMessage {
        let Delivery { letter, to, link } = delivery;
        let written = letter.write(&mail.language, &self.shop, link.as_deref());
        MailMessage {
            id: Uuid::from(id),
            date: mail.at,
            from: self.from.clone(),
            from_name: self.shop.clone(),
            to: to.clone(),
            subject: written.subject,
            text: written.text,
            html: written.html,
            link: link.clone(),
        }
    }

    async fn delete(&self, key: &str) -> Result<Commit, AuthError> {
        let delete = Write::Delete { collection: &MAILS, key: key.to_owned() };
        Ok(self.documents.write(vec![delete]).await?)
    }
}

impl fmt::Debug for MailQueue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MailQueue")
    }
}

#[cfg(test)]
mod tests;
