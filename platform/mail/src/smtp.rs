//! Client of a mail server (SMTP, RFC 5321), with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314). A connection carries one message.

mod bounded_stream;
mod options;
mod reply;

pub use options::{SmtpOptions, SmtpOptionsError, SmtpPart};

use crate::{MailError, MailMessage, Mailer};
use async_trait::async_trait;
use bounded_stream::BoundedStream;
use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};
use options::{Encryption, MailServer};
use reply::{refused, unavailable};
use std::{fmt, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Delivery to a mail server, which accepts a message or not. Whether it accepted one whose answer was lost, nobody can know: such a
/// message is [`MailError::Unavailable`], and another attempt has the same `Message-ID`.
#[derive(Clone)]
pub struct SmtpMailer {
    server: MailServer,
    hello: ClientId,
    timeout: Duration,
}

impl SmtpMailer {
    /// A client of the server with these options. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SmtpOptionsError`] for options that name no server, or files that cannot be read.
    pub fn new(options: &SmtpOptions) -> Result<Self, SmtpOptionsError> {
        let server = MailServer::of(options)?;
        let hello = if options.hello.is_empty() {
            ClientId::default()
        } else {
            ClientId::Domain(options.hello.clone())
        };
        Ok(Self { server, hello, timeout: options.timeout })
    }

    /// Connection on which messages are taken. Whatever the server says against it is no reason to give up a message.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let MailServer { host, port, encryption, tls, credentials } = &self.server;
        let address = (host.as_str(), *port);
        if *encryption == Encryption::Implicit {
            // The server has shown its certificate, so what it says needs no bound but that of time.
            let tls = Some(TlsParameters::clone(tls));
            let limit = Some(self.timeout);
            let connection =
                AsyncSmtpConnection::connect_tokio1(address, limit, &self.hello, tls, None).await;
            let connection = connection.map_err(|error| unavailable(&error))?;
            return authenticated(connection, credentials.as_ref()).await;
        }
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|error| MailError::Unavailable(error.to_string()))?;
        let stream = Box::new(BoundedStream::new(stream));
        let connection = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
        let mut connection = connection.map_err(|error| unavailable(&error))?;
        if *encryption == Encryption::Required || connection.can_starttls() {
            let encrypted = connection.starttls(tls.clone(), &self.hello).await;
            encrypted.map_err(|error| unavailable(&error))?;
        }
        authenticated(connection, credentials.as_ref()).await
    }

    async fn deliver(&self, message: &MailMessage) -> Result<(), MailError> {
        let bytes = message.to_ascii_bytes()?;
        let from: Address = message.from.parse().map_err(|_| MailError::Invalid("the sender"))?;
        let to: Address = message.to.parse().map_err(|_| MailError::Invalid("the recipient"))?;
        let mut connection = self.connect().await?;
        let mut parameters = Vec::new();
        if !bytes.is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                connection.abort().await;
                return Err(MailError::Refused("the server takes no such address".to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sent = hand_over(&mut connection, from, parameters, to, &bytes).await;
        // The message is accepted, or it is not: how the connection ends says nothing about it.
        connection.abort().await;
        sent
    }
}

async fn authenticated(
    mut connection: AsyncSmtpConnection,
    credentials: Option<&Credentials>,
) -> Result<AsyncSmtpConnection, MailError> {
    if let Some(credentials) = credentials {
        let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
        signed_in.map_err(|error| unavailable(&error))?;
    }
    Ok(connection)
}

/// The commands of one message. What is said against the sender concerns all messages, and a later attempt may find it mended; what is said
/// against the recipient or the content concerns this one.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    from: Address,
    parameters: Vec<MailParameter>,
    to: Address,
    bytes: &[u8],
) -> Result<(), MailError> {
    let mail = Mail::new(Some(from), parameters);
    connection.command(mail).await.map_err(|error| unavailable(&error))?;
    connection.command(Rcpt::new(to, Vec::new())).await.map_err(|error| refused(&error))?;
    connection.command(Data).await.map_err(|error| refused(&error))?;
    // The end of the message brings the last line break itself.
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    connection.message(bytes).await.map_err(|error| refused(&error))?;
    Ok(())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        let late = |_| MailError::Unavailable("the mail server did not answer in time".to_owned());
        timeout(self.timeout, self.deliver(message)).await.map_err(late)?
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SmtpMailer").field("host", &self.server.host).finish_non_exhaustive()
    }
}
