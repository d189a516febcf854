//! Command line of `cargo xtask crash`.

use clap::{Parser, Subcommand, ValueEnum};
use crash_tests::{BusEngine, FailingServer, FileSystem, FleetFaultKind};
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
    /// Kill, restart and pause the servers that the shop is on, slow them down and cut their connections, flush Redis, and kill the
    /// shop with them. The shop is on PostgreSQL, and on what the options add; its program needs these engines.
    #[command(alias = "database")]
    Engines {
        /// Number of faults; each kind comes in turn.
        #[arg(long, default_value_t = 20)]
        times: u64,
        /// Message bus of the shop [default: none].
        #[arg(long)]
        bus: Option<Bus>,
        /// Keep values that may be lost on Redis.
        #[arg(long)]
        redis: bool,
        /// Let this server fail, and no other that is not named as well.
        #[arg(long)]
        of: Vec<Engine>,
    },
    /// Let a fleet fail, two processes of each service on PostgreSQL, of which one owns it and the other one stands by: processes that are
    /// killed, stopped and paused, lost packets, slow owners, and clocks that jump.
    ///
    /// Each process has a network namespace of its own, which needs root and `ip`. Without these, all are on loopback, and faults of the
    /// network are left out.
    Fleet {
        /// Number of faults; each one comes in turn.
        #[arg(long, default_value_t = 20)]
        times: u64,
        /// Let this kind of fault happen, and no other that is not named as well [default: all that this machine can inject].
        #[arg(long)]
        of: Vec<FleetPart>,
    },
    /// Kill the primary of a replicated `PostgreSQL` and promote its synchronous standby, which the former primary then follows.
    Failover {
        /// Number of faults.
        #[arg(long, default_value_t = 10)]
        times: u64,
    },
    /// Ask for more than a shop can take while its database stands still, and while it is slow. Needs PostgreSQL.
    Overload,
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

/// Message buses.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Bus {
    Kafka,
    #[value(name = "rabbitmq")]
    RabbitMq,
    RedisStreams,
}

/// What fails in a fleet.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FleetPart {
    /// Owners and processes that stand by are killed, stopped and paused.
    Process,
    /// Packets are lost between two services, one way or both, and between a service and the database.
    Network,
    /// An owner runs a small part of the time, or is behind a slow line.
    Slow,
    /// The clock of an owner, or of all processes, jumps by minutes or hours, and back.
    Clock,
}

/// Servers that fail.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Engine {
    Database,
    Broker,
    Redis,
}

impl From<Bus> for BusEngine {
    fn from(bus: Bus) -> Self {
        match bus {
            Bus::Kafka => Self::Kafka,
            Bus::RabbitMq => Self::RabbitMq,
            Bus::RedisStreams => Self::RedisStreams,
        }
    }
}

impl From<FleetPart> for FleetFaultKind {
    fn from(part: FleetPart) -> Self {
        match part {
            FleetPart::Process => Self::Process,
            FleetPart::Network => Self::Network,
            FleetPart::Slow => Self::Slow,
            FleetPart::Clock => Self::Clock,
        }
    }
}

impl From<Engine> for FailingServer {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Database => Self::Database,
            Engine::Broker => Self::Broker,
            Engine::Redis => Self::Values,
        }
    }
}

/// File systems on a block device.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BlockFileSystem {
    Ext4,
    Xfs,
}

impl BlockFileSystem {
    /// The one that is named, or all.
    pub(crate) fn named_or_all(named: Option<Self>) -> Vec<FileSystem> {
        match named {
            Some(Self::Ext4) => vec![FileSystem::Ext4],
            Some(Self::Xfs) => vec![FileSystem::Xfs],
            None => vec![FileSystem::Ext4, FileSystem::Xfs],
        }
    }
}
