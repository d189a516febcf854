//! Options of the engine: which broker, and limits.

use lapin::uri::AMQPUri;
use std::{fmt, str::FromStr, time::Duration};
use tls_files::TlsFiles;

/// Seconds between two heartbeats of a connection: twice that after the last one, either side gives it up.
const HEARTBEAT_SECONDS: u16 = 10;

/// Where the broker is and how it is used.
///
/// ```
/// use engine_rabbitmq::RabbitOptions;
///
/// let options = RabbitOptions::new("amqp://shop:secret@127.0.0.1:5672")?;
/// assert!(!format!("{options:?}").contains("secret"), "a password is never printed");
/// assert!(RabbitOptions::new("kafka://127.0.0.1:9092").is_err());
/// # Ok::<(), engine_rabbitmq::RabbitUrlError>(())
/// ```
#[derive(Clone)]
pub struct RabbitOptions {
    pub(crate) uri: AMQPUri,
    /// Whom to trust, and with which certificate to show itself.
    pub tls: TlsFiles,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the broker may take to confirm a batch.
    pub confirm_timeout: Duration,
}

/// URL that does not name a broker.
#[derive(Debug, thiserror::Error)]
#[error("expected amqp://USER:PASSWORD@HOST:PORT/VIRTUAL-HOST, or amqps:// for TLS: {0}")]
pub struct RabbitUrlError(String);

impl RabbitOptions {
    /// Options for the broker that a URL names (`amqp://user:password@host:port/virtual-host`, `amqps://` with TLS), with the default
    /// limits. Without a virtual host it is `/`.
    ///
    /// # Errors
    ///
    /// [`RabbitUrlError`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, RabbitUrlError> {
        let wrong = |reason: &str| RabbitUrlError(reason.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        if !["amqp", "amqps"].contains(&scheme) {
            return Err(wrong("it begins with another scheme"));
        }
        // The driver would take its own machine for one that is not named.
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') {
            return Err(wrong("it has no host"));
        }
        let mut uri = AMQPUri::from_str(url).map_err(RabbitUrlError)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(Self {
            uri,
            tls: TlsFiles::default(),
            connect_timeout: Duration::from_secs(10),
            confirm_timeout: Duration::from_secs(10),
        })
    }

    /// Whether the broker is spoken to in TLS, so that its files have an effect.
    pub fn speaks_tls(&self) -> bool {
        self.uri.scheme == lapin::uri::AMQPScheme::AMQPS
    }

    /// Host and port, for messages.
    pub fn server(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }
}

impl fmt::Debug for RabbitOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("RabbitOptions").field(&self.server()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_broker() {
        let server = |url| RabbitOptions::new(url).map(|options| options.server());
        assert_eq!(server("amqp://127.0.0.1").unwrap(), "127.0.0.1:5672");
        assert_eq!(server("amqps://shop:x@mq.example/shop").unwrap(), "mq.example:5671");
        for wrong in
            ["amqp://", "amqp://shop:x@:5672/shop", "http://127.0.0.1", "127.0.0.1:5672", ""]
        {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
