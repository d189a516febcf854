//! Options of the engine: which server, and limits.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::{fmt, time::Duration};
use tls_files::TlsFiles;

/// Most servers that a URL names.
const SERVERS_MAX: usize = 16;

/// Where the servers are and how they are used.
///
/// ```
/// use engine_redis::RedisOptions;
///
/// let options = RedisOptions::new("redis://:secret@127.0.0.1:6379")?;
/// assert!(!format!("{options:?}").contains("secret"), "a password is never printed");
/// assert!(RedisOptions::new("postgres://127.0.0.1/shop").is_err());
/// # Ok::<(), engine_redis::RedisUrlError>(())
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    /// Servers of which one must answer; of a cluster, those that know the others.
    pub(crate) servers: Vec<ConnectionInfo>,
    /// Whom to trust, and with which certificate to show itself.
    pub tls: TlsFiles,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an operation may take, reconnecting included, until it is answered with an error.
    pub operation_timeout: Duration,
    /// How long operations fail at once after the server did not answer.
    pub rest: Duration,
}

/// URL that does not name a server.
#[derive(Debug, thiserror::Error)]
#[error("expected redis://USER:PASSWORD@HOST:PORT, or rediss:// for TLS: {0}")]
pub struct RedisUrlError(String);

impl RedisOptions {
    /// Options for the server that a URL names (`redis://user:password@host:port/database`, `rediss://` with TLS), with the default
    /// limits. Of a cluster it may name several, as `redis://host:port,host:port`.
    ///
    /// # Errors
    ///
    /// [`RedisUrlError`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, RedisUrlError> {
        let wrong = |reason: &str| RedisUrlError(reason.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        if !["redis", "rediss"].contains(&scheme) {
            return Err(wrong("it begins with another scheme"));
        }
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(it, path)| (it, path));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let hosts: Vec<&str> = hosts.split(',').collect();
        if hosts.len() > SERVERS_MAX {
            return Err(RedisUrlError(format!("it names more than {SERVERS_MAX} servers")));
        }
        let servers = hosts.into_iter().map(|host| {
            if host.is_empty() || host.starts_with(':') {
                return Err(wrong("it has no host"));
            }
            let parsed = format!("{scheme}://{user}{host}/{path}").into_connection_info();
            parsed.map_err(|error| RedisUrlError(error.to_string()))
        });
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            tls: TlsFiles::default(),
            connect_timeout: Duration::from_secs(5),
            operation_timeout: Duration::from_millis(250),
            rest: Duration::from_secs(1),
        })
    }

    /// Whether the servers are spoken to in TLS, so that its files have an effect.
    pub fn speaks_tls(&self) -> bool {
        self.servers.iter().any(|it| matches!(it.addr(), ConnectionAddr::TcpTls { .. }))
    }

    /// Hosts and ports, for messages.
    pub fn server(&self) -> String {
        let names: Vec<_> = self.servers.iter().map(|it| it.addr().to_string()).collect();
        names.join(",")
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("RedisOptions").field(&self.server()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_server_or_several() {
        let server = |url| RedisOptions::new(url).map(|options| options.server());
        assert_eq!(server("redis://127.0.0.1").unwrap(), "127.0.0.1:6379");
        assert_eq!(
            server("rediss://shop:p%40ss@cache.example:7000/2").unwrap(),
            "cache.example:7000"
        );
        assert_eq!(server("redis://:x@one:1,two:2").unwrap(), "one:1,two:2");
        for wrong in [
            "redis://",
            "redis://:6379",
            "http://127.0.0.1",
            "127.0.0.1:6379",
            "redis://one,,two",
            "",
        ] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
        assert!(server("redis://127.0.0.1/first").is_err(), "a database has a number");
    }

    #[test]
    fn a_password_is_that_of_every_server_and_never_printed() {
        let options = RedisOptions::new("redis://:the-password@one:1,two:2").unwrap();
        for server in &options.servers {
            assert_eq!(server.redis_settings().password(), Some("the-password"));
        }
        assert!(!format!("{options:?}").contains("the-password"));
    }
}
