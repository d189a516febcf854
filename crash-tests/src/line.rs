//! What can be typed after `cargo xtask crash`.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Kills, pauses, starves and unplugs the real shop, and looks whether it kept its word.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask crash", bin_name = "cargo xtask crash")]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) hardship: Hardship,
    /// The shop's program.
    #[arg(long, global = true, default_value = "icommerce")]
    pub(crate) binary: PathBuf,
    /// Where chance begins.
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many customers at once.
    #[arg(long, global = true, default_value_t = 48)]
    pub(crate) customers: u64,
    /// Where the shop keeps its data; a new folder each time when absent.
    #[arg(long, global = true)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hardship {
    /// SIGKILL at random moments, and a start on the same folder.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 30)]
        times: u64,
        /// How many orders there are before the first kill.
        #[arg(long, default_value_t = 0)]
        orders: u64,
    },
    /// SIGSTOP and, after a while, SIGCONT.
    Pause {
        /// How often.
        #[arg(long, default_value_t = 30)]
        times: u64,
        /// The services in two processes, of which one is paused.
        #[arg(long)]
        halves: bool,
    },
    /// A disk that fills up, with the reserve and without it.
    FullDisk {
        /// How often.
        #[arg(long, default_value_t = 5)]
        times: u64,
    },
    /// A disk that loses its power in the middle of the load. Needs root, mkfs and `xfs_io`.
    Power {
        /// How often, for each file system.
        #[arg(long, default_value_t = 5)]
        times: u64,
        /// Only this one.
        #[arg(long)]
        file_system: Option<Unpluggable>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Unpluggable {
    Ext4,
    Xfs,
}
