//! Errors of the engine, and what they are at the port.

use kernel::one_line;
use redis::{ErrorKind, RedisError, ServerErrorKind};
use storage::StorageError;
use tls_files::{PeerCertificateError, TlsFileError, other_answer, takes_connections};

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
    /// Something that takes connections, but does not answer as it is asked to.
    #[error("what takes connections at {server} does not answer as Redis is asked to: {reason}")]
    Unexpected {
        /// Hosts and ports.
        server: String,
        /// What it does, as far as it can be told.
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
    /// File of TLS that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// Server whose certificate no known authority has signed.
    #[error("the certificate of Redis at {server} is not trusted: {reason}")]
    Untrusted {
        /// Hosts and ports.
        server: String,
        /// The reason.
        reason: String,
    },
    /// Server whose certificate is of another name.
    #[error("the certificate of Redis at {server} is of another name: {reason}")]
    OtherName {
        /// Hosts and ports.
        server: String,
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
        let reason = sentence(error);
        if error.kind() == ErrorKind::AuthenticationFailed
            || error.code().is_some_and(|code| REFUSALS.contains(&code))
        {
            return Self::Credentials { server, reason };
        }
        match PeerCertificateError::of(&reason) {
            Some(PeerCertificateError::OtherName) => return Self::OtherName { server, reason },
            Some(PeerCertificateError::Untrusted) => return Self::Untrusted { server, reason },
            None => {}
        }
        match error.kind() {
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable { server, reason }
            }
            ErrorKind::Parse => Self::Unexpected { server, reason: other_answer(&reason) },
            _ => Self::Server { server, reason },
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

/// Most characters of a sentence about an error.
const SENTENCE_CHARS_MAX: usize = 300;

/// One sentence about an error. Where commands of a pipeline failed it is about the first of them, with their number: the driver
/// would list all of them.
pub(crate) fn sentence(error: &RedisError) -> String {
    let failed = error.clone().into_server_errors();
    let text = match failed.as_deref() {
        Some([(_, first), _, ..]) => {
            let count = failed.as_ref().map_or(0, |failed| failed.len());
            format!("{count} commands failed, the first one with: {first}")
        }
        Some([(_, only)]) => only.to_string(),
        Some([]) | None => error.to_string(),
    };
    match text.char_indices().nth(SENTENCE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
    StorageError::Unavailable(one_line(&format!("Redis at {server}: {reason}")))
}
