//! Service of the database: its tables, and how far its journal is flushed.

use crate::schema::ServiceTables;
use journal::Position;
use parking_lot::RwLock;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
};
use storage::Watermark;

/// Service of the database. Only the handles of the service hold it, and only through it is a table named.
#[derive(Debug)]
pub(crate) struct SqliteService {
    name: &'static str,
    /// Index of its state in the log.
    pub(crate) index: usize,
    pub(crate) tables: ServiceTables,
    /// Whether its tables are in the database.
    pub(crate) created: AtomicBool,
    /// Position of its last flushed event.
    pub(crate) last_position: AtomicU64,
    /// Watermark of its flushed events, for the consumers that follow its journal.
    pub(crate) events_watermark: Arc<Watermark>,
    /// Collections whose tables are known to match their declarations, by the address of the declaration.
    pub(crate) ready_collections: RwLock<HashSet<usize>>,
}

impl SqliteService {
    /// Service of this name; `stored` is the last position of the journal that the database has of it.
    pub(crate) fn new(name: &'static str, index: usize, stored: Option<Position>) -> Self {
        Self {
            name,
            index,
            tables: ServiceTables::of(name),
            created: AtomicBool::new(stored.is_some()),
            last_position: AtomicU64::new(stored.unwrap_or(0)),
            events_watermark: Watermark::at(stored.unwrap_or(0)),
            ready_collections: RwLock::default(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}
