//! Storage engine on a log: the data folder, one log for all services, and the store of bulk data.

use crate::{
    backup,
    compaction::Compaction,
    disk::{FileSystem, FolderDisk},
    documents::LogDocuments,
    folder_state::LogFolderState,
    journal::LogJournal,
    key_file::open_keys,
    key_value::LogKeyValue,
    log::FlushPolicy,
    migration,
    open_log::{OpenedLog, RunningLog},
    options::LogOptions,
    plaintext::PlaintextEncryption,
    recovery::{LogOpener, index_file},
    segments::Segments,
    work_signal::WorkMode,
};
use ::journal::{Position, ServiceStorage};
use data_folder::{BlobFolder, FolderBlobs, OpenError, Statistics};
use document_index::{FormerDatabase, IndexStore, SqliteIndexStore};
use kernel::{Randomness, SystemRandomness};
use std::{
    hash::{BuildHasher, RandomState},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};
use storage::{CommitError, Documents, KeyValue, LosableValues, StorageError, Watermark};
use subject_keys::SubjectKeys;

/// Name of the services' log.
pub(crate) const SERVICES_LOG: &str = "icommerce";
/// Name of the log of bulk data.
pub(crate) const BULK_LOG: &str = "bulk";
/// Bytes of the bulk log that are kept in memory after their flush: hardly anybody follows it.
const BULK_RECENT_BYTES_MAX: usize = 1024 * 1024;

/// Storage engine on a log: all storage of one process, in one data folder.
///
/// The folder holds the segments and runs of the services' log (`icommerce.000001.log`, `icommerce.000001-000008.run`), the index
/// of its documents (`icommerce.db`), which is made again from the log when it is missing, the same for bulk data (`bulk.…`), a
/// folder for each service that has blobs, `icommerce.keys` (the keys of data subjects) with `icommerce.erased` (which were given
/// up), `icommerce.state` (how far the logs reach), and `icommerce.lock`. One engine at a time has it open. Its owner alone has access.
///
/// When the engine and every handle it gave out are dropped, queued writes are still flushed, but nothing can wait for that;
/// [`LogEngine::close`] waits. Clones share the same engine.
///
/// ```
/// use engine_log::{LogEngine, LogOptions};
/// use kernel::Timestamp;
/// use std::error::Error;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn Error>> {
/// let folder = tempfile::tempdir()?;
/// let options = LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() };
/// let engine = LogEngine::open(folder.path(), options.clone())?;
/// let values = engine.service("example").key_value;
/// let commit = values.put("colour", "red".into(), None).await?;
/// commit.wait().await?; // the value survives a crash from here on
/// assert!(engine.statistics().flushes >= 1);
/// engine.close().await?;
///
/// let engine = LogEngine::open(folder.path(), options)?;
/// let values = engine.service("example").key_value;
/// let found = values.value("colour", Timestamp::UNIX_EPOCH).await?;
/// assert_eq!(found.as_deref(), Some(&b"red"[..]));
/// engine.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LogEngine {
    pub(crate) log: Arc<RunningLog>,
    pub(crate) bulk: Arc<RunningLog>,
    pub(crate) blobs: Arc<BlobFolder>,
    pub(crate) subject_keys: Arc<SubjectKeys>,
}

impl LogEngine {
    /// Opens the data folder, and creates it when it is missing. After a crash, recovery runs first. A folder of the former
    /// engine, which kept everything in `SQLite`, is migrated.
    ///
    /// # Errors
    ///
    /// [`OpenError`], by variant: the folder cannot be written to, is locked by another engine, or its disk is full; a file in
    /// it is of another format, damaged, or missing although the folder had it.
    pub fn open(folder: &Path, options: LogOptions) -> Result<Self, OpenError> {
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
        Self::open_on(folder, &disk, options)
    }

    /// Opens the data folder with the files of its logs on this disk.
    ///
    /// # Errors
    ///
    /// Those of [`LogEngine::open`].
    pub fn open_on(
        folder: &Path,
        disk: &Arc<dyn FileSystem>,
        options: LogOptions,
    ) -> Result<Self, OpenError> {
        let lock = Arc::new(data_folder::lock(folder)?);
        migration::migrate(folder, options.segment_bytes_max)?;
        let index = |log| -> Arc<dyn IndexStore> {
            Arc::new(SqliteIndexStore::new(folder, index_file(log)))
        };
        let indexes = [index(SERVICES_LOG), index(BULK_LOG)];
        let ([services, bulk], subject_keys) =
            open_logs(folder, disk, indexes, (new_secret(), &SystemRandomness), options)?;
        let blobs = Arc::new(BlobFolder::open(folder, services.options.disk_reserve_bytes));
        let is_encrypted = services.folder_state.is_encrypted();
        let start = |opened: OpenedLog| {
            let (log, writer) = opened.run_on(WorkMode::Threads, Some(Arc::clone(&lock)));
            writer.start().map_err(|error| data_folder::open_error(folder, &error))?;
            Ok(Arc::new(log))
        };
        let (log, bulk) = (start(services)?, start(bulk)?);
        data_folder::restrict(folder);
        migration::settle_kept(folder, is_encrypted)
            .map_err(|error| data_folder::open_error(folder, &error))?;
        Ok(Self { log, bulk, blobs, subject_keys: Arc::new(subject_keys) })
    }

    /// Reads every record of the logs in a folder, which may be a backup, and changes nothing. A log that is not there has none.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a record is not what was written, or a file is missing.
    pub fn verify(folder: &Path) -> Result<(), OpenError> {
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
        let state = LogFolderState::read(folder, Arc::clone(&disk))
            .map_err(|error| data_folder::open_error(folder, &error))?;
        for log in [SERVICES_LOG, BULK_LOG] {
            let segments = Segments::new(Arc::clone(&disk), log, 0);
            let index = Arc::new(SqliteIndexStore::new(folder, index_file(log)));
            let (secret, hash_values_max) = ([0; 16], u64::MAX);
            LogOpener { folder, segments, state: &state, index, secret, hash_values_max }
                .verify()?;
        }
        Ok(())
    }

    /// Whether the folder has data of a shop, complete or not. Creates nothing.
    pub fn has_filled(folder: &Path) -> bool {
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
        let database = index_file(SERVICES_LOG);
        folder.join(format!("{SERVICES_LOG}.000001.log")).is_file()
            || migration::is_under_way(folder)
            || LogFolderState::read(folder, disk)
                .is_ok_and(|state| state.reached(SERVICES_LOG).is_some())
            || FormerDatabase::check_state(folder, &database).is_err()
            || FormerDatabase::is_there(folder, &database).unwrap_or(true)
            || SqliteIndexStore::new(folder, database).identify().unwrap_or(false)
    }

    /// Storage handles of one service. The same name gives handles to the same storage.
    ///
    /// # Panics
    ///
    /// When what the log has of the service cannot be read.
    pub fn service(&self, name: &'static str) -> ServiceStorage {
        self.storage_of(&self.log, name)
    }

    /// Storage handles for bulk data that may lag: it has a log and a writer of its own, so that it never delays the services.
    ///
    /// # Panics
    ///
    /// When what the log has of the service cannot be read.
    pub fn bulk(&self, name: &'static str) -> ServiceStorage {
        self.storage_of(&self.bulk, name)
    }

    fn storage_of(&self, log: &Arc<RunningLog>, name: &'static str) -> ServiceStorage {
        let service = log.service(name).expect("the log can be read");
        let (log, keys) = (|| Arc::clone(log), || Arc::clone(&self.subject_keys));
        let key_value: Arc<dyn KeyValue> = Arc::new(LogKeyValue::new(log(), Arc::clone(&service)));
        let documents: Arc<dyn Documents> =
            Arc::new(LogDocuments::new(log(), Arc::clone(&service)));
        ServiceStorage {
            journal: Arc::new(LogJournal::new(log(), service, keys())),
            projections: Arc::clone(&documents),
            documents,
            losable: LosableValues::new(Arc::clone(&key_value)),
            key_value,
            blobs: Arc::new(FolderBlobs::new(Arc::clone(&self.blobs), name)),
            subject_keys: keys(),
        }
    }

    /// Writes a backup into `target`, which must not exist, on the disk of the data folder: everything that was flushed when it
    /// began, in the form of a data folder. It takes no room but that of the segments in use, until older ones are compacted.
    /// `services` are those whose blobs belong to it. Returns the position of the services' log that it stands at.
    ///
    /// # Errors
    ///
    /// The error of the operating system; `target` may have been begun then.
    pub fn backup(&self, target: &Path, services: &[&str]) -> std::io::Result<Position> {
        std::fs::DirBuilder::new().mode(0o700).create(target)?;
        let store_id = self.subject_keys.store_id();
        let position = backup::write(&[&self.bulk, &self.log], store_id, target)?;
        // What an event refers to was written before it.
        for service in services {
            let folder = self.blobs.folder(service);
            if folder.try_exists()? {
                backup::link_tree(&folder, &target.join(service))?;
            }
        }
        std::fs::File::open(target)?.sync_all()?;
        Ok(position)
    }

    /// Keys of data subjects.
    pub fn subject_keys(&self) -> &Arc<SubjectKeys> {
        &self.subject_keys
    }

    /// High-watermark of the services' log.
    pub fn watermark(&self) -> &Arc<Watermark> {
        &self.log.watermark
    }

    /// Looks at every full segment of both logs, and gives back the bytes of what was deleted, replaced or swept before. The
    /// engine does so by itself as the log grows; this is for those who do not want to wait.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when a segment is damaged or could not be written; the others are compacted nevertheless.
    pub async fn compact(&self) -> Result<Compaction, StorageError> {
        let (services, bulk) = (self.log.compact().await?, self.bulk.compact().await?);
        Ok(Compaction {
            bytes_before: services.bytes_before + bulk.bytes_before,
            bytes_after: services.bytes_after + bulk.bytes_after,
        })
    }

    /// Closes the engine: refuses later writes with `Unavailable`, flushes what is queued, brings it into the index, and
    /// releases the folder.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when a flush failed, now or earlier: unflushed writes are lost.
    pub async fn close(&self) -> Result<(), CommitError> {
        self.log.close();
        self.bulk.close();
        let failures = [self.log.wait_until_stopped().await, self.bulk.wait_until_stopped().await];
        if failures.iter().all(Option::is_none) { Ok(()) } else { Err(CommitError) }
    }

    /// Waits until a flush fails, and returns the reason: the process must stop, and start again from what is flushed. Never
    /// returns for an engine that is closed without a failure.
    pub async fn failed(&self) -> String {
        tokio::select! {
            reason = self.log.failed() => reason,
            reason = self.bulk.failed() => reason,
        }
    }

    /// Statistics of the services' log.
    pub fn statistics(&self) -> Statistics {
        self.log.counters.snapshot()
    }

    /// Statistics of the bulk log.
    pub fn bulk_statistics(&self) -> Statistics {
        self.bulk.counters.snapshot()
    }
}

/// Opens the services' log and that of bulk data, and the keys of data subjects.
pub(crate) fn open_logs(
    folder: &Path,
    disk: &Arc<dyn FileSystem>,
    [index, bulk_index]: [Arc<dyn IndexStore>; 2],
    (secret, randomness): ([u8; 16], &dyn Randomness),
    options: LogOptions,
) -> Result<([OpenedLog; 2], SubjectKeys), OpenError> {
    let state = LogFolderState::read(folder, Arc::clone(disk));
    let state = Arc::new(state.map_err(|error| data_folder::open_error(folder, &error))?);
    let opener = |log, index| LogOpener {
        folder,
        segments: Segments::new(Arc::clone(disk), log, options.segment_bytes_max),
        state: &state,
        index,
        secret,
        hash_values_max: options.hash_values_max,
    };
    let (services, bulk) = (opener(SERVICES_LOG, index), opener(BULK_LOG, bulk_index));
    let (found, found_bulk) = (services.find()?, bulk.find()?);
    if found.is_none() && found_bulk.is_some() {
        return Err(state.missing(&services.segments.name(1)));
    }
    if data_folder::is_full(folder) {
        return Err(OpenError::DiskFull { folder: folder.to_owned() });
    }
    let master = options.master_secret.as_ref();
    let subject_keys = open_keys(folder, disk, &state, master, randomness)?;
    let readers = &options.plaintext;
    let found = match found {
        _ if readers.is_empty() || state.is_encrypted() => found,
        Some(found) => {
            // Its free pages may have something of before as well; what is in it is made again from its log.
            bulk.index.remove()?;
            PlaintextEncryption { opener: &services, keys: &subject_keys, readers }.run(found)?
        }
        None => {
            state.note_encrypted().map_err(|error| data_folder::open_error(folder, &error))?;
            None
        }
    };
    let (services, bulk) = (services.open(found)?, bulk.open(found_bulk)?);
    let bulk_options = LogOptions {
        // What may lag must not take the room that the services need to the end.
        disk_reserve_bytes: options.disk_reserve_bytes.saturating_mul(2),
        recent_bytes_max: options.recent_bytes_max.min(BULK_RECENT_BYTES_MAX),
        ..options.clone()
    };
    let bulk_policy = FlushPolicy::Linger(options.bulk_linger);
    let log_of = |(recovered, tail), options, flush_policy| OpenedLog {
        folder: folder.to_owned(),
        recovered,
        tail,
        options,
        flush_policy,
        folder_state: Arc::clone(&state),
    };
    let services = log_of(services, options, FlushPolicy::OnDemand);
    Ok(([services, log_of(bulk, bulk_options, bulk_policy)], subject_keys))
}

/// Secret of a new log's hashes.
pub(crate) fn new_secret() -> [u8; 16] {
    let mut secret = [0; 16];
    for (half, number) in secret.chunks_exact_mut(8).zip(0_u8..) {
        half.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use journal::{Append, NewEvent, Snapshot, TypedEvent};
    use kernel::{Timestamp, Uuid};

    const NAMES: u64 = 9;

    fn append(stream: &str, expected: u64) -> Append {
        let event = NewEvent {
            id: Uuid::from_u128(expected.into()),
            name: "thing_happened",
            data: Bytes::from(format!("{stream} {expected}")),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::default(),
            personal: None,
        };
        let (stream, events, writes) = (stream.to_owned(), vec![event], Vec::new());
        Append { stream, expected, events, writes, origin: None, sequence: None }
    }

    async fn fill(storage: &ServiceStorage, service: &str, round: u64) {
        for number in 0..NAMES {
            let name = format!("{number}");
            // Streams of different lengths: the versions of one cannot stand for another's.
            for version in number * round..number * (round + 1) {
                storage.journal.append(append(&name, version)).await.unwrap();
            }
            let text = Bytes::from(format!("{service} {name} {round}"));
            let at = Timestamp::from_second(100 + number.cast_signed()).unwrap();
            let _ = storage.key_value.put(&name, text.clone(), Some(at)).await.unwrap();
            let snapshot = Snapshot { position: round, data: text };
            let _ = storage.journal.save_snapshot(&name, snapshot).await.unwrap();
        }
        let flushed = storage.key_value.remove("none").await.unwrap();
        flushed.wait().await.unwrap();
    }

    async fn check(storage: &ServiceStorage, service: &str, round: u64) {
        for number in 0..NAMES {
            let name = format!("{number}");
            let mut events = Vec::new();
            loop {
                let after = events.len() as u64;
                let page = storage.journal.read(&name, after, 2).await.unwrap();
                if page.is_empty() {
                    break;
                }
                events.extend(page);
            }
            let texts: Vec<_> = events.iter().map(|event| event.data.clone()).collect();
            let all = (0..number * (round + 1)).map(|version| format!("{name} {version}"));
            assert_eq!(texts, all.map(Bytes::from).collect::<Vec<_>>());
            let text = Bytes::from(format!("{service} {name} {round}"));
            let value = storage.key_value.value(&name, Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(value.as_ref(), Some(&text));
            let snapshot = storage.journal.snapshot(&name).await.unwrap();
            assert_eq!(snapshot, Some(Snapshot { position: round, data: text }));
        }
        let followed = storage.journal.follow(0, 1_000).await.unwrap();
        assert_eq!(followed.len() as u64, (round + 1) * NAMES * (NAMES - 1) / 2);
    }

    #[tokio::test]
    async fn names_and_services_whose_hashes_collide_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (disk_reserve_bytes, segment_bytes_max, recent_bytes_max) = (0, 4096, 0);
        let options = LogOptions {
            disk_reserve_bytes,
            segment_bytes_max,
            recent_bytes_max,
            hash_values_max: 3,
            ..LogOptions::default()
        };
        let services = ["a", "b", "c", "d"];
        for round in 0..3 {
            let engine = LogEngine::open(folder.path(), options.clone()).unwrap();
            for service in services {
                fill(&engine.service(service), service, round).await;
            }
            for service in services {
                check(&engine.service(service), service, round).await;
            }
            engine.close().await.unwrap();
        }
        let engine = LogEngine::open(folder.path(), options).unwrap();
        let [one, other] = [engine.service("a"), engine.service("b")];
        let now = Timestamp::from_second(104).unwrap();
        assert_eq!(one.key_value.sweep(now, 100).await.unwrap(), 5);
        let _ = one.journal.delete_stream("2", 6).await.unwrap();
        check(&other, "b", 2).await;
        for number in 0..NAMES {
            let name = number.to_string();
            let value = one.key_value.value(&name, Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(value.is_some(), number > 4);
            let length = one.journal.read(&name, 0, 100).await.unwrap().len() as u64;
            assert_eq!(length, if number == 2 { 0 } else { 3 * number });
        }
        engine.close().await.unwrap();
    }
}
