//! Options of the engine: which server, and limits.

use std::{path::PathBuf, str::FromStr, time::Duration};
use tokio_postgres::Config;

/// Name by which the server lists the connections of a running shop.
pub(crate) const APPLICATION_NAME: &str = "icommerce";
/// The same of those that maintain its database.
const MAINTENANCE_NAME: &str = "icommerce-maintenance";

/// Where the server is and how it is used.
///
/// ```
/// use engine_postgres::PostgresOptions;
///
/// let options = PostgresOptions::new("postgres://shop:secret@127.0.0.1/shop")?;
/// assert!(!format!("{options:?}").contains("secret"), "a password is never printed");
/// assert!(PostgresOptions::new("mysql://127.0.0.1/shop").is_err());
/// # Ok::<(), engine_postgres::UrlError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Server, database and credentials.
    pub(crate) config: Config,
    /// File with the certificates of authorities, in PEM, that may have signed the server's; those of the public ones without it.
    pub certificate_authorities: Option<PathBuf>,
    /// Connections for reading, for each service. Each has queries of many requests under way at once.
    pub readers: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a write may take, reconnecting included, until it is answered with an error.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// Whether other processes follow the same journals: they are told of new events, and this one listens to them. Without it, and
    /// whenever that does not work, a follower looks every `poll_interval`.
    pub hints: bool,
    /// How often a follower that waits looks for events that another process appended.
    pub poll_interval: Duration,
}

/// URL that does not name a PostgreSQL database.
#[derive(Debug, thiserror::Error)]
#[error("expected postgres://USER@HOST:PORT/DATABASE: {0}")]
pub struct UrlError(String);

impl PostgresOptions {
    /// Options for the database that a URL names (`postgres://user:password@host:port/database?sslmode=require`), with the default
    /// limits. Without a password in it, `PGPASSWORD` is asked for by whoever reads the settings.
    ///
    /// # Errors
    ///
    /// [`UrlError`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(UrlError("it begins with another scheme".to_owned()));
        }
        let mut config = Config::from_str(url).map_err(|error| {
            // The source says what is wrong; the error itself only that something is.
            let source = std::error::Error::source(&error).map(ToString::to_string);
            UrlError(source.unwrap_or_else(|| error.to_string()))
        })?;
        if config.get_hosts().is_empty() {
            return Err(UrlError("it has no host".to_owned()));
        }
        if config.get_dbname().is_none() {
            return Err(UrlError("it has no database".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(UrlError("it has no user".to_owned()));
        }
        config.application_name(APPLICATION_NAME);
        Ok(Self {
            config,
            certificate_authorities: None,
            readers: 2,
            connect_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(10),
            hints: false,
            poll_interval: Duration::from_millis(250),
        })
    }

    /// The same with this password, unless the URL has one.
    #[must_use]
    pub fn or_password(mut self, password: &str) -> Self {
        if self.config.get_password().is_none() {
            self.config.password(password);
        }
        self
    }

    /// The same for a program that maintains the database and serves no shop.
    #[must_use]
    pub fn for_maintenance(mut self) -> Self {
        self.config.application_name(MAINTENANCE_NAME);
        self
    }

    /// User that connections are made as.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Host, port and database, for messages.
    pub fn server(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        format!("{host}:{port}/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_server_and_database() {
        let server = |url| PostgresOptions::new(url).map(|options| options.server());
        assert_eq!(server("postgres://shop@db.example:5433/shop").unwrap(), "db.example:5433/shop");
        assert_eq!(server("postgresql://shop@[::1]/shop").unwrap(), "::1:5432/shop");
        for wrong in ["postgres:///shop", "postgres://127.0.0.1", "redis://127.0.0.1/1", "shop", ""]
        {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_of_the_url_comes_before_another_and_neither_is_printed() {
        let with = PostgresOptions::new("postgres://shop:one@127.0.0.1/shop").unwrap();
        let with = with.or_password("two");
        assert_eq!(with.config.get_password(), Some(&b"one"[..]));
        let without = PostgresOptions::new("postgres://shop@127.0.0.1/shop").unwrap();
        let without = without.or_password("two");
        assert_eq!(without.config.get_password(), Some(&b"two"[..]));
        assert!(!format!("{with:?}{without:?}").contains("two"));
    }
}
