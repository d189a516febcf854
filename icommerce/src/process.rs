//! Process settings: those that belong to the process and not to a service.

mod documents;
mod engine_tables;
mod secret_file;
mod tls;

pub(crate) use documents::{DocumentsEngine, DocumentsSettings};
#[cfg(any(
    feature = "kafka",
    feature = "mongodb",
    feature = "postgres",
    feature = "rabbitmq",
    feature = "redis"
))]
use secret_file::secret_text;
pub(crate) use tls::EdgeTlsSettings;
use tls::{FleetTlsSettings, StatusTlsSettings};

use crate::{cli::ProcessFlags, error::CliError, modules, operator_token};
use kernel::Clock;
use messaging::bus::PARTITIONS_MAX;
use rpc::{FleetSecret, SECRET_BYTES_MIN};
use serde::{Deserialize, Serialize};
use settings::{
    Allowed, Flag, InvalidSetting, MasterKeyError, Secret, Section, SectionSettings, Settings,
    Sources, ValueOrigin,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use subject_keys::MasterSecret;
use telemetry::LogFormat;

/// Settings of the process.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProcessSettings {
    /// Data folder.
    pub(crate) data: PathBuf,
    /// Address of the shop edge.
    pub(crate) listen: String,
    /// Address of the operator edge.
    pub(crate) operator_listen: String,
    /// Address at which other processes reach the services of this one; empty for none.
    pub(crate) service_listen: String,
    /// Address of the status listener, with health and metrics alone, which the operator edge has as well; empty for none.
    pub(crate) status_listen: String,
    /// TLS of the shop edge.
    pub(crate) tls: EdgeTlsSettings,
    /// TLS of the operator edge, which may have the same files.
    pub(crate) operator_tls: EdgeTlsSettings,
    /// TLS of the status listener.
    pub(crate) status_tls: StatusTlsSettings,
    /// Address of the registry, 127.0.0.1:8761 where the service is named in `services`; empty for none otherwise.
    pub(crate) registry_listen: String,
    /// Whether the shop edge may be reached from other machines while test payments are accepted, with which anybody there
    /// orders for nothing.
    pub(crate) allow_test_payments_beyond_loopback: bool,
    /// Open connections per listener; at the limit the client with the most connections gives one up. Less where the process
    /// may open fewer files.
    pub(crate) connections_max: usize,
    /// Minimum rate at which a client sends a request and reads its response, in bytes per second, after the grace period.
    pub(crate) transfer_bytes_per_second_min: u32,
    /// Grace period of a slow client, in seconds: also the longest pause.
    pub(crate) transfer_grace_seconds: u64,
    /// Services that run in this process; empty for all.
    pub(crate) services: Vec<String>,
    /// Addresses of services in other processes, as `name=url`; a name may occur several times.
    pub(crate) peers: Vec<String>,
    /// Membership in a fleet of processes.
    pub(crate) fleet: FleetSettings,
    /// Demonstration mode: a new data folder gets a catalogue, and test payments are accepted.
    pub(crate) demo: bool,
    /// Format of the logs.
    pub(crate) log: LogSetting,
    /// Log filter: a level, or levels by crate such as `info,web=debug`.
    pub(crate) log_filter: String,
    /// Free disk space in bytes below which writes are refused.
    pub(crate) disk_reserve_bytes: u64,
    /// Storage of the process.
    pub(crate) storage: StorageSettings,
    /// Message bus between the services.
    pub(crate) bus: BusSettings,
    /// Secret of the master key, which is that of the provider of accounts.
    #[serde(skip)]
    pub(crate) master_secret: Option<MasterSecret>,
    /// Drain timeout: how long requests in flight and running tasks may take when the process stops.
    pub(crate) drain_timeout_ms: u64,
}

/// Settings of a fleet: processes that share the services of one shop.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FleetSettings {
    /// File with the fleet's secret, at least 16 bytes, the same for each process. With it, calls between processes carry a
    /// credential, and calls without one are refused; without it and without `tls`, the service listener must be on loopback.
    pub(crate) secret_file: PathBuf,
    /// Mutual TLS between the processes. With it, the service listener answers members alone, and `peers` are addresses with https.
    pub(crate) tls: FleetTlsSettings,
}

/// Storage of the process.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StorageSettings {
    /// Engine: `embedded`, a log in the data folder with an index of the documents. `sqlite` is its name from the time when
    /// everything was in two files of `SQLite`; such a folder is migrated when it is opened. `postgres` is a database on a server; keys
    /// and pictures stay in the data folder.
    pub(crate) engine: EngineSetting,
    /// Database, as `postgres://user@host:port/database`. Its password is in it, or in `PGPASSWORD`.
    pub(crate) url: Secret,
    /// File with the database's URL, in place of `url`.
    pub(crate) url_file: PathBuf,
    /// Database as its owner, who may create schemas and roles; `url` without it.
    pub(crate) migrate_url: Secret,
    /// File with the owner's URL, in place of `migrate_url`.
    pub(crate) migrate_url_file: PathBuf,
    /// Whether a start migrates the schemas, as `icommerce migrate` does.
    pub(crate) migrate_at_start: bool,
    /// File with the certificates, in PEM, of the authorities that may have signed the server's; those of the public ones without it.
    pub(crate) certificate_authorities: PathBuf,
    /// File with the certificate, in PEM, with which this process shows itself to the server; none without it.
    pub(crate) client_certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) client_key: PathBuf,
    /// Read models that consumers of feeds keep.
    pub(crate) documents: DocumentsSettings,
    /// Values that may be lost: caches and limits of attempts.
    pub(crate) key_value: KeyValueSettings,
}

/// Storage of values that may be lost.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeyValueSettings {
    /// Engine: `storage`, where everything else is, or `redis`, a server or cluster.
    pub(crate) engine: KeyValueEngine,
    /// Server, as `redis://user:password@host:port`, or `rediss://` for TLS; several of a cluster are separated by commas.
    pub(crate) url: Secret,
    /// File with the server's URL, in place of `url`.
    pub(crate) url_file: PathBuf,
    /// File with the certificates, in PEM, of the authorities that may have signed the server's; those of the public ones without it.
    pub(crate) certificate_authorities: PathBuf,
    /// File with the certificate, in PEM, with which this process shows itself to the server; none without it.
    pub(crate) client_certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) client_key: PathBuf,
}

/// Engine of values that may be lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyValueEngine {
    /// That of the storage.
    #[default]
    Storage,
    /// Server of its own.
    Redis,
}

#[cfg(feature = "redis")]
impl KeyValueSettings {
    /// URL of the server.
    pub(crate) fn url(&self) -> Result<String, CliError> {
        let url = secret_text("storage.key_value.url", &self.url, &self.url_file)?;
        if url.is_empty() {
            return Err(CliError::usage("expected a server, such as redis://127.0.0.1:6379")
                .about("storage.key_value.url"));
        }
        Ok(url)
    }
}

impl StorageSettings {
    /// URL of the database.
    #[cfg(feature = "postgres")]
    pub(crate) fn url(&self) -> Result<String, CliError> {
        let url = secret_text("storage.url", &self.url, &self.url_file)?;
        if url.is_empty() {
            return Err(CliError::usage(
                "expected the database of the shop, such as postgres://shop@127.0.0.1/shop",
            )
            .about("storage.url"));
        }
        Ok(url)
    }

    /// URL of the database for its owner; empty for the same.
    #[cfg(feature = "postgres")]
    pub(crate) fn migrate_url(&self) -> Result<String, CliError> {
        secret_text("storage.migrate_url", &self.migrate_url, &self.migrate_url_file)
    }
}

/// Message bus between the services.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BusSettings {
    /// Engine: `feeds`, with which consumers pull the feeds of the services and there is no bus, or the kind of the broker.
    pub(crate) engine: BusEngineSetting,
    /// Broker, as `kafka://host:port,host:port/prefix`, `amqp://host:port/virtual-host` or
    /// `redis://host:port`. Its user and password are in it.
    pub(crate) url: Secret,
    /// File with the broker's URL, in place of `url`.
    pub(crate) url_file: PathBuf,
    /// Partitions of each topic: how many processes of a service can share its messages. It is changed while the shop
    /// is stopped.
    pub(crate) partitions: u32,
    /// File with the certificates, in PEM, of the authorities that may have signed the broker's; those of the public ones without it.
    pub(crate) certificate_authorities: PathBuf,
    /// File with the certificate, in PEM, with which this process shows itself to the broker; none without it.
    pub(crate) client_certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) client_key: PathBuf,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            engine: BusEngineSetting::default(),
            url: Secret::default(),
            url_file: PathBuf::new(),
            partitions: 8,
            certificate_authorities: PathBuf::new(),
            client_certificate: PathBuf::new(),
            client_key: PathBuf::new(),
        }
    }
}

impl BusSettings {
    /// URL of the broker.
    #[cfg(any(feature = "kafka", feature = "rabbitmq", feature = "redis"))]
    pub(crate) fn url(&self, example: &str) -> Result<String, CliError> {
        let url = secret_text("bus.url", &self.url, &self.url_file)?;
        if url.is_empty() {
            return Err(CliError::usage(format!(
                "expected the broker of the shop, such as {example}"
            ))
            .about("bus.url"));
        }
        Ok(url)
    }
}

/// Engine of the message bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BusEngineSetting {
    /// No bus: consumers pull the feeds.
    #[default]
    Feeds,
    /// Kafka.
    Kafka,
    /// RabbitMQ.
    #[serde(rename = "rabbitmq")]
    RabbitMq,
    /// Streams of Redis.
    RedisStreams,
}

/// Storage engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineSetting {
    /// Log in the data folder.
    #[default]
    #[serde(alias = "sqlite")]
    Embedded,
    /// Database on a server.
    Postgres,
}

/// Master key of the provider of accounts, under which the keys of data subjects are encrypted as well.
#[derive(Deserialize)]
struct MasterKeySettings {
    master_key: Secret,
    master_key_file: PathBuf,
}

/// Log format.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogSetting {
    /// Human-readable text.
    #[default]
    Text,
    /// JSON Lines.
    Json,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./data"),
            listen: "127.0.0.1:8080".to_owned(),
            operator_listen: "127.0.0.1:8081".to_owned(),
            service_listen: String::new(),
            status_listen: String::new(),
            tls: EdgeTlsSettings::default(),
            operator_tls: EdgeTlsSettings::default(),
            status_tls: StatusTlsSettings::default(),
            registry_listen: String::new(),
            allow_test_payments_beyond_loopback: false,
            connections_max: 4096,
            transfer_bytes_per_second_min: 240,
            transfer_grace_seconds: 10,
            services: Vec::new(),
            peers: Vec::new(),
            fleet: FleetSettings::default(),
            demo: true,
            log: LogSetting::default(),
            log_filter: "info".to_owned(),
            disk_reserve_bytes: 64 << 20,
            storage: StorageSettings::default(),
            bus: BusSettings::default(),
            master_secret: None,
            drain_timeout_ms: 20_000,
        }
    }
}

impl SectionSettings for ProcessSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("connections_max", 16, 1_000_000),
        Allowed::range("transfer_bytes_per_second_min", 1, 1_000_000),
        Allowed::range("transfer_grace_seconds", 1, 600),
        Allowed::range("disk_reserve_bytes", 0, 1 << 40),
        Allowed::range("drain_timeout_ms", 0, 600_000),
        Allowed::range("bus.partitions", 1, PARTITIONS_MAX as i64),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        let is_address = |text: &str| text.parse::<SocketAddr>().is_ok();
        for (path, address) in
            [("listen", &self.listen), ("operator_listen", &self.operator_listen)]
        {
            if !is_address(address) {
                let expected = "expected an address and port, such as 127.0.0.1:8080";
                return Err(InvalidSetting::new(path, expected));
            }
        }
        for (path, address) in [
            ("service_listen", &self.service_listen),
            ("status_listen", &self.status_listen),
            ("registry_listen", &self.registry_listen),
        ] {
            if !address.is_empty() && !is_address(address) {
                let expected = "expected an address and port, such as 127.0.0.1:9000, or nothing";
                return Err(InvalidSetting::new(path, expected));
            }
        }
        Ok(())
    }
}

impl ProcessSettings {
    /// Initialises logging.
    pub(crate) fn init_logging(&self) -> Result<(), CliError> {
        let format = match self.log {
            LogSetting::Text => LogFormat::Text,
            LogSetting::Json => LogFormat::Json,
        };
        let mut filter = self.log_filter.clone();
        if self.bus.engine == BusEngineSetting::RabbitMq {
            // The driver logs what it returns as an error too. Who wants to read that names it in the filter.
            filter.insert_str(0, "lapin=off,");
        }
        telemetry::init(format, &filter).map_err(CliError::usage)
    }

    /// Secret of the fleet, if one is set.
    pub(crate) fn fleet_secret(
        &self,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<FleetSecret>, CliError> {
        let file = &self.fleet.secret_file;
        if file.as_os_str().is_empty() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(file).map_err(|error| {
            CliError::unavailable(format!("fleet.secret_file: {}: {error}", file.display()))
        })?;
        let secret = FleetSecret::new(text.trim().as_bytes(), Arc::clone(clock));
        let secret = secret.ok_or_else(|| {
            CliError::usage(format!(
                "fleet.secret_file: the secret in {} is shorter than {SECRET_BYTES_MIN} bytes; make one with `openssl rand -hex 32`",
                file.display()
            ))
        })?;
        warn_of_access(file);
        Ok(Some(secret))
    }

    /// Settings of the process, with the secret of the master key.
    pub(crate) fn with_master_secret(settings: &Settings) -> Result<Self, CliError> {
        let process: Self = settings.top().map_err(CliError::usage)?;
        let MasterKeySettings { master_key, master_key_file } =
            settings.section("auth-server").map_err(CliError::usage)?;
        let key = settings::master_key(&master_key, &master_key_file).map_err(|error| {
            let named = format!("auth-server.{error}");
            match error {
                MasterKeyError::Unreadable { .. } => CliError::unavailable(named),
                MasterKeyError::TooShort { .. } => CliError::usage(named),
            }
        })?;
        let master_secret = key.map(|key| MasterSecret::new(key.expose().as_bytes()));
        Ok(Self { master_secret, ..process })
    }

    /// Refuses a peer with https where this process has no certificate, and one without where every call should have it.
    fn check_scheme(&self, peer: &str, url: &http::Uri) -> Result<(), CliError> {
        let has_tls = !self.fleet.tls.authority.as_os_str().is_empty();
        let sentence = match (url.scheme_str() == Some("https"), has_tls) {
            (true, true) | (false, false) => return Ok(()),
            (true, false) => "takes mutual TLS: set fleet.tls, or give an address with http",
            (false, true) => {
                "would be called without TLS, but fleet.tls is set: give an address with https"
            }
        };
        Err(CliError::usage(format!("{peer:?} {sentence}")).about("peers"))
    }

    /// Peer addresses by service.
    pub(crate) fn peers(&self) -> Result<BTreeMap<&'static str, Vec<http::Uri>>, CliError> {
        let mut peers: BTreeMap<&'static str, Vec<http::Uri>> = BTreeMap::new();
        for peer in &self.peers {
            let wrong = || {
                CliError::usage(format!(
                    "{peer:?} is not of the form NAME=URL, for example order-service=http://127.0.0.1:9001"
                ))
                .about("peers")
            };
            let (name, url) = peer.split_once('=').ok_or_else(wrong)?;
            let url: http::Uri = url.trim().parse().map_err(|_| wrong())?;
            if !matches!(url.scheme_str(), Some("http" | "https")) || url.authority().is_none() {
                return Err(wrong());
            }
            self.check_scheme(peer, &url)?;
            let known =
                modules::table()?.select(Some(&[name.to_owned()])).map_err(CliError::usage)?;
            for module in known {
                peers.entry(module.name).or_default().push(url.clone());
            }
        }
        Ok(peers)
    }
}

/// Warns, once for each file, of a secret that other users of this machine can read. It is not refused: orchestrators mount secrets
/// that way.
pub(crate) fn warn_of_access(file: &Path) {
    const OTHERS: u32 = 0o004;
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let is_news = || WARNED.lock().is_ok_and(|mut warned| warned.insert(file.to_owned()));
    let mode = file.metadata().map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & OTHERS != 0) && is_news() {
        let file = file.display();
        tracing::warn!(%file, "other users of this machine can read this secret; chmod 600 keeps it");
    }
}

/// Setting that accepts test payments. Off by default, but on in demonstration mode unless it is set explicitly.
const TEST_PAYMENTS: &str = "payment-service.test_payments";
/// Setting that offers test payments in the checkout. Follows the one above unless it is set explicitly.
const OFFERED_PAYMENTS: &str = "storefront.test_payments";

/// Settings of this process, from flags, environment and settings file.
pub(crate) fn settings(flags: &ProcessFlags, more: Vec<Flag>) -> Result<Settings, CliError> {
    let mut all = flags.flags()?;
    all.extend(more);
    let settings = load(flags, all.clone())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    engine_tables::check(&settings, &process)?;
    let dump = settings.dump().0;
    let is_default = |key| {
        dump.iter().any(|setting| setting.key == key && setting.origin == ValueOrigin::Default)
    };
    let mut accepted = accepts_test_payments(&settings)?;
    let given = all.len();
    if process.demo && is_default(TEST_PAYMENTS) {
        accepted = true;
        all.push(Flag::new("the demonstration", TEST_PAYMENTS, "true"));
    }
    if accepted && is_default(OFFERED_PAYMENTS) {
        all.push(Flag::new(TEST_PAYMENTS, OFFERED_PAYMENTS, "true"));
    }
    if all.len() == given { Ok(settings) } else { load(flags, all) }
}

/// Whether test payments are accepted.
pub(crate) fn accepts_test_payments(settings: &Settings) -> Result<bool, CliError> {
    has_test_payments(settings, "payment-service")
}

/// Whether a section enables test payments.
fn has_test_payments(settings: &Settings, section: &str) -> Result<bool, CliError> {
    #[derive(Deserialize)]
    struct PaymentSwitch {
        test_payments: bool,
    }
    let PaymentSwitch { test_payments } = settings.section(section).map_err(CliError::usage)?;
    Ok(test_payments)
}

fn load(flags: &ProcessFlags, all: Vec<Flag>) -> Result<Settings, CliError> {
    let sections = std::iter::once(Section::top::<ProcessSettings>())
        .chain([resource_server::SECTION])
        .chain(modules::ALL.iter().filter_map(|module| module.settings));
    let mut environment = settings::environment().map_err(CliError::usage)?;
    environment.retain(|(name, _)| name != operator_token::VARIABLE);
    let sources = Sources { file: flags.config.clone(), environment, flags: all };
    Settings::load(sections, &sources).map_err(CliError::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether test payments are accepted, and whether they are offered.
    fn accepted_and_offered(more: &[(&str, &str)]) -> (bool, bool) {
        let more = more.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        let settings = settings(&ProcessFlags::default(), more).unwrap();
        (
            has_test_payments(&settings, "payment-service").unwrap(),
            has_test_payments(&settings, "storefront").unwrap(),
        )
    }

    #[test]
    fn the_checkout_offers_test_payments_only_where_they_are_accepted() {
        assert_eq!(accepted_and_offered(&[]), (true, true), "the demonstration");
        assert_eq!(accepted_and_offered(&[("demo", "false")]), (false, false));
        let on = [("demo", "false"), (TEST_PAYMENTS, "true")];
        assert_eq!(accepted_and_offered(&on), (true, true));
        assert_eq!(accepted_and_offered(&[(TEST_PAYMENTS, "false")]), (false, false));
        assert_eq!(accepted_and_offered(&[(OFFERED_PAYMENTS, "false")]), (true, false));
    }
}
