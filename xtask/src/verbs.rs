//! What can be typed after `cargo xtask`.

use clap::{Parser, Subcommand};

/// The everyday verbs of the repository.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "A change is ready when both pass:\n  cargo xtask tidy\n  cargo xtask test\n\n\
                  `.ci/run` does the same with the formatter and clippy before it."
)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Checks the rules of ARCHITECTURE.md that a machine can check.
    ///
    /// Every finding names the file and the line, the rule that is broken, and what to do about it.
    #[command(
        after_help = "Examples:\n  cargo xtask tidy\n  cargo xtask tidy --rules    what is checked, without checking it"
    )]
    Tidy {
        /// Prints the rules instead of checking them.
        #[arg(long)]
        rules: bool,
    },
    /// Builds and runs every test of the workspace and sums them up in one table.
    ///
    /// What a suite needs beyond a Rust toolchain is found or installed first; what cannot be had is said, and the suite
    /// is skipped. With CI=true a skipped suite is a failed one.
    #[command(
        after_help = "Examples:\n  cargo xtask test\n  cargo xtask test --only kernel --only journal"
    )]
    Test {
        /// Runs the tests of this crate only (may be repeated).
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// Treats what must be skipped as failed.
        #[arg(long, env = "CI", value_parser = clap::builder::BoolishValueParser::new(), num_args = 0..=1, default_value = "false", default_missing_value = "true")]
        ci: bool,
    },
    /// Has Lighthouse look at the pages of the released shop several times, and tells the medians.
    ///
    /// The tests look once, beside everything else, and hold the pages to what does not depend on time. How fast a page
    /// is can be said only where nothing else runs.
    Lighthouse {
        /// How often each page is looked at.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Plays the whole shop in simulated time, once for each seed, and checks that its books balance whatever breaks.
    ///
    /// Builds for release. A seed that fails is told as a story, and made as small as it still fails; it is the same
    /// story each time.
    #[command(
        disable_help_flag = true,
        after_help = "Examples:\n  cargo xtask simulate\n  cargo xtask simulate --seeds 100000\n  \
                      cargo xtask simulate --seed 42 --shape fleet --story\n  cargo xtask simulate --defects"
    )]
    Simulate {
        /// Options of the simulation; `--help` lists them.
        #[arg(value_name = "OPTION", trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Measures the shop against what the machine can do without it.
    ///
    /// Builds for release, starts the shop in a process of its own for each scenario, and beside it a server of
    /// constant answers on the same HTTP stack. The figures go to the terminal and to benchmarks/results/latest.json.
    #[command(
        after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench checkout list -- --seconds 30 --clients 64"
    )]
    Bench {
        /// Which scenarios (all when none is named), then `--` and options of the load generator; see
        /// `cargo xtask bench -- --help`.
        #[arg(value_name = "SCENARIO")]
        scenarios: Vec<String>,
    },
    /// Counts the instructions of an order, a list, a product and a search, and compares them with those that were kept.
    ///
    /// Builds for release and runs the shop under valgrind's callgrind, which is found or installed. A path that takes a
    /// tenth more than what benchmarks/instructions.json says is a failure.
    Instructions {
        /// Writes the counts down instead.
        #[arg(long)]
        keep: bool,
    },
    /// Gives the real shop hard times under the load of many customers, and checks after each that it kept its word.
    ///
    /// Builds for release, kills, pauses, starves or unplugs the shop, starts it again on the same folder, and looks:
    /// every acknowledged answer is there exactly once, nothing else is half there, and at rest nothing is left over
    /// and nothing is missing.
    #[command(
        after_help = "Examples:\n  cargo xtask crash kill --times 1000\n  cargo xtask crash power --file-system xfs --times 50"
    )]
    Crash {
        /// Which hardship (kill, pause, full-disk, power) and its options; see `cargo xtask crash help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "HARDSHIP")]
        arguments: Vec<String>,
    },
}
