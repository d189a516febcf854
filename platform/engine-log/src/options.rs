//! Options of the engine, with their defaults.

use journal::PlaintextRecords;
use std::{collections::BTreeMap, time::Duration};
use subject_keys::MasterSecret;

/// Readers of the plaintext records of each service that had any.
pub type PlaintextReaders = BTreeMap<&'static str, &'static dyn PlaintextRecords>;

/// Options of the log engine. The defaults suit one process on one machine; tests make limits small to reach them.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Disk reserve, in bytes: writes are refused with `StorageError::Full` before less than this is free. 64 MiB.
    pub disk_reserve_bytes: u64,
    /// Queue limit, in writes that wait for a flush; more are refused with `StorageError::Unavailable`. 32,768.
    pub queue_writes_max: usize,
    /// Queue limit, in bytes that wait for a flush; more are refused with `StorageError::Unavailable`. 64 MiB.
    pub queue_bytes_max: usize,
    /// Size of a segment, in bytes: it begins another one when it is full. The first segments are smaller. 16 MiB: a start reads
    /// the segment in use, and its index entries are in memory.
    pub segment_bytes_max: u32,
    /// Size of the records that are kept in memory after their flush, in bytes, for readers and followers. 16 MiB.
    pub recent_bytes_max: usize,
    /// Size of the flushed documents that the index may lack, in bytes, before the writer waits for it. 64 MiB.
    pub unindexed_bytes_max: usize,
    /// Linger of the bulk store: how long a batch waits for more writes before it is flushed. 50 ms.
    pub bulk_linger: Duration,
    /// Number of values that the hashes of names may have, the same at every start of a log. `u64::MAX`; tests make it small,
    /// so that names collide.
    pub hash_values_max: u64,
    /// Secret of the master key, under which the keys of data subjects are encrypted. None: they are as safe as the data folder.
    pub master_secret: Option<MasterSecret>,
    /// Readers of what services stored before their personal data was encrypted: a folder of that time is encrypted when it is opened. None:
    /// every folder stays what it is.
    pub plaintext: PlaintextReaders,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            disk_reserve_bytes: 64 * 1024 * 1024,
            queue_writes_max: 32 * 1024,
            queue_bytes_max: 64 * 1024 * 1024,
            segment_bytes_max: 16 * 1024 * 1024,
            recent_bytes_max: 16 * 1024 * 1024,
            unindexed_bytes_max: 64 * 1024 * 1024,
            bulk_linger: Duration::from_millis(50),
            hash_values_max: u64::MAX,
            master_secret: None,
            plaintext: PlaintextReaders::new(),
        }
    }
}
