//! Errors of the engine, and what they are at the port.

use kernel::one_line;
use mongodb::error::{Error, ErrorKind};
use storage::StorageError;
use tls_files::{other_answer, takes_connections};

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
    /// Something that takes connections, but does not answer as it is asked to.
    #[error("what takes connections at {server} does not answer as MongoDB is asked to: {reason}")]
    Unexpected {
        /// Hosts and database.
        server: String,
        /// What it does, as far as it can be told.
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
    /// File of certificates that cannot be used.
    #[error("{file}: {reason}")]
    Certificates {
        /// The file.
        file: String,
        /// Why.
        reason: String,
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

impl MongoError {
    /// The same, once it is known whether anything takes connections where nobody answers. `hosts` has a port with each.
    pub(crate) async fn probed(self, hosts: &str) -> Self {
        match self {
            Self::Unreachable { server, reason } if takes_connections(hosts).await => {
                Self::Unexpected { server, reason: other_answer(&reason) }
            }
            other => other,
        }
    }
}

/// What the driver writes before and after the reason of the operating system, in its description of all servers.
const REASON: (&str, &str) = ("I/O error: ", ", labels:");

/// What the server or the driver says, in one line.
pub(crate) fn message(error: &Error) -> String {
    one_line(&match &*error.kind {
        ErrorKind::ServerSelection { message, .. } => {
            let reason = message.split_once(REASON.0).map(|(_, rest)| rest);
            let reason = reason.and_then(|rest| Some(rest.split_once(REASON.1)?.0));
            reason.unwrap_or(message).to_owned()
        }
        ErrorKind::Command(command) => command.message.clone(),
        ErrorKind::Authentication { message, .. } => message.clone(),
        kind => kind.to_string(),
    })
}

/// Error of a call, as the port has it.
pub(crate) fn storage_error(error: &Error) -> StorageError {
    StorageError::Unavailable(message(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reason_of_the_operating_system_is_told_without_the_description_of_all_servers() {
        let url = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100";
        let client = mongodb::Client::with_uri_str(url).await.expect("it is a URL");
        let error = client.list_database_names().await.expect_err("nobody is there");
        assert_eq!(message(&error), "Connection refused (os error 111)");
    }
}
