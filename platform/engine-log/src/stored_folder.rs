//! Stored folder: the logs of a data folder, or of a backup, that nobody has open, read as they lie. Nothing is changed.
//!
//! A log is read twice: once to learn which records still count, and once to pass them on. What is in memory is a hash and a location
//! for each name of a document, value or snapshot.

use crate::{
    disk::{FileSystem, FolderDisk},
    engine::{BULK_LOG, SERVICES_LOG},
    folder_state::LogFolderState,
    frame::Location,
    key_value::is_swept,
    record::{LocatedRecord, RecordOperation, RecordView, ValueView, text},
    recovery::{LogOpener, index_file},
    segments::Segments,
};
use bytes::Bytes;
use data_folder::OpenError;
use document_index::{IndexedWrite, SqliteIndexStore};
use journal::{Position, Snapshot, StoredRecord};
use std::{
    cmp::Ordering,
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::StorageError;

/// Logs in the order in which they are read.
const LOGS: [&str; 2] = [SERVICES_LOG, BULK_LOG];

/// Place of a record among all of a folder: the number of its log, and where it is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPlace {
    /// Number of the log.
    pub log: u32,
    /// Location in the log.
    pub location: u64,
}

/// Data folder whose logs nobody has open.
#[derive(Debug)]
pub struct StoredFolder {
    folder: PathBuf,
    disk: Arc<dyn FileSystem>,
    state: LogFolderState,
    logs: Vec<StoredLog>,
}

/// Log with what its records say of each other.
#[derive(Debug)]
struct StoredLog {
    live: LastRecords,
    end: Location,
    last_position: Position,
}

impl StoredFolder {
    /// Opens the folder, and reads its logs once.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a record is not what was written, or a file is missing.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
        let state = LogFolderState::read(folder, Arc::clone(&disk))
            .map_err(|error| data_folder::open_error(folder, &error))?;
        let mut opened = Self { folder: folder.to_owned(), disk, state, logs: Vec::new() };
        for log in LOGS {
            let mut live = LastRecords::default();
            let (end, last_position) = opened.opener(log).for_each(|record| {
                live.note(record).map_err(|error| opened.unreadable(log, record, &error))
            })?;
            opened.logs.push(StoredLog { live, end, last_position });
        }
        Ok(opened)
    }

    /// Whether it has nothing personal from before personal data was encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.state.is_encrypted()
    }

    /// Last position of the services' log, which every event and every write has taken its own from.
    pub fn last_position(&self) -> Position {
        self.logs[0].last_position
    }

    /// Where its logs end: the same as long as nobody writes to it.
    pub fn ends(&self) -> String {
        let ends = self.logs.iter().map(|log| format!("{:x}", log.end.0));
        ends.collect::<Vec<_>>().join("-")
    }

    /// Bytes of its logs, near enough for a progress display.
    pub fn bytes(&self) -> u64 {
        self.logs.iter().zip(LOGS).map(|(log, name)| self.bytes_before(name, log.end)).sum()
    }

    /// Bytes of the logs up to a place.
    pub fn bytes_up_to(&self, place: RecordPlace) -> u64 {
        let logs = self.logs.iter().zip(LOGS).zip(0..);
        let reached =
            |((log, name), number): ((&StoredLog, &str), u32)| match number.cmp(&place.log) {
                Ordering::Less => self.bytes_before(name, log.end),
                Ordering::Equal => self.bytes_before(name, Location(place.location)),
                Ordering::Greater => 0,
            };
        logs.map(reached).sum()
    }

    fn bytes_before(&self, log: &str, end: Location) -> u64 {
        let name = |segment| format!("{log}.{segment:06}.log");
        let full = (1..end.segment())
            .filter_map(|segment| self.folder.join(name(segment)).metadata().ok())
            .map(|file| file.len())
            .sum::<u64>();
        full + u64::from(end.offset())
    }

    /// Passes every record that counts to `visit`, with its service, in the order of the logs, which is always the same. Several
    /// records may be at one place.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a record is not what was written, and those of `visit`.
    pub fn for_each<E: From<OpenError>>(
        &self,
        mut visit: impl FnMut(RecordPlace, &str, StoredRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        for ((stored, name), log) in self.logs.iter().zip(LOGS).zip(0..) {
            self.opener(name).for_each::<E>(|record| {
                let place = RecordPlace { log, location: record.location.0 };
                let damaged = |error| self.unreadable(name, record, &error);
                let service = record.view().map_err(damaged)?.service;
                let corrupt = || StorageError::Corrupt("the name of a service".to_owned());
                let service = text(service).ok_or_else(corrupt).map_err(damaged)?;
                for found in stored.live.of(record).map_err(damaged)? {
                    visit(place, service, found)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn opener(&self, log: &'static str) -> LogOpener<'_> {
        LogOpener {
            folder: &self.folder,
            segments: Segments::new(Arc::clone(&self.disk), log, 0),
            state: &self.state,
            index: Arc::new(SqliteIndexStore::new(&self.folder, index_file(log))),
            secret: [0; 16],
            hash_values_max: u64::MAX,
        }
    }

    fn unreadable(&self, log: &str, record: &LocatedRecord, error: &StorageError) -> OpenError {
        let file = self.folder.join(format!("{log}.{:06}.log", record.location.segment()));
        OpenError::Damaged { file, reason: error.to_string() }
    }
}

/// Name of something that records replace: a hash of 128 bits, so that no two names are taken for the same.
type NameHash = (u64, u64);

/// Which records of a log count: the newest of each name, and what was neither deleted nor swept.
#[derive(Debug, Default)]
struct LastRecords {
    hashers: (RandomState, RandomState),
    newest: HashMap<NameHash, Location>,
    deleted_streams: HashMap<NameHash, Location>,
    /// Last sweep of each service.
    swept: HashMap<Vec<u8>, (u64, u64, Location)>,
}

impl LastRecords {
    fn hash(&self, name: &(impl Hash + ?Sized)) -> NameHash {
        (self.hashers.0.hash_one(name), self.hashers.1.hash_one(name))
    }

    fn document(&self, service: &[u8], write: &IndexedWrite<'_>) -> NameHash {
        self.hash(&("document", service, write.collection, write.key))
    }

    /// Notes what a record says of those before it.
    fn note(&mut self, record: &LocatedRecord) -> Result<(), StorageError> {
        let RecordView { service, operation } = record.view()?;
        match &operation {
            RecordOperation::Value { key, .. } => {
                let name = self.hash(&("value", service, key));
                self.newest.insert(name, record.location);
            }
            RecordOperation::Snapshot { name, .. } => {
                let name = self.hash(&("snapshot", service, name));
                self.newest.insert(name, record.location);
            }
            RecordOperation::DeleteStream { stream } => {
                let name = self.hash(&("stream", service, stream));
                self.deleted_streams.insert(name, record.location);
            }
            RecordOperation::Sweep { key, order } => {
                self.swept.insert(service.to_vec(), (*key, *order, record.location));
            }
            RecordOperation::Start | RecordOperation::Append(_) | RecordOperation::Documents(_) => {
            }
        }
        for write in record.documents()? {
            let name = self.document(service, &write);
            self.newest.insert(name, record.location);
        }
        Ok(())
    }

    fn is_newest(&self, name: NameHash, record: &LocatedRecord) -> bool {
        self.newest.get(&name) == Some(&record.location)
    }

    /// What counts of a record.
    fn of(&self, record: &LocatedRecord) -> Result<Vec<StoredRecord>, StorageError> {
        let RecordView { service, operation } = record.view()?;
        let corrupt = || StorageError::Corrupt("a name that is no text".to_owned());
        let owned = |name| text(name).map(str::to_owned).ok_or_else(corrupt);
        let mut found = Vec::new();
        match operation {
            RecordOperation::Append(append) => {
                let name = self.hash(&("stream", service, &append.stream));
                let deleted = self.deleted_streams.get(&name);
                if deleted.is_none_or(|deleted| *deleted < record.location) {
                    let mut events = Vec::new();
                    record.events(&append, |_, _| true, usize::MAX, &mut events)?;
                    found.extend(events.into_iter().map(StoredRecord::Event));
                }
            }
            RecordOperation::Snapshot { name, position, data }
                if self.is_newest(self.hash(&("snapshot", service, &name)), record) =>
            {
                let snapshot = Snapshot { position, data: Bytes::copy_from_slice(data) };
                found.push(StoredRecord::Snapshot { name: owned(name)?, snapshot });
            }
            RecordOperation::Value { key, entry: Some(entry) }
                if self.is_newest(self.hash(&("value", service, &key)), record) =>
            {
                let swept = self.swept.get(service).copied().unwrap_or_default();
                if !is_swept(record, &entry, swept) {
                    let ValueView { value, expires_at } = entry;
                    let value = Bytes::copy_from_slice(value);
                    found.push(StoredRecord::Value { key: owned(key)?, value, expires_at });
                }
            }
            _ => {}
        }
        let writes = record.documents()?;
        for (number, write) in writes.iter().enumerate() {
            let is_last = !writes[number + 1..]
                .iter()
                .any(|later| (later.collection, later.key) == (write.collection, write.key));
            let Some((body, fields)) = &write.document else { continue };
            if is_last && self.is_newest(self.document(service, write), record) {
                let field = |(name, value): &(&str, _)| ((*name).to_owned(), Clone::clone(value));
                found.push(StoredRecord::Document {
                    collection: write.collection.to_owned(),
                    key: write.key.to_owned(),
                    body: Bytes::copy_from_slice(body),
                    fields: fields.iter().map(field).collect(),
                });
            }
        }
        Ok(found)
    }
}
