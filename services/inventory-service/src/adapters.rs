//! How the world reaches the inventory, and how it reaches the world.

pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod journal_log;
pub(crate) mod maintenance;
pub(crate) mod movements;
mod snapshot;
