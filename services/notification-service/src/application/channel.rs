//! Channel by which customers are told: e-mail, to a mail server, into a folder, or onto a terminal.

use mail::Mailer;
use std::{fmt, sync::Arc};

/// E-mail.
#[derive(Clone)]
pub(crate) struct MailChannel {
    pub(crate) mailer: Arc<dyn Mailer>,
    /// Address from which the shop writes.
    pub(crate) from: String,
}

impl fmt::Debug for MailChannel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MailChannel").field("mailer", &self.mailer).finish_non_exhaustive()
    }
}
