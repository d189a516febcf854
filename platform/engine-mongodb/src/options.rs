//! Options: server, database and limits.

use mongodb::options::ConnectionString;
use std::{path::PathBuf, time::Duration};

/// How long a connection may take by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a call may take by default.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Port of a host whose URL names none.
const PORT: u16 = 27_017;

/// Options of a connection to MongoDB.
///
/// ```
/// use engine_mongodb::MongoOptions;
///
/// let options = MongoOptions::new("mongodb://shop:secret@127.0.0.1:27017/shop")?;
/// assert_eq!(options.server(), "127.0.0.1:27017/shop");
/// assert!(!format!("{options:?}").contains("secret"), "a password is never printed");
/// assert!(MongoOptions::new("mongodb://127.0.0.1").is_err(), "without a database");
/// # Ok::<(), engine_mongodb::MongoUrlError>(())
/// ```
#[derive(Clone)]
pub struct MongoOptions {
    /// Server, database and credentials.
    pub(crate) connection: ConnectionString,
    /// Hosts and database, for messages.
    server: String,
    /// Name of the database.
    pub(crate) database: String,
    /// File with the certificates of authorities, in PEM, that may have signed the server's, which is asked for TLS then.
    pub certificate_authorities: Option<PathBuf>,
    /// How long a connection may take, and the search for a server that answers. Less than [`Self::operation_timeout`], so that an error
    /// says what is wrong with the server.
    pub connect_timeout: Duration,
    /// How long one call of the store may take that reads, however many times it asks the server; and each command of one that writes.
    pub operation_timeout: Duration,
    /// Calls that are under way at once; further ones are refused.
    pub operations_max: usize,
    /// Connections to each server.
    pub connections_max: u32,
}

/// URL that does not name a database of MongoDB.
#[derive(Debug, thiserror::Error)]
#[error("expected mongodb://USER:PASSWORD@HOST:PORT/DATABASE: {0}")]
pub struct MongoUrlError(String);

impl MongoOptions {
    /// Options for the database that a URL names, with the default limits. `?tls=true` asks for TLS, `?replicaSet=NAME` names a
    /// replica set.
    ///
    /// # Errors
    ///
    /// [`MongoUrlError`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, MongoUrlError> {
        let Some(rest) = url.strip_prefix("mongodb://") else {
            return Err(MongoUrlError("it begins with another scheme".to_owned()));
        };
        // What comes before is a password perhaps.
        let server = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
        let (server, query) = server.split_once('?').unwrap_or((server, ""));
        check_parameters(query)?;
        let server = server.to_owned();
        let connection = ConnectionString::parse(url).map_err(|_| {
            // The driver's reason may have a part of the password in it.
            MongoUrlError(
                "letters such as @, : and / are written %40, %3A and %2F in a name or password"
                    .to_owned(),
            )
        })?;
        let Some(database) = connection.default_database.clone() else {
            return Err(MongoUrlError("it has no database".to_owned()));
        };
        Ok(Self {
            connection,
            server,
            database,
            certificate_authorities: None,
            connect_timeout: CONNECT_TIMEOUT,
            operation_timeout: OPERATION_TIMEOUT,
            operations_max: 256,
            connections_max: 16,
        })
    }

    /// Hosts with their ports, separated by commas.
    pub(crate) fn hosts(&self) -> String {
        let hosts = self.server.split('/').next().unwrap_or_default().split(',');
        let with_port = hosts.map(|host| {
            let has_port =
                host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if has_port { host.to_owned() } else { format!("{host}:{PORT}") }
        });
        with_port.collect::<Vec<_>>().join(",")
    }

    /// Hosts and database, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }
}

/// Parameters of the URL that would do without a check of the server.
const UNCHECKED: [&str; 3] =
    ["tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"];

/// Refuses parameters that a setting gives, and those that would not check whom the shop talks to.
fn check_parameters(query: &str) -> Result<(), MongoUrlError> {
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        if lower == "tlscafile" {
            let reason = "tlsCAFile is no part of it: certificate_authorities is a setting";
            return Err(MongoUrlError(reason.to_owned()));
        }
        if UNCHECKED.contains(&lower.as_str()) {
            return Err(MongoUrlError(format!("{name} is refused: the server is always checked")));
        }
    }
    Ok(())
}

impl std::fmt::Debug for MongoOptions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("MongoOptions").field("server", &self.server).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_servers_and_a_database() {
        let server = |url| MongoOptions::new(url).map(|options| options.server().to_owned());
        assert_eq!(server("mongodb://127.0.0.1:1/shop").unwrap(), "127.0.0.1:1/shop");
        let set = "mongodb://shop:p%40ss@a.example,b.example:2/shop?replicaSet=main";
        assert_eq!(server(set).unwrap(), "a.example,b.example:2/shop");
        assert_eq!(MongoOptions::new(set).unwrap().hosts(), "a.example:27017,b.example:2");
        for wrong in
            ["mongodb://127.0.0.1", "mongodb://127.0.0.1/", "postgres://h/shop", "shop", ""]
        {
            assert!(server(wrong).is_err(), "{wrong}");
        }
        for (url, told) in [
            ("mongodb://h/shop?tlsCAFile=/missing", "certificate_authorities"),
            ("mongodb://h/shop?tls=true&tlsInsecure=true", "always checked"),
        ] {
            let error = server(url).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        let wrong = MongoOptions::new("mongodb://shop:pa/ss@127.0.0.1/shop").unwrap_err();
        assert!(!wrong.to_string().contains("pa/ss"), "{wrong}");
        let options = MongoOptions::new("mongodb://shop:secret@127.0.0.1/shop").unwrap();
        assert!(!format!("{options:?}").contains("secret"));
    }
}
