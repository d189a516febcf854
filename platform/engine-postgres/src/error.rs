//! Errors of the engine, and what they are at the ports.

use storage::StorageError;
use tokio_postgres::error::SqlState;

/// Why the engine could not be opened, in a sentence for the operator. None of them prints a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No server, or none that answers in time.
    #[error("no PostgreSQL server answers at {server}: {reason}")]
    Unreachable {
        /// Host, port and database.
        server: String,
        /// The reason of the operating system or the driver.
        reason: String,
    },
    /// Wrong user or password.
    #[error("PostgreSQL at {server} refuses the user or the password: {reason}")]
    Credentials {
        /// Host, port and database.
        server: String,
        /// The server's message.
        reason: String,
    },
    /// Database that does not exist.
    #[error("PostgreSQL at {server} does not have this database: {reason}")]
    NoDatabase {
        /// Host, port and database.
        server: String,
        /// The server's message.
        reason: String,
    },
    /// Server older than [`Self::VERSION_MIN`].
    #[error(
        "PostgreSQL at {server} is version {version}; version {} or later is needed",
        Self::VERSION_MIN
    )]
    Version {
        /// Host, port and database.
        server: String,
        /// Version of the server.
        version: String,
    },
    /// Schema that lacks migrations, or has some that this program does not know.
    #[error("the schema {schema} is not ready: {reason}")]
    Schema {
        /// Name of the schema.
        schema: String,
        /// What is the matter, and what to do.
        reason: String,
    },
    /// Database into which a move or a restore was broken off.
    #[error(
        "a move or a restore into the database at {server} was broken off: run the same command again, which goes on with it"
    )]
    Unfinished {
        /// Host, port and database.
        server: String,
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
    #[error("PostgreSQL at {server}: {reason}")]
    Server {
        /// Host, port and database.
        server: String,
        /// The server's message.
        reason: String,
    },
}

/// Code of the server's answer to who names a database that it does not have (`3D000`).
const NO_DATABASE: &str = "3D000";

impl DatabaseError {
    /// Oldest version of PostgreSQL that is tested.
    pub const VERSION_MIN: u32 = 15;

    pub(crate) fn new(server: &str, error: &tokio_postgres::Error) -> Self {
        let (server, reason) = (server.to_owned(), message(error));
        match error.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                Self::Credentials { server, reason }
            }
            Some(code) if code.code() == NO_DATABASE => Self::NoDatabase { server, reason },
            Some(_) => Self::Server { server, reason },
            None => Self::Unreachable { server, reason },
        }
    }
}

/// What the server or the driver says, with its cause.
pub(crate) fn message(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return database.message().to_owned();
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Error of a statement, as the ports have it.
pub(crate) fn storage_error(error: &tokio_postgres::Error) -> StorageError {
    match error.code() {
        Some(&SqlState::DISK_FULL) => StorageError::Full,
        _ => StorageError::Unavailable(message(error)),
    }
}

/// Whether a statement failed because of what it was asked, and would fail again.
pub(crate) fn is_refused(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        // Classes: data exception, integrity constraint, syntax or access rule, program limit, insufficient resources.
        ["22", "23", "42", "54", "53"].contains(&&code.code()[..2])
            && *code != SqlState::TOO_MANY_CONNECTIONS
    })
}
