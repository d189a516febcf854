//! Options of the engine: which server, and limits.

use std::{str::FromStr, time::Duration};
use tls_files::TlsFiles;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};

/// Name by which the server lists the connections of a running shop.
pub(crate) const APPLICATION_NAME: &str = "icommerce";
/// The same of a process with some of the services, but for its writers.
pub(crate) const FLEET_NAME: &str = "icommerce fleet";
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
    /// Whether the URL says if TLS is spoken (`sslmode`). Without it, TLS is spoken where the server has it, and always with `tls`.
    pub(crate) names_ssl_mode: bool,
    /// Whom to trust, and with which certificate to show itself.
    pub tls: TlsFiles,
    /// Connections for reading, for each service. Each has queries of many requests under way at once.
    pub readers: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a write may take, reconnecting included, until it is answered with an error.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// How long a migration waits for another one.
    pub migration_wait: Duration,
    /// Whether other processes follow the same journals: they are told of new events, and this one listens to them. Without it, and
    /// whenever that does not work, a follower looks every `poll_interval`.
    pub hints: bool,
    /// Services that other processes write for as well. For each of the others this process is the only one: it takes the place of any that
    /// is not connected any more, and is refused while one is.
    pub shared_services: Vec<&'static str>,
    /// Services whose [lease](crate::PostgresLease) this process has, with its epoch. Whoever had it before writes no more, and is not waited for.
    pub leased: Vec<(&'static str, i64)>,
    /// How long another process that writes for one of the services is waited for when the engine is opened.
    pub occupant_timeout: Duration,
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
        check_signs(url)?;
        let (url, names_ssl_mode) = with_known_ssl_mode(url)?;
        let mut config = Config::from_str(&url).map_err(|error| {
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
        if config.get_hosts().len() > 1
            && config.get_target_session_attrs() == TargetSessionAttrs::Any
        {
            // A standby takes no writes.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(Self {
            config,
            names_ssl_mode,
            tls: TlsFiles::default(),
            readers: 2,
            connect_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(10),
            migration_wait: Duration::from_mins(2),
            hints: false,
            shared_services: Vec::new(),
            leased: Vec::new(),
            occupant_timeout: Duration::from_secs(10),
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

    /// Epoch of the lease on a service.
    pub(crate) fn epoch(&self, service: &str) -> Option<i64> {
        self.leased.iter().find(|(leased, _)| *leased == service).map(|(_, epoch)| *epoch)
    }

    /// Those of the services that this process alone writes for, and nothing but the names of connections says so.
    pub(crate) fn unleased(&self, services: &[&'static str]) -> Vec<&'static str> {
        let is_unleased = |service: &&&str| {
            !self.shared_services.contains(*service) && self.epoch(service).is_none()
        };
        services.iter().filter(is_unleased).copied().collect()
    }

    /// Whether connections speak TLS, or may, so that its files have an effect.
    pub fn may_speak_tls(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
    }

    /// User that connections are made as.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Hosts, ports and database, for messages.
    pub fn server(&self) -> String {
        let ports = self.config.get_ports();
        // One port may be meant for all hosts.
        let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| match host {
            Host::Tcp(host) => format!("{host}:{}", port(index)),
            Host::Unix(path) => format!("{}:{}", path.display(), port(index)),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        format!("{hosts}/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// Refuses a URL in which a sign of the password is taken for one of the URL: a part of the password would be the host, or the database,
/// and be printed with it.
fn check_signs(url: &str) -> Result<(), UrlError> {
    let Some((before, after)) = url.split_once('@') else { return Ok(()) };
    let (_, credentials) = before.split_once("://").unwrap_or_default();
    if after.contains('@') || credentials.contains(['/', '?', '#']) {
        return Err(UrlError(
            "a sign of the user or the password that has a meaning in a URL is written as its code there: @ as %40, / as %2F, ? as %3F, # as %23, : as %3A"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The URL with a mode that the driver knows, and whether it names one. The driver always checks the certificate and its name where it
/// speaks TLS.
fn with_known_ssl_mode(url: &str) -> Result<(String, bool), UrlError> {
    let Some((server, query)) = url.split_once('?') else { return Ok((url.to_owned(), false)) };
    let mut names_ssl_mode = false;
    let mut parameters = Vec::new();
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        names_ssl_mode |= name == "sslmode";
        parameters.push(match (name, value) {
            ("sslmode", "verify-full") => "sslmode=require",
            ("sslmode", "verify-ca") => {
                let reason = "sslmode=verify-ca does not check the name of the server; write verify-full";
                return Err(UrlError(reason.to_owned()));
            }
            ("sslrootcert" | "sslcert" | "sslkey", _) => {
                return Err(UrlError(format!(
                    "{name} is no part of it: certificate_authorities, client_certificate and client_key are settings"
                )));
            }
            _ => parameter,
        });
    }
    Ok((format!("{server}?{}", parameters.join("&")), names_ssl_mode))
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
    fn a_password_with_a_sign_of_urls_is_refused_and_never_printed() {
        for sign in ['@', '/', '?', '#'] {
            for password in [format!("S3CR{sign}ET"), format!("12{sign}ET")] {
                let url = format!("postgres://shop:{password}@127.0.0.1:5432/shop");
                let error = PostgresOptions::new(&url).unwrap_err().to_string();
                assert!(error.contains("%40") && error.contains("%2F"), "{sign}: {error}");
                assert!(!error.contains("S3CR") && !error.contains("ET"), "{sign}: {error}");
            }
        }
        let written = PostgresOptions::new("postgres://shop:a%40b%2Fc@h/shop").unwrap();
        assert_eq!(written.config.get_password(), Some(&b"a@b/c"[..]));
        assert_eq!(written.server(), "h:5432/shop");
        assert!(
            PostgresOptions::new("postgres://shop:secret@h/shop?options=-c%20x%3Dy%40z").is_ok()
        );
    }

    #[test]
    fn modes_of_tls_are_those_that_check_the_server() {
        let of =
            |mode: &str| PostgresOptions::new(&format!("postgres://u@h/d?connect_timeout=9{mode}"));
        let mode = |mode| of(mode).map(|it| (it.config.get_ssl_mode(), it.names_ssl_mode)).unwrap();
        assert_eq!(mode(""), (SslMode::Prefer, false));
        assert_eq!(mode("&sslmode=disable"), (SslMode::Disable, true));
        assert_eq!(mode("&sslmode=verify-full"), (SslMode::Require, true));
        for (wrong, told) in [
            ("&sslmode=verify-ca", "verify-full"),
            ("&sslmode=some", "sslmode"),
            ("&sslrootcert=ca.pem", "certificate_authorities"),
        ] {
            let error = of(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
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
