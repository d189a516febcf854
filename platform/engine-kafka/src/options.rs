//! Options of the engine: which brokers, and as whom.

use rdkafka::ClientConfig;
use std::{fmt, time::Duration};
use tls_files::TlsFiles;
use url::Url;

/// Port of a broker whose URL names none.
const PORT: u16 = 9092;
/// Begin of the names of topics and groups where the URL names none.
const PREFIX: &str = "icommerce";
/// Maximum length of that begin: a topic's name has at most 249 characters.
const PREFIX_BYTES_MAX: usize = 100;

/// Where the brokers are, and who asks.
///
/// ```
/// use engine_kafka::KafkaOptions;
///
/// let options = KafkaOptions::new("kafka://shop:secret@one.example:9092,two.example/prefix")?;
/// assert_eq!(options.brokers(), "one.example:9092,two.example:9092");
/// assert!(!format!("{options:?}").contains("secret"), "a password is never printed");
/// assert!(KafkaOptions::new("amqp://127.0.0.1").is_err());
/// # Ok::<(), engine_kafka::KafkaUrlError>(())
/// ```
#[derive(Clone)]
pub struct KafkaOptions {
    brokers: String,
    /// Begin of the names of topics and groups.
    pub(crate) prefix: String,
    has_tls: bool,
    credentials: Option<Credentials>,
    /// Whom to trust, the authorities of the system without it, and with which certificate to show itself.
    pub tls: TlsFiles,
    /// Name of this process among those of the shop, the same when it is started again: the members of its groups then have their
    /// partitions at once (static membership). Without it, a process that was killed keeps them until its session ends.
    pub instance: Option<String>,
    /// How long the first connection may take.
    pub connect_timeout: Duration,
    /// How long the brokers may take to confirm a message.
    pub confirm_timeout: Duration,
    /// How long a member that says nothing keeps its partitions.
    pub session_timeout: Duration,
    /// How long the consumer of a revoked partition may take to end.
    pub drain_timeout: Duration,
}

#[derive(Clone)]
struct Credentials {
    user: String,
    password: String,
    mechanism: Mechanism,
}

/// SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

impl Mechanism {
    const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// URL that does not name Kafka brokers, or a way to them that this build does not have.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KafkaUrlError(String);

fn expected(what: &str) -> KafkaUrlError {
    KafkaUrlError(format!("expected kafka://USER:PASSWORD@HOST:PORT,HOST:PORT/PREFIX: {what}"))
}

impl KafkaOptions {
    /// Options for the brokers that a URL names, with the default limits.
    ///
    /// `kafka://host:port,host:port/prefix`, or `kafkas://` for TLS. The prefix is the begin of the names of topics and groups, `icommerce`
    /// without one. A user is asked for by `?mechanism=PLAIN` (the default), `SCRAM-SHA-256` or `SCRAM-SHA-512`; TLS and SCRAM need
    /// the feature `tls`.
    ///
    /// # Errors
    ///
    /// [`KafkaUrlError`] when it is no such URL.
    pub fn new(url: &str) -> Result<Self, KafkaUrlError> {
        let has_tls = match url.split_once("://") {
            Some(("kafka", _)) => false,
            Some(("kafkas", _)) => true,
            _ => return Err(expected("it begins with another scheme")),
        };
        let (authority, brokers) = split_brokers(url)?;
        let parsed = Url::parse(&authority).map_err(|error| expected(&error.to_string()))?;
        let prefix = match parsed.path().trim_matches('/') {
            "" => PREFIX.to_owned(),
            prefix => prefix.to_owned(),
        };
        let is_legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(is_legal) {
            return Err(expected("the prefix has letters, digits, dots and dashes alone"));
        }
        let mut mechanism = Mechanism::Plain;
        for (name, value) in parsed.query_pairs() {
            let named = Mechanism::ALL.into_iter().find(|it| it.name() == value);
            mechanism = match (&*name, named) {
                ("mechanism", Some(named)) => named,
                ("mechanism", None) => {
                    return Err(expected("mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"));
                }
                _ => return Err(expected("it has no other parameter than mechanism")),
            };
        }
        if parsed.query().is_some() && parsed.username().is_empty() {
            return Err(expected("a mechanism is that of a user, whom it does not name"));
        }
        let decode = |text: &str| percent_decoded(text).ok_or_else(|| expected("its user"));
        let credentials = match parsed.username() {
            "" => None,
            user => Some(Credentials {
                user: decode(user)?,
                password: decode(parsed.password().unwrap_or_default())?,
                mechanism,
            }),
        };
        let needs_tls = has_tls || credentials.is_some() && mechanism != Mechanism::Plain;
        if needs_tls && !cfg!(feature = "tls") {
            return Err(KafkaUrlError(
                "this build has neither TLS nor SCRAM for Kafka; build with the feature kafka-tls"
                    .to_owned(),
            ));
        }
        Ok(Self {
            brokers,
            prefix,
            has_tls,
            credentials,
            tls: TlsFiles::default(),
            instance: None,
            connect_timeout: Duration::from_secs(5),
            confirm_timeout: Duration::from_secs(20),
            session_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_mins(1),
        })
    }

    /// Whether the brokers are spoken to in TLS, so that its files have an effect.
    pub fn speaks_tls(&self) -> bool {
        self.has_tls
    }

    /// Hosts and ports, for messages.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Settings of the library that all clients share.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("client.id", "icommerce");
        config.set("socket.nagle.disable", "true");
        config.set("socket.keepalive.enable", "true");
        // A broker that is back is found within a second.
        config.set("reconnect.backoff.max.ms", "1000");
        config.set("allow.auto.create.topics", "false");
        let protocol = match (self.has_tls, &self.credentials) {
            (false, None) => "plaintext",
            (true, None) => "ssl",
            (false, Some(_)) => "sasl_plaintext",
            (true, Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(credentials) = &self.credentials {
            config.set("sasl.mechanism", credentials.mechanism.name());
            config.set("sasl.username", &credentials.user);
            config.set("sasl.password", &credentials.password);
        }
        let TlsFiles { certificate_authorities, client_certificate, client_key } = &self.tls;
        let client_key = client_key.as_ref().or(client_certificate.as_ref());
        let files = [
            ("ssl.ca.location", certificate_authorities.as_ref()),
            ("ssl.certificate.location", client_certificate.as_ref()),
            ("ssl.key.location", client_key),
        ];
        for (name, file) in files {
            if let Some(file) = file.filter(|_| self.has_tls) {
                config.set(name, file.to_string_lossy());
            }
        }
        config
    }
}

/// The URL with its first broker alone, which is what a parser of URLs knows, and all brokers.
fn split_brokers(url: &str) -> Result<(String, String), KafkaUrlError> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| expected("it has no scheme"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let mut brokers = Vec::new();
    for host in hosts.split(',') {
        let parsed = Url::parse(&format!("kafka://{host}")).map_err(|_| expected("its hosts"))?;
        let name = parsed.host_str().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| expected("it has no host"))?;
        brokers.push(format!("{name}:{}", parsed.port().unwrap_or(PORT)));
    }
    let first = hosts.split(',').next().unwrap_or_default();
    Ok((format!("{scheme}://{user}{first}{path}"), brokers.join(",")))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .field("prefix", &self.prefix)
            .field("has_tls", &self.has_tls)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_brokers_prefix_and_user() {
        let options =
            KafkaOptions::new("kafka://ann:p%40ss@[::1]:9093,b.example/shop?mechanism=PLAIN");
        let options = options.unwrap();
        assert_eq!(options.brokers(), "[::1]:9093,b.example:9092");
        assert_eq!(options.prefix, "shop");
        let config = options.client();
        assert_eq!(config.get("sasl.password"), Some("p@ss"));
        assert_eq!(config.get("security.protocol"), Some("sasl_plaintext"));
        assert_eq!(KafkaOptions::new("kafka://127.0.0.1").unwrap().prefix, "icommerce");
    }

    #[test]
    fn what_is_no_such_url_is_refused_with_the_reason() {
        for (wrong, reason) in [
            ("kafka", "scheme"),
            ("redis://127.0.0.1", "scheme"),
            ("kafka:///shop", "host"),
            ("kafka://127.0.0.1:x/", "hosts"),
            ("kafka://127.0.0.1/two/parts", "prefix"),
            ("kafka://ann@127.0.0.1?mechanism=GSSAPI", "mechanism"),
            ("kafka://ann@127.0.0.1?acks=1", "mechanism"),
            ("kafka://127.0.0.1?mechanism=SCRAM-SHA-512", "user"),
        ] {
            let error = KafkaOptions::new(wrong).unwrap_err().to_string();
            assert!(error.contains(reason), "{wrong}: {error}");
        }
        if !cfg!(feature = "tls") {
            for wrong in ["kafkas://127.0.0.1", "kafka://a:b@h?mechanism=SCRAM-SHA-512"] {
                let error = KafkaOptions::new(wrong).unwrap_err().to_string();
                assert!(error.contains("kafka-tls"), "{wrong}: {error}");
            }
        }
    }
}
