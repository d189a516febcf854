//! Options: server, database and limits.

use mongodb::options::ConnectionString;
use std::{path::PathBuf, time::Duration};

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
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one call of the store may take.
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
        let server = server.split('?').next().unwrap_or_default().to_owned();
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
            connect_timeout: Duration::from_secs(5),
            operation_timeout: Duration::from_secs(10),
            operations_max: 256,
            connections_max: 16,
        })
    }

    /// Hosts and database, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }
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
        for wrong in
            ["mongodb://127.0.0.1", "mongodb://127.0.0.1/", "postgres://h/shop", "shop", ""]
        {
            assert!(server(wrong).is_err(), "{wrong}");
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
