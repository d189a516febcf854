//! Command-line interface: arguments, flags and help texts.

pub(crate) mod auth;
mod client_policy;
mod help;
pub(crate) mod person;
mod usage_error;

use crate::{error::CliError, modules, provider_listener};
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use settings::Flag;
use std::path::PathBuf;

pub(crate) use usage_error::report_usage_error;

const ABOUT: &str = "\
A complete online shop in one program.

Without a command, it serves the shop: its pages and API at http://127.0.0.1:8080 (the shop edge), the API for those who run it at http://127.0.0.1:8081 (the operator edge), with all data in the folder ./data. A new folder is filled with a demonstration catalogue.";

/// Command line of the program.
#[derive(Debug, Parser)]
#[command(name = "icommerce", version, about = ABOUT, after_help = MORE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) process: ProcessFlags,
}

const MORE: &str = "\
Examples:
  icommerce                                  serves the demonstration
  icommerce import catalog products.csv      imports products into ./data
  icommerce --no-demo --data /srv/shop       serves a shop in earnest
  icommerce help import catalog              explains a command

Every setting has a default, a key in the settings file (--config) and an environment variable, and some have a flag as well: `icommerce settings` lists them. --data, for example, is ICOMMERCE_DATA, and the key data.

Exit codes:
  0  success
  1  the command failed, a check found a violation, or nothing of what was
     asked could be done
  2  invalid arguments or settings, or a file that needs another argument
  3  a resource is unavailable: a port in use, a data folder that is locked,
     not writable, incomplete or in a newer format, a database, broker or
     other server that does not answer, is not what it should be or refuses
     the credentials, or an operator edge that asks for a token";

/// The most requests in flight at the same time.
const PARALLEL_MAX: usize = 256;

/// Commands of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the shop until Ctrl+C or SIGTERM; this is the default command
    #[command(after_help = "\
Examples:
  icommerce serve --data /srv/shop --listen 127.0.0.1:8090
  icommerce serve --no-demo --config shop.toml

A listener speaks TLS where the settings name a certificate and its key for it: tls and operator_tls for the two edges, auth-server.tls, fleet.tls, registry-service.tls, status_tls. The guide is docs/guides/tls.md.")]
    Serve,
    /// List the services and their dependencies, and which of them run in this process
    #[command(after_help = "\
Examples:
  icommerce services
  icommerce services --json")]
    Services(ServicesFlags),
    /// Show every setting with its value, default, origin and allowed values
    #[command(after_help = "\
Examples:
  icommerce settings
  icommerce settings --config shop.toml --json")]
    Settings(SettingsFlags),
    /// Import products from files
    #[command(arg_required_else_help = false)]
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Replay the history of a real shop through the public API, and reconcile the result with it
    #[command(arg_required_else_help = false)]
    Replay {
        #[command(subcommand)]
        what: Replay,
    },
    /// Rebuild the read models and snapshots of a service from its journal; no shop may run on the data folder or the database
    #[command(after_help = "\
Example:
  icommerce rebuild product-service --data /srv/shop")]
    Rebuild {
        /// Name of the service
        #[arg(value_parser = service_names())]
        service: String,
    },
    /// Check the invariants of a shop that does not run, in a data folder or a database: stock, payments, orders, sagas and read models
    #[command(after_help = "\
Example:
  icommerce check --data /srv/shop
  icommerce check --data /srv/shop --storage postgres://shop@127.0.0.1/shop")]
    Check,
    /// Print the events of a shop that does not run, in a data folder or a database, as JSON Lines
    #[command(after_help = "\
Examples:
  icommerce dump --data /srv/shop
  icommerce dump order-0197d3c5-5b1f-7cc0-b3a4-8f2f5c6d7e80")]
    Dump {
        /// Name of a stream, to print its events alone
        stream: Option<String>,
    },
    /// Back up a shop, running or not, into a new folder: everything up to one moment, pictures and the settings file included
    #[command(after_help = "\
Examples:
  icommerce backup /backups/monday --data /srv/shop
  icommerce backup /backups/monday --data /srv/shop --config /etc/shop.toml
  icommerce backup /backups/monday --operator http://127.0.0.1:8081
  icommerce backup /backups/monday --data /srv/shop-keys \\
      --storage postgres://shop@127.0.0.1/shop

A running shop is asked at its operator edge, whatever its storage; the
command runs on its machine, as its user. With --storage and without
--operator, the database is read by the command itself, and no shop has to
run. The guides are docs/guides/data-folder-maintenance.md and
docs/guides/backup-and-point-in-time.md.")]
    Backup {
        /// Folder of the backup, which must be new or empty
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        #[command(flatten)]
        running: RunningShopFlags,
    },
    /// Restore a backup into a new data folder, or an empty database beside one, after a check of every file
    #[command(after_help = "\
Examples:
  icommerce restore /backups/monday --data /srv/shop \\
      --keys /keys/icommerce.keys --erased /keys/icommerce.erased
  icommerce restore /backups/monday --data /srv/shop \\
      --keys /keys/icommerce.keys --keys-are-current

The guide is docs/guides/personal-data.md.")]
    Restore(RestoreFlags),
    /// Give back the room of what was deleted, replaced or has expired in the log of a data folder, without waiting for the shop to
    /// do so as its log grows; the folder must not be in use
    #[command(after_help = "\
Example:
  icommerce compact --data /srv/shop")]
    Compact,
    /// Apply the migrations of the database to the schemas of all services, as its owner (the setting `storage.migrate_url`)
    #[command(after_help = "\
Examples:
  icommerce migrate --config shop.toml --dry-run
  ICOMMERCE_STORAGE__MIGRATE_URL_FILE=/run/secrets/owner-url \\
      icommerce migrate --storage postgres://shop@127.0.0.1/shop
  icommerce serve --storage postgres://shop@127.0.0.1/shop

Two users: the owner of the database, who may create schemas and roles, and
the one that the shop connects as, who is given the roles of the services. The
password of the latter can be in PGPASSWORD. The guide is
docs/guides/postgresql.md.")]
    Migrate {
        /// Print what would be applied, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Move a stopped shop with all its history to another storage: from a data folder into a database, or back. What was moved is
    /// counted and compared, and nothing of the source is changed
    #[command(after_help = "\
Examples:
  icommerce move --from embedded:/srv/shop --to postgres://shop@127.0.0.1/shop \\
      --data /srv/shop-keys
  icommerce move --from postgres --to embedded:/srv/shop --config shop.toml

--data is the data folder of the shop in the database, with its keys and
pictures: a new one on the way there. `postgres` is the database of the
settings (storage.url). A move that was broken off goes on when it is run
again. The guide is docs/guides/moving-to-postgresql.md.")]
    Move(MoveFlags),
    /// Accounts, clients and keys of the provider of tokens, of a shop that is running or not
    #[command(arg_required_else_help = false)]
    Auth {
        #[command(subcommand)]
        what: auth::Auth,
        #[command(flatten)]
        target: auth::AuthTargetFlags,
    },
    /// What the shop knows of a person, and the erasure of it
    #[command(arg_required_else_help = false)]
    Person {
        #[command(subcommand)]
        what: person::Person,
    },
    /// Write a JSON Schema for each event between services, and an index of them (asyncapi.json)
    #[command(after_help = "\
Example:
  icommerce events contracts/events")]
    Events {
        /// Output folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Print the OpenAPI document of an edge, as JSON
    #[command(after_help = "\
Example:
  icommerce openapi shop > shop.json")]
    Openapi {
        /// Edge that the document describes
        edge: EdgeName,
    },
}

/// Arguments of `move`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct MoveFlags {
    /// Storage that the shop is in: embedded:FOLDER, `postgres://USER@HOST/DATABASE`, or postgres
    #[arg(long, value_name = "STORAGE")]
    pub(crate) from: String,
    /// Storage that it is moved to, which must be empty, or have an unfinished move from the same source
    #[arg(long, value_name = "STORAGE")]
    pub(crate) to: String,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct RestoreFlags {
    /// Folder of the backup
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Copy of icommerce.keys of the shop, without which personal data cannot be read; a backup does not have it
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Latest copy of icommerce.erased: who was erased after the copy of the keys was made
    #[arg(long, value_name = "FILE", requires = "keys")]
    pub(crate) erased: Option<PathBuf>,
    /// Instead of a list: nobody was erased after the copy of the keys was made
    #[arg(long, requires = "keys", conflicts_with = "erased")]
    pub(crate) keys_are_current: bool,
    /// Restore without the keys: all personal data is lost for good
    #[arg(long, conflicts_with = "keys")]
    pub(crate) without_keys: bool,
}

/// Subcommands of `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Import products from the exports of other shops, from any other table, or from JSON Lines, plain or gzipped
    #[command(after_help = "\
Examples:
  icommerce import catalog products.csv --dry-run --report rows.csv
  icommerce import catalog products.csv --report rows.csv
  icommerce import catalog products.csv --columns woocommerce
  icommerce import catalog products.jsonl.gz --data /srv/shop
  icommerce import catalog products.csv \\
      --shop http://127.0.0.1:8080 --operator http://127.0.0.1:8081

The guide is docs/guides/import.md.")]
    Catalog(Catalog),
}

/// Arguments of `import catalog`.
#[derive(Debug, Args)]
pub(crate) struct Catalog {
    /// Product files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    /// Write a report with the result of every row
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) report: Option<PathBuf>,
    /// Show what the import would do, without changing anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Meaning of the columns of tables: shopify (the default), woocommerce, magento, google (a product feed as a text
    /// table), or a mapping file of your own
    #[arg(
        long,
        value_name = "NAME|FILE.toml",
        default_value = "shopify",
        hide_default_value = true
    )]
    pub(crate) columns: String,
    /// Currency of prices that name none, such as EUR; the shop's own by default
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// Decimal separator of numbers where a file does not tell it: a point as in 24.90, or a comma as in 24,90
    #[arg(long, value_name = "SEPARATOR")]
    pub(crate) decimal: Option<DecimalName>,
    /// Stock of variants that are in stock by a file that does not say how many; without it they are sold out until they
    /// are counted
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true, value_parser = number::<i64>(0, catalog_import::UNCOUNTED_STOCK_MAX))]
    pub(crate) uncounted_stock: Option<i64>,
    /// Number of batches in flight at the same time
    #[arg(long, value_name = "N", value_parser = number::<usize>(1, PARALLEL_MAX))]
    pub(crate) parallel: Option<usize>,
    /// Time to wait for a shop that is overloaded before giving up, 600 by default; the import can then be run again, and
    /// what was imported stays imported
    #[arg(long, value_name = "SECONDS", default_value_t = 600, hide_default_value = true, value_parser = number::<u64>(0, 86_400))]
    pub(crate) wait: u64,
}

/// Decimal separator of numbers in a file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DecimalName {
    Point,
    Comma,
}

/// Subcommands of `replay`.
#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Replay the invoices of the UCI data set "Online Retail", as CSV files by month, plain or gzipped
    #[command(after_help = "\
Example:
  icommerce replay online-retail retail-2010-12.csv retail-2011-01.csv \\
      --data ./replayed --report lines.csv")]
    OnlineRetail(OnlineRetail),
}

/// Arguments of `replay online-retail`.
#[derive(Debug, Args)]
pub(crate) struct OnlineRetail {
    /// Invoice files, in chronological order
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetFlags,
    /// Number of requests in flight at the same time
    #[arg(long, value_name = "N", value_parser = number::<usize>(1, PARALLEL_MAX))]
    pub(crate) parallel: Option<usize>,
    /// The most orders per second
    #[arg(long, value_name = "N", value_parser = number::<u32>(1, 1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Write a report with the result of every invoice line
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) report: Option<PathBuf>,
}

/// Address flags of the target shop.
#[derive(Debug, Default, Args)]
pub(crate) struct TargetFlags {
    /// Shop edge of a running shop; without one, the command starts a shop of its own on the data folder
    #[arg(long, value_name = "URL", requires = "operator")]
    pub(crate) shop: Option<String>,
    /// Operator edge of the same shop
    #[arg(long, value_name = "URL", requires = "shop")]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) token: TokenFlags,
}

/// Operator edge of a running shop, with the token for it.
#[derive(Debug, Default, Args)]
pub(crate) struct RunningShopFlags {
    /// Operator edge of the running shop; that of the settings by default
    #[arg(long, value_name = "URL")]
    pub(crate) operator: Option<String>,
    /// File with an operator's token, or with the credentials of a client as `auth client add --json` prints them; the variable
    /// `ICOMMERCE_TOKEN` may have either as well
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the authorities, in PEM, that may have certified an edge at https://; the public ones without it
    #[arg(long, value_name = "FILE", requires = "operator")]
    pub(crate) authority: Option<PathBuf>,
}

/// Flag of the token for the operator edge of a running shop.
#[derive(Debug, Default, Args)]
pub(crate) struct TokenFlags {
    /// File with an operator's token, or with the credentials of a client as `auth client add --json` prints them; the variable
    /// `ICOMMERCE_TOKEN` may have either as well
    #[arg(long, value_name = "FILE", requires = "operator")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the authorities, in PEM, that may have certified an edge at https://; the public ones without it
    #[arg(long, value_name = "FILE", requires = "operator")]
    pub(crate) authority: Option<PathBuf>,
}

/// Edge of the gateway.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EdgeName {
    Shop,
    Operator,
}

/// Process flags, accepted by all commands.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct ProcessFlags {
    /// Run only these services, separated by commas
    #[arg(long, global = true, value_name = "A,B")]
    services: Option<String>,
    /// Data folder of the shop, ./data by default
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Storage of the services: embedded (in the data folder, the default), or `postgres://USER@HOST/DATABASE`, with the
    /// password in `PGPASSWORD`
    #[arg(long, global = true, value_name = "ENGINE|URL")]
    storage: Option<String>,
    /// Message bus of the services: feeds (none, the default), `kafka://HOST:PORT`, `amqp://HOST` or `redis://HOST`
    #[arg(long, global = true, value_name = "ENGINE|URL")]
    bus: Option<String>,
    /// Address of the shop edge, 127.0.0.1:8080 by default; port 0 picks a free port
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address of the operator edge, 127.0.0.1:8081 by default; port 0 picks a free port
    #[arg(long, global = true, value_name = "ADDRESS")]
    operator_listen: Option<String>,
    /// Address at which other processes reach the services of this one; none by default
    #[arg(long, global = true, value_name = "ADDRESS")]
    service_listen: Option<String>,
    /// Address of the registry of instances (Eureka), 127.0.0.1:8761 where --services names it; none otherwise
    #[arg(long, global = true, value_name = "ADDRESS")]
    registry_listen: Option<String>,
    /// Address of a listener of the provider of accounts, 127.0.0.1:9000 where --services names auth-server; below /auth of the shop edge
    /// otherwise
    #[arg(long, global = true, value_name = "ADDRESS")]
    auth_listen: Option<String>,
    /// Addresses of services that run in other processes: NAME=URL, separated by commas
    #[arg(long, global = true, value_name = "NAME=URL,…")]
    peers: Option<String>,
    /// Settings file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder into which mail to people is written, a file each, for another program to send
    #[arg(long, global = true, value_name = "FOLDER")]
    mail_folder: Option<PathBuf>,
    /// Start without the demonstration catalogue and without test payments
    #[arg(long, global = true)]
    no_demo: bool,
    /// Ask nobody to sign in at the operator edge: in the demonstration on loopback only, which does so by itself
    #[arg(long, global = true)]
    no_auth: bool,
    /// Format of the log, which goes to standard error; text by default
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    log: Option<String>,
    /// Log details as well, such as the health of each component
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// Arguments of `services`.
#[derive(Debug, Args)]
pub(crate) struct ServicesFlags {
    /// Print the list as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `settings`.
#[derive(Debug, Args)]
pub(crate) struct SettingsFlags {
    /// Print the list as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print one line per setting, of any length
    #[arg(long, conflicts_with = "json")]
    pub(crate) dump: bool,
}

impl ProcessFlags {
    /// Given flags, as settings.
    ///
    /// # Errors
    ///
    /// A usage error for storage, or a bus, that is none.
    pub(crate) fn flags(&self) -> Result<Vec<Flag>, CliError> {
        const STORAGE: &str = "--storage";
        let (engine, url) = match self.storage.as_deref() {
            None => (None, None),
            Some("embedded") => (Some("embedded"), None),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                (Some("postgres"), Some(url.to_owned()))
            }
            Some(_) => {
                return Err(CliError::usage(
                    "--storage: expected embedded, or postgres://USER@HOST/DATABASE",
                ));
            }
        };
        let engine = engine.map(str::to_owned);
        let (bus, bus_url) = bus_of(self.bus.as_deref())?;
        let text = |name: &str, key: &str, value: &Option<String>| {
            value.as_ref().map(|value| Flag::new(name, key, value.clone()))
        };
        let path =
            |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let (data, mail_folder) = (path(&self.data), path(&self.mail_folder));
        let demo = self.no_demo.then(|| "false".to_owned());
        let sign_in = self.no_auth.then(|| "false".to_owned());
        let log_filter = self.verbose.then(|| "debug".to_owned());
        let flags = [
            text(STORAGE, "storage.engine", &engine),
            text(STORAGE, "storage.url", &url),
            text(BUS, "bus.engine", &bus),
            text(BUS, "bus.url", &bus_url),
            text("--services", "services", &self.services),
            text("--data", "data", &data),
            text("--listen", "listen", &self.listen),
            text("--operator-listen", "operator_listen", &self.operator_listen),
            text("--service-listen", "service_listen", &self.service_listen),
            text("--registry-listen", "registry_listen", &self.registry_listen),
            text("--auth-listen", provider_listener::LISTEN, &self.auth_listen),
            text("--peers", "peers", &self.peers),
            text("--mail-folder", "auth-server.mail_folder", &mail_folder),
            text("--no-demo", "demo", &demo),
            text("--no-auth", "api-gateway.operator_sign_in", &sign_in),
            text("--log", "log", &self.log),
            text("--verbose", "log_filter", &log_filter),
        ]
        .into_iter()
        .flatten()
        .collect();
        Ok(flags)
    }
}

/// Name of the flag of the message bus.
const BUS: &str = "--bus";

/// Engine and URL of the message bus that the flag names.
fn bus_of(flag: Option<&str>) -> Result<(Option<String>, Option<String>), CliError> {
    let Some(flag) = flag else { return Ok((None, None)) };
    let engine = match flag.split_once("://") {
        None if flag == "feeds" => return Ok((Some(flag.to_owned()), None)),
        Some(("kafka" | "kafkas", _)) => "kafka",
        Some(("amqp" | "amqps", _)) => "rabbitmq",
        Some(("redis" | "rediss", _)) => "redis-streams",
        _ => {
            return Err(CliError::usage(
                "--bus: expected feeds, kafka://HOST:PORT, amqp://HOST or redis://HOST",
            ));
        }
    };
    Ok((Some(engine.to_owned()), Some(flag.to_owned())))
}

impl Arguments {
    /// Arguments of this process.
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        let matches = help::fitted(Self::command()).try_get_matches()?;
        Self::from_arg_matches(&matches)
    }
}

/// Parser of the name of a service.
fn service_names() -> PossibleValuesParser {
    PossibleValuesParser::new(modules::ALL.iter().map(|module| module.name))
}

/// Parser of a whole number, both ends of whose range are allowed.
fn number<T>(min: T, max: T) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr + std::fmt::Display + PartialOrd + Copy + Send + Sync + 'static,
{
    move |text: &str| {
        let number = text.trim().parse().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| format!("expected a whole number from {min} to {max}"))
    }
}
