//! Errors of the engine.

use kernel::one_line;
use lapin::{
    Error, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};
use messaging::bus::BusError;
use tls_files::{PeerCertificateError, TlsFileError, other_answer, takes_connections};

/// Why the broker cannot be used, in a sentence for the operator. None of them prints a password.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No broker, or none that answers in time.
    #[error("no RabbitMQ broker answers at {server}: {reason}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// The reason of the operating system or the driver.
        reason: String,
    },
    /// Something that takes connections, but does not answer as it is asked to.
    #[error("what takes connections at {server} does not answer as RabbitMQ is asked to: {reason}")]
    Unexpected {
        /// Host and port.
        server: String,
        /// What it does, as far as it can be told.
        reason: String,
    },
    /// Wrong user or password.
    #[error("RabbitMQ at {server} refuses the user or the password: {reason}")]
    Credentials {
        /// Host and port.
        server: String,
        /// The broker's message.
        reason: String,
    },
    /// Virtual host that is not there, or not for this user.
    #[error("RabbitMQ at {server} refuses the virtual host: {reason}")]
    VirtualHost {
        /// Host and port.
        server: String,
        /// The broker's message.
        reason: String,
    },
    /// File of TLS that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// Server whose certificate no known authority has signed.
    #[error("the certificate of RabbitMQ at {server} is not trusted: {reason}")]
    Untrusted {
        /// Host and port.
        server: String,
        /// The reason.
        reason: String,
    },
    /// Server whose certificate is of another name.
    #[error("the certificate of RabbitMQ at {server} is of another name: {reason}")]
    OtherName {
        /// Host and port.
        server: String,
        /// The reason.
        reason: String,
    },
}

impl BrokerError {
    pub(crate) fn new(server: String, error: &Error) -> Self {
        let reason = one_line(&error.to_string());
        match amqp_kind(error) {
            Some(AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)) => {
                Self::Credentials { server, reason }
            }
            Some(
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH)
                | AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND),
            ) => Self::VirtualHost { server, reason },
            _ => match PeerCertificateError::of(&reason) {
                Some(PeerCertificateError::OtherName) => Self::OtherName { server, reason },
                Some(PeerCertificateError::Untrusted) => Self::Untrusted { server, reason },
                None => Self::Unreachable { server, reason },
            },
        }
    }

    /// The same, once it is known whether anything takes connections where nobody answers.
    pub(crate) async fn probed(self) -> Self {
        match self {
            Self::Unreachable { server, reason } if takes_connections(&server).await => {
                Self::Unexpected { server, reason: other_answer(&reason) }
            }
            other => other,
        }
    }
}

/// Whether somebody else consumes the queue.
pub(crate) fn is_taken(error: &Error) -> bool {
    matches!(
        amqp_kind(error),
        Some(AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::RESOURCELOCKED))
    )
}

fn amqp_kind(error: &Error) -> Option<&AMQPErrorKind> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.kind()),
        _ => None,
    }
}

pub(crate) fn unavailable(server: &str, reason: impl std::fmt::Display) -> BusError {
    BusError::Unavailable(one_line(&format!("RabbitMQ at {server}: {reason}")))
}
