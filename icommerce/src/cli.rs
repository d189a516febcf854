//! Command-line interface: arguments, flags and help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use settings::Flag;
use std::{path::PathBuf, process::ExitCode};

/// A complete online shop in one program.
///
/// Without a command, it serves the shop: the shop edge on 127.0.0.1:8080, the operator edge on 127.0.0.1:8081, with
/// the data in ./data. A new data folder is filled with a demonstration catalogue.
#[derive(Debug, Parser)]
#[command(name = "icommerce", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) process: ProcessFlags,
}

const EXIT_CODES: &str = "\
Every flag can also be given as an environment variable (--data is ICOMMERCE_DATA) or as a key in the settings file (data).

Exit codes: 0 success · 1 the command failed, a check found a violation, or nothing of what was asked could be done ·
2 invalid arguments or settings, or a file that needs another argument ·
3 a resource is unavailable (port in use, data folder locked, not writable, incomplete, or in a newer format)";

/// Commands of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the shop (the default command)
    Serve,
    /// List the services, their dependencies, and which of them run in this process
    Services,
    /// Show every setting with its value, default and origin
    Settings(SettingsFlags),
    /// Import data into the shop from files
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Replay a real shop's history through the public API and reconcile the result
    Replay {
        #[command(subcommand)]
        what: Replay,
    },
    /// Rebuild the read models and snapshots of a service from its journal; the data folder must not be in use
    Rebuild {
        /// Name of the service
        service: String,
    },
    /// Check the invariants of a data folder: stock, payments, orders, sagas, read models; the folder must not be in use
    Check,
    /// Write a JSON Schema for each event between services, and an index of them (asyncapi.json)
    Events {
        /// Output folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the OpenAPI 3.1 document of an edge
    Openapi {
        /// Name of the edge
        edge: EdgeName,
    },
}

/// Subcommands of `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Import products from the exports of other shops, any other table, or JSON Lines, plain or gzipped
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
    /// What the columns of tables mean: shopify, woocommerce, magento, google (a product feed as a text table), or a
    /// mapping file of your own (docs/guides/import.md)
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "shopify")]
    pub(crate) columns: String,
    /// Currency of prices that name none; the shop's own by default
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// Decimal separator of numbers, where a file does not tell it
    #[arg(long, value_name = "SEPARATOR")]
    pub(crate) decimal: Option<DecimalName>,
    /// Stock of variants that the file does not count; without it, they keep the number in the file and a remark
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(i64).range(0..=catalog_import::UNTRACKED_STOCK_MAX))]
    pub(crate) untracked_stock: Option<i64>,
    /// Number of batches in flight at the same time
    #[arg(long, value_name = "N")]
    pub(crate) parallel: Option<usize>,
    /// How long to retry while the shop is overloaded before giving up; the import can then be run again, and what was
    /// imported stays imported
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub(crate) wait: u64,
}

/// Decimal separator of numbers in a file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DecimalName {
    /// As in 24.90
    Point,
    /// As in 24,90
    Comma,
}

/// Subcommands of `replay`.
#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Replay the UCI "Online Retail" invoices, CSV by month, plain or gzipped
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
    #[arg(long, value_name = "N")]
    pub(crate) parallel: Option<usize>,
    /// Maximum orders per second
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Write a report with the result of every invoice line
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) report: Option<PathBuf>,
}

/// Address flags of the target shop.
#[derive(Debug, Default, Args)]
pub(crate) struct TargetFlags {
    /// Shop edge of a running shop; without it, the command starts a shop of its own on --data
    #[arg(long, value_name = "URL")]
    pub(crate) shop: Option<String>,
    /// Operator edge of a running shop
    #[arg(long, value_name = "URL")]
    pub(crate) operator: Option<String>,
}

/// Edge of the gateway.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EdgeName {
    Shop,
    Operator,
}

/// Process flags, accepted by all commands.
#[derive(Debug, Default, Args)]
pub(crate) struct ProcessFlags {
    /// Run only these services, separated by commas
    #[arg(long, global = true, value_name = "A,B")]
    services: Option<String>,
    /// Data folder of the shop
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of the shop edge; port 0 picks a free port
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// Address of the operator edge; port 0 picks a free port
    #[arg(long, global = true, value_name = "ADDR")]
    operator_listen: Option<String>,
    /// Address at which other processes reach the services of this one; off by default if every service runs here
    #[arg(long, global = true, value_name = "ADDR")]
    service_listen: Option<String>,
    /// Addresses of services that run in other processes: NAME=URL, separated by commas
    #[arg(long, global = true, value_name = "NAME=URL,…")]
    peers: Option<String>,
    /// Settings file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Start without the demonstration catalogue and without test payments
    #[arg(long, global = true)]
    no_demo: bool,
    /// Log format: text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log: Option<String>,
}

/// Arguments of `settings`.
#[derive(Debug, Args)]
pub(crate) struct SettingsFlags {
    /// Print one line per setting, for scripts
    #[arg(long)]
    pub(crate) dump: bool,
}

impl ProcessFlags {
    /// Given flags, as settings.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let text = |name: &str, key: &str, value: &Option<String>| {
            value.as_ref().map(|value| Flag::new(name, key, value.clone()))
        };
        let data = self.data.as_ref().map(|data| data.to_string_lossy().into_owned());
        let demo = self.no_demo.then(|| "false".to_owned());
        [
            text("--services", "services", &self.services),
            text("--data", "data", &data),
            text("--listen", "listen", &self.listen),
            text("--operator-listen", "operator_listen", &self.operator_listen),
            text("--service-listen", "service_listen", &self.service_listen),
            text("--peers", "peers", &self.peers),
            text("--no-demo", "demo", &demo),
            text("--log", "log", &self.log),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Reports a parse error. Help and version go to standard output with exit code 0; anything else is one line and code 2.
pub(crate) fn report_usage_error(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe is not an error.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let sentence = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tip.map_or_else(|| "see icommerce --help".to_owned(), str::to_owned);
    eprintln!("icommerce: {sentence}; {tip}");
    ExitCode::from(2)
}
