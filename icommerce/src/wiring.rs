//! Wiring: the only module that knows which storage engines exist.

mod embedded;
mod in_memory;
mod metrics;
mod remote;

pub(crate) use embedded::{
    Compaction, Embedded, backups_folder, check_existing, forget_keys, key_file, key_path, lock,
    verify,
};
pub(crate) use in_memory::InMemory;
pub(crate) use remote::channel_to;
