//! Errors of the engine, and what they are at the port.

use mongodb::error::{Error, ErrorKind};
use storage::StorageError;

/// Why the engine could not be opened, in a sentence for the operator. None of them prints a password.
#[derive(Debug, thiserror::Error)]
pub enum MongoError {
    /// No server, or none that answers in time.
    #[error("no MongoDB server answers at {server}: {reason}")]
    Unreachable {
        /// Hosts and database.
        server: String,
        /// The reason of the operating system or the driver.
        reason: String,
    },
    /// Wrong user or password.
    #[error("MongoDB at {server} refuses the user or the password: {reason}")]
    Credentials {
        /// Hosts and database.
        server: String,
        /// The server's message.
        reason: String,
    },
    /// Server older than [`Self::VERSION_MIN`].
    #[error(
        "MongoDB at {server} is version {version}; version {} or later is needed",
        Self::VERSION_MIN
    )]
    Version {
        /// Hosts and database.
        server: String,
        /// Version of the server.
        version: String,
    },
    /// Documents in a layout that this program does not know.
    #[error(
        "the documents at {server} have layout {found}, and this program knows up to {}; use a newer program",
        Self::LAYOUT
    )]
    Layout {
        /// Hosts and database.
        server: String,
        /// Layout of the documents.
        found: i64,
    },
    /// Any other answer of the server.
    #[error("MongoDB at {server}: {reason}")]
    Server {
        /// Hosts and database.
        server: String,
        /// The server's message.
        reason: String,
    },
}

/// What the driver says of a server that it does not talk to.
const OLDER_STILL: &str = "reports wire version";
/// Codes of the server's answers to who is not let in: `Unauthorized` and `AuthenticationFailed`.
const REFUSED: [i32; 2] = [13, 18];

impl MongoError {
    /// Oldest version of MongoDB that is supported.
    pub const VERSION_MIN: u32 = 5;
    /// Layout of the documents.
    pub const LAYOUT: i64 = 1;

    pub(crate) fn new(server: &str, error: &Error) -> Self {
        let (server, reason) = (server.to_owned(), message(error));
        match &*error.kind {
            ErrorKind::Authentication { .. } => Self::Credentials { server, reason },
            // The driver refuses servers that are older still, as if there were none.
            _ if reason.contains(OLDER_STILL) => Self::Server { server, reason },
            ErrorKind::Command(command) if REFUSED.contains(&command.code) => {
                Self::Credentials { server, reason }
            }
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::ConnectionPoolCleared { .. } => Self::Unreachable { server, reason },
            _ => Self::Server { server, reason },
        }
    }
}

/// What the server or the driver says, in one line.
fn message(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Command(command) => command.message.clone(),
        ErrorKind::Authentication { message, .. } => message.clone(),
        kind => kind.to_string().replace('\n', " "),
    }
}

/// Error of a call, as the port has it.
pub(crate) fn storage_error(error: &Error) -> StorageError {
    StorageError::Unavailable(message(error))
}
