//! What an engine hands a service: all of its storage, and nothing of anybody else's.

use crate::Journal;
use std::sync::Arc;
use storage::{Documents, KeyValue};

/// One service's storage. Every engine hands out this type, so that a service cannot tell which one it has.
#[derive(Clone, Debug)]
pub struct ServiceStorage {
    /// Its events.
    pub journal: Arc<dyn Journal>,
    /// Its records and read models.
    pub documents: Arc<dyn Documents>,
    /// Its small values and counters.
    pub key_value: Arc<dyn KeyValue>,
}
