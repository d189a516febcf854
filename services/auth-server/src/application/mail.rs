//! Mail to people: letters, and the queue in which they wait for their delivery.

mod letter;
mod letter_texts;
pub(crate) mod links;
mod queue;
mod queued_mail;

pub(crate) use letter::AccountNotice;
pub(crate) use queue::{MailQueue, Signals};
pub(crate) use queued_mail::{MailId, QueuedMail, Reason};
