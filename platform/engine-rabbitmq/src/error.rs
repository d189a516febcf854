//! Errors of the engine.

use lapin::{
    Error, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};
use messaging::bus::BusError;

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
    /// Certificates of the authorities that cannot be read.
    #[error("{file}: {reason}")]
    Certificates {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
}

impl BrokerError {
    pub(crate) fn new(server: String, error: &Error) -> Self {
        let reason = error.to_string();
        match amqp_kind(error) {
            Some(AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)) => {
                Self::Credentials { server, reason }
            }
            Some(
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH)
                | AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND),
            ) => Self::VirtualHost { server, reason },
            _ => Self::Unreachable { server, reason },
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
    BusError::Unavailable(format!("RabbitMQ at {server}: {reason}"))
}
