//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use settings::Flag;
use std::{path::PathBuf, process::ExitCode};

/// A complete online shop in one program.
///
/// Without a command it serves the shop: on 127.0.0.1:8080 for shoppers, on 127.0.0.1:8081 for operators, with its
/// data in ./data and, when that folder is new, a demonstration catalogue.
#[derive(Debug, Parser)]
#[command(name = "icommerce", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) process: ProcessFlags,
}

const EXIT_CODES: &str = "\
Every flag is also an environment variable (--data is ICOMMERCE_DATA) and a key of the settings file (data).

Exit codes: 0 done · 1 the work failed or its books do not balance · 2 the command or a setting is wrong ·
3 something needed is not there (a port is taken, a folder locked or not writable, data of a newer format)";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the shop (what happens without a command)
    Serve,
    /// Show which services there are, whom they call and which run here
    Services,
    /// Show every setting, its value, its default and where the value came from
    Settings(SettingsFlags),
    /// Bring goods into the shop from files
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Send a real shop's history through the public API and prove that the books balance
    Replay {
        #[command(subcommand)]
        what: Replay,
    },
    /// Make a service's read models and snapshots anew from its journal; nobody may be serving the data folder
    Rebuild {
        /// Which service
        service: String,
    },
    /// Check what has to be true of a data folder that nobody is serving: stock, money, orders, sagas, read models
    Check,
    /// Write a JSON Schema for each event between services, and an `AsyncAPI` index of them
    Events {
        /// Where to
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the API document of an edge (OpenAPI 3.1)
    Openapi {
        /// Which edge
        edge: EdgeName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Products: Shopify product CSV or JSON Lines, plain or gzipped
    Catalog(Catalog),
}

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    /// Files of products
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceFlags,
    /// Write what became of every row
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) report: Option<PathBuf>,
    /// Only say what an import would do
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The currency of prices in tables, which do not say it
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    pub(crate) currency: String,
    /// How many batches are under way at the same time
    #[arg(long, value_name = "N")]
    pub(crate) parallel: Option<usize>,
    /// How long a busy shop is asked again before the import gives up; one that gave up can be run again, what was done
    /// stays done
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub(crate) wait: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Months of the UCI "Online Retail" invoices, CSV, plain or gzipped
    OnlineRetail(OnlineRetail),
}

#[derive(Debug, Args)]
pub(crate) struct OnlineRetail {
    /// Files of invoices, in the order of time
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceFlags,
    /// How many requests are under way at the same time
    #[arg(long, value_name = "N")]
    pub(crate) parallel: Option<usize>,
    /// The most orders a second
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Write what became of every line
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) report: Option<PathBuf>,
}

/// Where the shop is that a command works with.
#[derive(Debug, Default, Args)]
pub(crate) struct PlaceFlags {
    /// The shop edge of a running shop; without it the command runs the shop itself on --data
    #[arg(long, value_name = "URL")]
    pub(crate) shop: Option<String>,
    /// The operator edge of a running shop
    #[arg(long, value_name = "URL")]
    pub(crate) operator: Option<String>,
}

/// An edge of the gateway.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EdgeName {
    Shop,
    Operator,
}

/// What all commands understand.
#[derive(Debug, Default, Args)]
pub(crate) struct ProcessFlags {
    /// Run only these services, separated by commas
    #[arg(long, global = true, value_name = "A,B")]
    services: Option<String>,
    /// Where the shop keeps its data
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where shoppers are served; port 0 picks a free one
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// Where operators are served; port 0 picks a free one
    #[arg(long, global = true, value_name = "ADDR")]
    operator_listen: Option<String>,
    /// Where other processes reach the services that run here; off when every service runs here
    #[arg(long, global = true, value_name = "ADDR")]
    service_listen: Option<String>,
    /// Where services run that do not run here: NAME=URL, separated by commas
    #[arg(long, global = true, value_name = "NAME=URL,…")]
    peers: Option<String>,
    /// A settings file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Begin without the demonstration catalogue and without test payments
    #[arg(long, global = true)]
    no_demo: bool,
    /// How to write logs: text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SettingsFlags {
    /// One line per setting, for programs
    #[arg(long)]
    pub(crate) dump: bool,
}

impl ProcessFlags {
    /// The flags that were given, as settings.
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

/// Help and version go to standard output and are no failure; anything else is one sentence and exit code 2.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe is the reader's wish.
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
