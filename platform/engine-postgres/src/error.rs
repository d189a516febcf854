//! Errors of the engine, and what they are at the ports.

use kernel::one_line;
use storage::StorageError;
use tls_files::{PeerCertificateError, TlsFileError};
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
    /// No password, and a server that asks for one.
    #[error("PostgreSQL at {server} asks for a password, and none is given")]
    NoPassword {
        /// Host, port and database.
        server: String,
    },
    /// Something that answers, but not as it was asked: without TLS, or in another protocol.
    #[error(
        "what takes connections at {server} does not answer as PostgreSQL is asked to: {reason}"
    )]
    Unexpected {
        /// Host, port and database.
        server: String,
        /// What it does, or what the driver says of it.
        reason: String,
    },
    /// User who may not do what a migration does.
    #[error("PostgreSQL at {server} does not let {user} migrate it: {reason}")]
    Rights {
        /// Host, port and database.
        server: String,
        /// User of the connection.
        user: String,
        /// What the user may not do.
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
    /// Database in an encoding that lacks characters.
    #[error(
        "the database at {server} has the encoding {encoding}, which cannot hold every text: create one with ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding {
        /// Host, port and database.
        server: String,
        /// Its encoding.
        encoding: String,
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
    /// Database that a running shop uses.
    #[error(
        "another shop, or a process with some of its services, is connected to the database at {server}{address}{since}: stop it first; if it is gone for certain, end its connections with pg_terminate_backend"
    )]
    InUse {
        /// Host, port and database.
        server: String,
        /// Where it connects from, as ` from ADDRESS`; empty where the server does not say.
        address: String,
        /// Since when, as ` since TIME`; empty where the server does not say.
        since: String,
    },
    /// Services whose lease another process has taken while they were opened.
    #[error("another process has taken the lease on the services in the database at {server}")]
    Superseded {
        /// Host, port and database.
        server: String,
    },
    /// Server that accepts connections and does not answer.
    #[error("PostgreSQL at {server} does not answer within {seconds} seconds")]
    Silent {
        /// Host, port and database.
        server: String,
        /// How long was waited.
        seconds: u64,
    },
    /// File of TLS that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// Server whose certificate no known authority has signed.
    #[error("the certificate of PostgreSQL at {server} is not trusted: {reason}")]
    Untrusted {
        /// Host, port and database.
        server: String,
        /// The reason.
        reason: String,
    },
    /// Server whose certificate is of another name.
    #[error("the certificate of PostgreSQL at {server} is of another name: {reason}")]
    OtherName {
        /// Host, port and database.
        server: String,
        /// The reason.
        reason: String,
    },
    /// Server that takes no writes.
    #[error(
        "PostgreSQL at {server} takes no writes: it is a standby, or read-only by its settings; give the address of the primary"
    )]
    ReadOnly {
        /// Host, port and database.
        server: String,
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
/// What the driver says when the server asks for a password that it does not have.
const NO_PASSWORD: &str = "password missing";
/// What it says when the server refuses to speak TLS.
const NO_TLS: &str = "server does not support TLS";
/// How it begins where nothing took a connection.
const NOT_REACHED: &str = "error connecting to server";

impl DatabaseError {
    /// Oldest version of PostgreSQL that is tested.
    pub const VERSION_MIN: u32 = 15;

    pub(crate) fn new(server: &str, error: &tokio_postgres::Error) -> Self {
        let (server, reason) = (server.to_owned(), message(error));
        match error.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                Self::Credentials { server, reason }
            }
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Self::ReadOnly { server },
            Some(code) if code.code() == NO_DATABASE => Self::NoDatabase { server, reason },
            Some(_) => Self::Server { server, reason },
            None => Self::of_driver(server, reason),
        }
    }

    /// Error that is no answer of the server.
    fn of_driver(server: String, reason: String) -> Self {
        match PeerCertificateError::of(&reason) {
            Some(PeerCertificateError::OtherName) => return Self::OtherName { server, reason },
            Some(PeerCertificateError::Untrusted) => return Self::Untrusted { server, reason },
            None => {}
        }
        if reason.contains(NO_PASSWORD) {
            return Self::NoPassword { server };
        }
        if reason.contains(NO_TLS) {
            let reason = "it does not speak TLS, which sslmode or the files of TLS ask for";
            return Self::Unexpected { server, reason: reason.to_owned() };
        }
        if reason.starts_with(NOT_REACHED) {
            return Self::Unreachable { server, reason };
        }
        Self::Unexpected { server, reason }
    }

    /// Error of a statement in a schema, which it names: the server says which table it is, and each schema has one of that name.
    pub(crate) fn in_schema(server: &str, schema: &str, error: &tokio_postgres::Error) -> Self {
        match Self::new(server, error) {
            Self::Server { server, reason } => {
                Self::Server { server, reason: format!("in the schema {schema}: {reason}") }
            }
            other => other,
        }
    }
}

/// What the server or the driver says, with its cause.
pub(crate) fn message(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return one_line(database.message());
    }
    one_line(&match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

/// The same of a statement in a schema: the server names the table, of which each schema has one, and not the schema.
pub(crate) fn storage_error_in(schema: &str, error: &tokio_postgres::Error) -> StorageError {
    match storage_error(error) {
        StorageError::Unavailable(reason) if error.as_db_error().is_some() => {
            StorageError::Unavailable(format!("in the schema {schema}: {reason}"))
        }
        other => other,
    }
}

/// Error of a statement, as the ports have it.
pub(crate) fn storage_error(error: &tokio_postgres::Error) -> StorageError {
    match error.code() {
        Some(&SqlState::DISK_FULL) => StorageError::Full,
        _ => StorageError::Unavailable(message(error)),
    }
}

/// Key of the events: stream and version.
const EVENTS_KEY: &str = "events_pkey";

/// Whether a statement failed because of what it was asked, and would fail again.
pub(crate) fn is_refused(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        // Classes: data exception, integrity constraint, syntax or access rule, program limit, insufficient resources.
        ["22", "23", "42", "54", "53"].contains(&&code.code()[..2])
            && *code != SqlState::TOO_MANY_CONNECTIONS
    })
}

/// Whether another process appended the same event of a stream while the statement waited for it. The next attempt sees that one.
pub(crate) fn was_overtaken(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::UNIQUE_VIOLATION && error.constraint() == Some(EVENTS_KEY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_otherwise_is_told_from_what_does_not_answer() {
        let of = |reason: &str| DatabaseError::of_driver("h:1/d".to_owned(), reason.to_owned());
        let refused = of("error connecting to server: Connection refused (os error 111)");
        assert!(refused.to_string().starts_with("no PostgreSQL server answers"), "{refused}");
        let late = of("error connecting to server: connection timed out");
        assert!(matches!(late, DatabaseError::Unreachable { .. }), "{late}");
        let plain = of("error performing TLS handshake: server does not support TLS");
        assert!(plain.to_string().contains("does not speak TLS"), "{plain}");
        for other in
            ["unexpected message from server", "connection closed", "timeout waiting for server"]
        {
            assert!(
                of(other).to_string().starts_with("what takes connections at h:1/d"),
                "{other}"
            );
        }
        let none = of("invalid configuration: password missing");
        assert!(none.to_string().contains("asks for a password"), "{none}");
    }
}
