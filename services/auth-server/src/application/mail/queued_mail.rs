//! Mail in the queue: why it is sent, and to whom. The record has an address and no secret: links are made when it is delivered.

use super::letter::AccountNotice;
use identifiers::AccountId;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use storage::{Collection, Document, StorageError, StoredDocument, Write};

/// Mails that wait for their delivery.
pub(super) static MAILS: Collection = Collection { name: "mails", indexes: &[] };

kernel::id!(/// Identifier of a mail.
    MailId);

/// Mail that waits.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct QueuedMail {
    pub(crate) reason: Reason,
    /// Tag of the language.
    pub(crate) language: String,
    pub(crate) at: Timestamp,
}

/// Reason of a mail, and whom it goes to.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Somebody wants an account with this address.
    SignUp { email: String },
    /// Somebody wants to reset the password of this address.
    PasswordReset { email: String },
    /// A link to set a password was made for this account.
    SetUpOffered { account: AccountId, number: u32 },
    /// An account wants to take up this address.
    EmailChange { account: AccountId, number: u32, email: String },
    /// Something changed about an account with this address.
    Changed { email: String, notice: AccountNotice },
}

impl QueuedMail {
    /// The write that puts the mail into the queue, to be committed with what it is about.
    pub(crate) fn put(&self, id: MailId) -> Result<Write, StorageError> {
        let body = serde_json::to_vec(self);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let document = Document { key: id.to_string(), body: body.into(), fields: Vec::new() };
        Ok(Write::Put { collection: &MAILS, document })
    }
}

impl fmt::Debug for QueuedMail {
    /// Without the address.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("QueuedMail").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Mail of a document, with its identifier.
pub(super) fn decoded(document: &StoredDocument) -> Option<(MailId, QueuedMail)> {
    Some((document.key.parse().ok()?, serde_json::from_slice(&document.body).ok()?))
}
