//! Messages on a terminal: a line each, for whoever tries the program on one machine.

use crate::{MailError, MailMessage, Mailer};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::{fmt, io::Write, sync::Arc};

/// Delivery as a line of text, with the link if there is one. Whoever sees the terminal can follow it.
#[derive(Clone)]
pub struct MailTerminal(Arc<Mutex<dyn Write + Send>>);

impl MailTerminal {
    /// Delivery to this output.
    pub fn new(output: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }
}

#[async_trait]
impl Mailer for MailTerminal {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        let MailMessage { to, subject, link, .. } = message;
        let link = link.as_deref().unwrap_or_default();
        // What somebody entered as an address must not move the cursor.
        let text: String = format!("mail to {to}: {subject}  {link}")
            .chars()
            .filter(|it| !it.is_control())
            .collect();
        let written = {
            let mut output = self.0.lock();
            writeln!(output, "{}", text.trim_end()).and_then(|()| output.flush())
        };
        written.map_err(|error| MailError::Unavailable(error.to_string()))
    }
}

impl fmt::Debug for MailTerminal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MailTerminal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Timestamp, Uuid};

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_message_is_one_line_with_its_link() {
        let output = Output::default();
        let mut message = MailMessage {
            id: Uuid::from_u128(1),
            date: Timestamp::UNIX_EPOCH,
            from: "shop@example.com".to_owned(),
            from_name: "Shop".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "Confirm\n\u{1b}[2J".to_owned(),
            text: "a body".to_owned(),
            html: String::new(),
            link: Some("http://127.0.0.1:8080/auth/verify?link=x".to_owned()),
        };
        let terminal = MailTerminal::new(output.clone());
        terminal.send(&message).await.unwrap();
        message.link = None;
        terminal.send(&message).await.unwrap();
        let written = String::from_utf8(output.0.lock().clone()).unwrap();
        let expected = "mail to ada@example.com: Confirm[2J  http://127.0.0.1:8080/auth/verify?link=x\nmail to ada@example.com: Confirm[2J\n";
        assert_eq!(written, expected);
    }
}
