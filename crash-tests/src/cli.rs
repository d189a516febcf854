//! Command line of `cargo xtask crash`.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Injects faults into a real shop under load and checks that every acknowledged fact survives.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask crash", bin_name = "cargo xtask crash")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) fault: Fault,
    /// Path of the server program.
    #[arg(long, global = true, default_value = "icommerce")]
    pub(crate) binary: PathBuf,
    /// Seed of the random number generators.
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of concurrent customers.
    #[arg(long, global = true, default_value_t = 48)]
    pub(crate) customers: u64,
    /// Data folder of the shop [default: a new folder each time].
    #[arg(long, global = true)]
    pub(crate) data: Option<PathBuf>,
}

/// Fault to inject.
#[derive(Debug, Subcommand)]
pub(crate) enum Fault {
    /// Kill the shop with SIGKILL at random moments and restart it on the same data folder.
    Kill {
        /// Number of faults.
        #[arg(long, default_value_t = 30)]
        times: u64,
        /// Number of orders placed before the first kill.
        #[arg(long, default_value_t = 0)]
        orders: u64,
    },
    /// Pause a process with SIGSTOP and resume it with SIGCONT.
    Pause {
        /// Number of faults.
        #[arg(long, default_value_t = 30)]
        times: u64,
        /// Spread the services over two processes and pause one of them at a time.
        #[arg(long)]
        two_processes: bool,
    },
    /// Fill the disk up, with a disk reserve and without one.
    FullDisk {
        /// Number of faults.
        #[arg(long, default_value_t = 5)]
        times: u64,
    },
    /// Kill, restart and pause the PostgreSQL server that the shop is on, slow it down and cut its connections, and kill the shop.
    /// Needs a program with the feature `postgres`.
    Database {
        /// Number of faults.
        #[arg(long, default_value_t = 20)]
        times: u64,
    },
    /// Cut the power of the disk under load. Needs root, `mkfs` and `xfs_io`.
    Power {
        /// Number of faults for each file system.
        #[arg(long, default_value_t = 5)]
        times: u64,
        /// Test only this file system.
        #[arg(long)]
        file_system: Option<BlockFileSystem>,
    },
}

/// File systems on a block device.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BlockFileSystem {
    Ext4,
    Xfs,
}
