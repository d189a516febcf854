//! E-mail: messages (RFC 5322), the port through which they are delivered, and three adapters of it: a folder of files, lines on a
//! terminal, and a mail server (SMTP).
//!
//! ```
//! use mail::{MailFolder, Mailer, MailMessage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let mailer = MailFolder::open(folder.path())?;
//! let message = MailMessage {
//!     id: kernel::Uuid::from_u128(1),
//!     date: kernel::Timestamp::UNIX_EPOCH,
//!     from: "no-reply@shop.example".to_owned(),
//!     from_name: "Shop".to_owned(),
//!     to: "ada@example.com".to_owned(),
//!     subject: "Welcome".to_owned(),
//!     text: "Welcome to the shop.".to_owned(),
//!     html: "<p>Welcome to the shop.</p>".to_owned(),
//!     link: None,
//! };
//! mailer.send(&message).await?;
//! mailer.send(&message).await?;
//! assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "a message is delivered once");
//! # Ok(())
//! # })
//! # }
//! ```

#![warn(missing_docs)]

mod folder;
mod message;
mod smtp;
mod terminal;

pub use folder::{FILES_MAX, MailFolder};
pub use message::{LINE_BYTES_MAX, MailMessage};
pub use smtp::{SmtpMailer, SmtpOptions, SmtpOptionsError, SmtpPart};
pub use terminal::MailTerminal;

use async_trait::async_trait;
use kernel::Uuid;
use std::{fmt::Debug, sync::Arc};

/// Port of delivery.
#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Hands a message over for delivery. One whose identifier was handed over before is success and is not delivered again, as far as
    /// the adapter can tell; every adapter keeps the identifier (`Message-ID`), so that a recipient can tell as well.
    ///
    /// # Errors
    ///
    /// [`MailError`].
    async fn send(&self, message: &MailMessage) -> Result<(), MailError>;

    /// Removes what the adapter keeps of a message, because its recipient was erased. One that keeps nothing has nothing to do.
    ///
    /// # Errors
    ///
    /// [`MailError::Unavailable`] if it cannot be removed now.
    async fn remove(&self, _id: Uuid) -> Result<(), MailError> {
        Ok(())
    }
}

/// Delivery by two mailers, one after the other.
#[derive(Clone, Debug)]
pub struct MailTee {
    /// The one whose success counts: a message that it did not take is not given to the other.
    pub first: Arc<dyn Mailer>,
    /// The other. Its failure is logged, and no reason to deliver the message once more.
    pub second: Arc<dyn Mailer>,
}

#[async_trait]
impl Mailer for MailTee {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        self.first.send(message).await?;
        if let Err(error) = self.second.send(message).await {
            tracing::warn!(mail = %message.id, %error, "a mail was delivered by the first mailer alone");
        }
        Ok(())
    }

    async fn remove(&self, id: Uuid) -> Result<(), MailError> {
        self.first.remove(id).await?;
        self.second.remove(id).await
    }
}

/// Reason why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The message has no valid form; another attempt is useless.
    #[error("the message cannot be written: {0}")]
    Invalid(&'static str),
    /// Whoever was to deliver the message said no, to its recipient or to its content; another attempt is useless.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// Delivery is not possible now; another attempt may succeed.
    #[error("mail cannot be delivered: {0}")]
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Timestamp, Uuid};

    /// Mailer that counts, and fails or not.
    #[derive(Debug)]
    struct CountingMailer(parking_lot::Mutex<usize>, bool);

    impl CountingMailer {
        fn new(fails: bool) -> Arc<Self> {
            Arc::new(Self(parking_lot::Mutex::default(), fails))
        }
    }

    #[async_trait]
    impl Mailer for CountingMailer {
        async fn send(&self, _: &MailMessage) -> Result<(), MailError> {
            *self.0.lock() += 1;
            if self.1 { Err(MailError::Unavailable("closed".to_owned())) } else { Ok(()) }
        }
    }

    fn message() -> MailMessage {
        MailMessage {
            id: Uuid::from_u128(1),
            date: Timestamp::UNIX_EPOCH,
            from: "shop@example.com".to_owned(),
            from_name: "Shop".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            html: String::new(),
            link: None,
        }
    }

    #[tokio::test]
    async fn the_success_of_the_first_mailer_counts_and_that_of_the_second_does_not() {
        for (fails, is_sent, counts) in [
            ([false, false], true, [1, 1]),
            ([false, true], true, [1, 1]),
            ([true, false], false, [1, 0]),
        ] {
            let [first, second] = fails.map(CountingMailer::new);
            let tee = MailTee { first: first.clone(), second: second.clone() };
            assert_eq!(tee.send(&message()).await.is_ok(), is_sent, "{fails:?}");
            assert_eq!([*first.0.lock(), *second.0.lock()], counts, "{fails:?}");
        }
    }
}
