//! Wiring: the only module that knows which engines exist, of storage and of the message bus.

mod bus;
mod bus_identity;
mod embedded;
mod engine;
mod folder_binding;
mod in_memory;
#[cfg(feature = "kafka")]
mod kafka;
mod lease;
mod losable;
mod metrics;
#[cfg(feature = "postgres")]
mod postgres;
mod projections;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
#[cfg(feature = "redis")]
mod redis_streams;
mod remote;
mod server_health;
#[cfg(any(feature = "kafka", feature = "postgres", feature = "rabbitmq", feature = "redis"))]
mod tls;
#[cfg(feature = "postgres")]
mod transfer;
mod unfinished;

pub(crate) use bus::{bus, partitioned};
#[cfg(feature = "postgres")]
use embedded::check_existing_folder;
pub(crate) use embedded::{
    Compaction, Embedded, backups_folder, check_existing, forget_keys, key_file, key_path, lock,
    verify,
};
pub(crate) use engine::Engine;
#[cfg(feature = "postgres")]
use engine::check_keys_exist;
#[cfg(not(feature = "postgres"))]
pub(crate) use engine::without_postgres;
pub(crate) use in_memory::InMemory;
pub(crate) use lease::lease;
pub(crate) use losable::LosableStore;
#[cfg(feature = "postgres")]
pub(crate) use postgres::{Postgres, migrate_all, pending_migrations, sole_user};
pub(crate) use projections::ProjectionStore;
pub(crate) use remote::{channel_to, members};
pub(crate) use server_health::follow_servers;
#[cfg(feature = "postgres")]
pub(crate) use transfer::{
    RestoredKeys, TransferReport, back_up_database, move_into_database, move_into_folder,
    restore_into_database,
};
pub(crate) use unfinished::check_finished;
