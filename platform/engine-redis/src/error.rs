//! Errors of the engine, and what they are at the port.

use redis::{ErrorKind, RedisError, ServerErrorKind};
use storage::StorageError;

/// Why the engine could not be opened, in a sentence for the operator. None of them prints a password.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No server, or none that answers in time.
    #[error("no Redis server answers at {server}: {reason}")]
    Unreachable {
        /// Hosts and ports.
        server: String,
        /// The reason of the operating system or the driver.
        reason: String,
    },
    /// Wrong user or password, or one who may not do what is needed.
    #[error("Redis at {server} refuses the user or the password: {reason}")]
    Credentials {
        /// Hosts and ports.
        server: String,
        /// The server's message.
        reason: String,
    },
    /// Server older than [`Self::VERSION_MIN`].
    #[error(
        "Redis at {server} is version {version}; version {} or later is needed",
        Self::VERSION_MIN
    )]
    Version {
        /// Hosts and ports.
        server: String,
        /// Version of the server.
        version: String,
    },
    /// Certificates of the authorities that cannot be read.
    #[error("{file}: {reason}")]
    Certificates {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// Any other answer of the server.
    #[error("Redis at {server}: {reason}")]
    Server {
        /// Hosts and ports.
        server: String,
        /// The server's message.
        reason: String,
    },
}

/// Codes of the answers to who is not known, or may not do it.
const REFUSALS: [&str; 3] = ["NOAUTH", "WRONGPASS", "NOPERM"];

impl ServerError {
    /// Oldest version of Redis that is tested.
    pub const VERSION_MIN: u32 = 7;

    pub(crate) fn new(server: String, error: &RedisError) -> Self {
        let reason = error.to_string();
        if error.kind() == ErrorKind::AuthenticationFailed
            || error.code().is_some_and(|code| REFUSALS.contains(&code))
        {
            return Self::Credentials { server, reason };
        }
        match error.kind() {
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable { server, reason }
            }
            _ => Self::Server { server, reason },
        }
    }
}

/// Whether the connection is of no use any more, so that another one may do better.
pub(crate) fn is_lost(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.is_timeout()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ClusterDown)
}

/// Whether the server does not have the script.
pub(crate) fn lacks_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

pub(crate) fn unavailable(server: &str, reason: impl std::fmt::Display) -> StorageError {
    StorageError::Unavailable(format!("Redis at {server}: {reason}"))
}
