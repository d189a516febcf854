//! Command line of `cargo xtask`.

use crate::suites::backends::Backend;
use clap::{Parser, Subcommand};

/// Task runner of the repository.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "A change is ready when both pass:\n  cargo xtask tidy\n  cargo xtask test\n\n\
                  `.ci/run` does the same with the formatter and clippy before it."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Checks the repository's rules: architecture, naming, sizes, dependencies.
    ///
    /// Every finding names the file and the line, the rule, and how to fix it.
    #[command(
        after_help = "Examples:\n  cargo xtask tidy\n  cargo xtask tidy --rules    lists the rules without checking them"
    )]
    Tidy {
        /// Prints the rules instead of checking them.
        #[arg(long)]
        rules: bool,
    },
    /// Builds and runs every test of the workspace and prints a summary table.
    ///
    /// Prerequisites beyond a Rust toolchain are found or installed first; a suite whose prerequisites are missing is
    /// skipped, with the reason. With CI=true a skipped suite counts as failed.
    #[command(
        after_help = "Examples:\n  cargo xtask test\n  cargo xtask test --only kernel --only journal"
    )]
    Test {
        /// Runs the end-to-end tests in every topology, which takes about twice as long.
        #[arg(long)]
        all: bool,
        /// Runs the tests of this crate only (may be repeated).
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// Treats skipped suites as failed.
        #[arg(long, env = "CI", value_parser = clap::builder::BoolishValueParser::new(), num_args = 0..=1, default_value = "false", default_missing_value = "true")]
        ci: bool,
    },
    /// Starts, stops and lists real servers for a shop on this machine: PostgreSQL, Redis, Kafka, RabbitMQ, and one of
    /// MongoDB's protocol.
    ///
    /// They run in the background, on free ports of loopback and in folders of their own, beside whatever runs already. A
    /// shop that uses them is built with `--features full`.
    #[command(
        after_help = "Examples:\n  cargo xtask backends up                    starts every server, and prints its address\n  \
                      cargo xtask backends up postgres kafka     starts these\n  \
                      cargo xtask backends status                shows which of them answer\n  \
                      cargo xtask backends down                  stops what `up` has started, and removes its data"
    )]
    Backends {
        #[command(subcommand)]
        task: BackendsTask,
    },
    /// Every service in processes of its own, on PostgreSQL, Kafka and Redis of this machine.
    ///
    /// Builds for release, starts the servers as `backends up` does, and the processes on the ports 9301 to 9310, the next ones of each
    /// service a hundred above; the shop is at 8080. A demonstration: test payments are accepted.
    #[command(
        after_help = "Examples:\n  cargo xtask fleet up                  two processes of each service\n  \
                      cargo xtask fleet up --instances 1    one of each"
    )]
    Fleet {
        #[command(subcommand)]
        task: FleetTask,
    },
    /// Measures the pages of a release build with Lighthouse, several times, and prints the medians.
    ///
    /// The tests run Lighthouse once, beside everything else, and assert only what does not depend on time. Run this on an
    /// otherwise idle machine.
    Lighthouse {
        /// How often each page is measured.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Takes screenshots of every page and state of the shop, for a person to look through.
    ///
    /// In both themes, on a phone, a tablet and a desktop; in German; and without JavaScript. `index.html` in the folder
    /// shows them all. A state that cannot be reached fails the command.
    #[command(after_help = "Examples:\n  cargo xtask look\n  cargo xtask look /tmp/before")]
    Look {
        /// Folder of the pictures (default: look in cargo's target folder).
        #[arg(value_name = "FOLDER")]
        folder: Option<std::path::PathBuf>,
    },
    /// Runs the whole shop in simulated time with injected faults, once per seed, and checks its invariants.
    ///
    /// Builds for release. A failing seed is shrunk to the smallest run that still fails and printed as a trace; the same
    /// seed always gives the same run.
    #[command(
        disable_help_flag = true,
        after_help = "Examples:\n  cargo xtask simulate\n  cargo xtask simulate --seeds 100000\n  \
                      cargo xtask simulate --seed 42\n  cargo xtask simulate --defects"
    )]
    Simulate {
        /// Options of the simulation; `--help` lists them.
        #[arg(value_name = "OPTION", trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Leaves out one security check after another, and expects the test of the check to fail.
    ///
    /// Builds the tests once, with every check switchable. A check whose test passes without it has survived, and fails the
    /// command.
    #[command(
        after_help = "Examples:\n  cargo xtask mutations auth\n  cargo xtask mutations auth --list\n  \
                      cargo xtask mutations auth --only jwt_audience"
    )]
    Mutations {
        /// Area of the checks: `auth`.
        #[arg(value_name = "AREA")]
        area: String,
        /// Leaves out this check only (may be repeated).
        #[arg(long, value_name = "CHECK")]
        only: Vec<String>,
        /// Lists the checks, what each keeps out, and its test.
        #[arg(long)]
        list: bool,
    },
    /// Feeds the parsers of bytes from outside with mutated inputs, and checks their invariants.
    ///
    /// Under libFuzzer, led by coverage, where there is a nightly toolchain with cargo-fuzz; elsewhere as a seeded run over mutations
    /// of the same corpora. A failure names the seed that repeats it, and keeps the input.
    #[command(
        after_help = "Examples:\n  cargo xtask fuzz\n  cargo xtask fuzz jwt cookies --seconds 600\n  \
                      cargo xtask fuzz jwt --seed 42 --seconds 0"
    )]
    Fuzz {
        /// Targets (default: every one).
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        /// Seconds for each target.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Asks for a seeded run from this seed on.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measures throughput and latency of the shop, beside a baseline server on the same machine.
    ///
    /// Builds for release, and starts for each scenario the shop in its own process and a server of constant responses on
    /// the same HTTP stack. The measurements go to the terminal and to benchmarks/results/latest.json.
    #[command(
        after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench checkout list -- --seconds 30 --clients 64"
    )]
    Bench {
        /// Scenarios to run (default: all), then `--` and options of the load generator; see
        /// `cargo xtask bench -- --help`.
        #[arg(value_name = "SCENARIO")]
        scenarios: Vec<String>,
    },
    /// Builds the program from scratch, as a newcomer's `cargo run --release` does, and prints the CPU time.
    ///
    /// Builds into target/build-time, with cargo's report of what the time went to.
    BuildTime,
    /// Asks the advisory database for known vulnerabilities of the dependencies.
    ///
    /// Runs `cargo deny check advisories` and prints the date of the database. Without cargo-deny or the database it says
    /// that nothing was checked.
    Advisories,
    /// Counts the instructions of an order, a list, a product and a search, and compares them with the baseline.
    ///
    /// Builds for release and runs the shop under valgrind's callgrind, which is found or installed. An increase of more
    /// than 10 % over benchmarks/instructions.json is a failure.
    Instructions {
        /// Makes the counts the new baseline.
        #[arg(long, conflicts_with = "after")]
        keep: bool,
        /// Places so many orders before: compare 1,000 with 1,000,000 to see what a full folder costs.
        #[arg(long, value_name = "ORDERS")]
        after: Option<u64>,
    },
    /// Injects faults into the real program under load, and checks after each that nothing was lost or doubled.
    ///
    /// Builds for release; kills or pauses the shop or the servers that it is on, fills its disk or cuts its power; restarts it on the same data folder,
    /// and verifies: every acknowledged operation took effect exactly once, no other one took effect in part, and after
    /// quiescence the books balance.
    #[command(
        after_help = "Examples:\n  cargo xtask crash kill --times 1000\n  cargo xtask crash power --file-system xfs --times 50\n  cargo xtask crash engines --bus kafka --redis --times 60\n  cargo xtask crash fleet --times 60\n  cargo xtask crash fleet --of network --of clock --times 22"
    )]
    Crash {
        /// The fault (kill, pause, full-disk, power, engines, fleet, overload) and its options; see `cargo xtask crash help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FAULT")]
        arguments: Vec<String>,
    },
}

/// What to do with the fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetTask {
    /// Starts it, prints the addresses, and runs until Ctrl+C.
    Up {
        /// Processes of each service.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=i64::from(crate::fleet::INSTANCES_MAX)))]
        instances: u16,
    },
}

/// What to do with the servers.
#[derive(Debug, Subcommand)]
pub(crate) enum BackendsTask {
    /// Finds or installs the servers and starts those that do not run yet; prints a table with what a shop is told to use each.
    Up {
        /// Servers (default: every one).
        #[arg(value_name = "SERVER")]
        servers: Vec<Backend>,
    },
    /// Stops the servers that `up` has started, and removes their data.
    Down,
    /// Prints the servers that `up` has started, and which of them answer; fails when one does not.
    Status,
}
