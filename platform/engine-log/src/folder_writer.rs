//! Folder writer: a new data folder, written from the records of a shop that was kept by another engine.

use crate::{
    disk::{FileSystem, FolderDisk},
    engine::{BULK_LOG, SERVICES_LOG},
    folder_state::LogFolderState,
    options::LogOptions,
    record::{AppendParts, EventParts, RecordEncoder, ValueView},
    segment_writer::SegmentWriter,
};
use data_folder::OpenError;
use document_index::IndexedWrite;
use journal::{Position, StoredRecord};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use subject_keys::STORE_ID_BYTES;

/// Writer of the logs of a folder that nobody has open. A folder in which it was broken off has no state, and is written anew.
#[derive(Debug)]
pub struct FolderWriter {
    folder: PathBuf,
    services: LogFile,
    bulk: LogFile,
}

/// Log with the last position that was written to it.
#[derive(Debug)]
struct LogFile {
    segments: SegmentWriter,
    position: Position,
}

impl FolderWriter {
    /// Begins the logs of a folder in place of what another writer left of them.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when they cannot be written.
    pub fn create(folder: &Path) -> Result<Self, OpenError> {
        let failed = |error: io::Error| data_folder::open_error(folder, &error);
        let disk = FolderDisk(folder.to_owned());
        for name in disk.names().map_err(failed)? {
            let is_log = [SERVICES_LOG, BULK_LOG].iter().any(|log| {
                name.strip_prefix(log).is_some_and(|rest| {
                    rest.starts_with('.')
                        && Path::new(rest).extension().is_some_and(|it| it == "log")
                })
            });
            if is_log {
                disk.remove(&name).map_err(failed)?;
            }
        }
        let segment_bytes_max = LogOptions::default().segment_bytes_max;
        let log = |name| {
            let segments = SegmentWriter::create(folder, name, segment_bytes_max)?;
            Ok(LogFile { segments, position: 0 })
        };
        let (services, bulk) = (log(SERVICES_LOG)?, log(BULK_LOG)?);
        Ok(Self { folder: folder.to_owned(), services, bulk })
    }

    /// Writes a record of a service, of one whose data is `bulk` into the other log. Events come in the order of their positions, and
    /// before everything else. A snapshot is of the journal, whatever else the service keeps elsewhere.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it cannot be written.
    pub fn write(
        &mut self,
        service: &str,
        is_bulk: bool,
        record: &StoredRecord,
    ) -> Result<(), OpenError> {
        let log = if is_bulk { &mut self.bulk } else { &mut self.services };
        let next = log.position + 1;
        let (position, payload) = match record {
            StoredRecord::Event(event) => {
                let origin = event.origin.as_ref().map(ToString::to_string).unwrap_or_default();
                let parts = AppendParts {
                    stream: &event.stream,
                    first_version: event.version,
                    origin: &origin,
                };
                let events = [EventParts {
                    id: event.id,
                    name: &event.name,
                    recorded_at: event.recorded_at,
                    data: &event.data,
                }];
                (event.position, RecordEncoder::events(service, parts, events.into_iter(), &[]))
            }
            StoredRecord::Snapshot { name, snapshot } => {
                (next, RecordEncoder::snapshot(service, name, snapshot))
            }
            StoredRecord::Value { key, value, expires_at } => {
                let entry = ValueView { value, expires_at: *expires_at };
                (next, RecordEncoder::value(service, key, Some(entry)))
            }
            StoredRecord::Document { collection, key, body, fields } => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), value.clone()));
                let document = Some((&body[..], fields.collect()));
                let write = IndexedWrite { service, collection, key, document };
                (next, RecordEncoder::indexed(service, std::slice::from_ref(&write)))
            }
        };
        if position < log.position {
            let reason = format!("the event at position {position} of {service} comes too late");
            let file = self.folder.join(format!("{SERVICES_LOG}.000001.log"));
            return Err(OpenError::Failed { file, reason });
        }
        log.position = position;
        let written = log.segments.write(position, &payload);
        written.map_err(|error| data_folder::open_error(&self.folder, &error))
    }

    /// Lets what is written next have a later position than this one.
    pub fn advance_to(&mut self, position: Position) {
        self.services.position = self.services.position.max(position);
    }

    /// Flushes the logs, and writes the state with the identifier of the keys that the folder needs; reads every record once more
    /// before. Returns the last position.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when that fails.
    pub fn finish(self, store_id: Option<[u8; STORE_ID_BYTES]>) -> Result<Position, OpenError> {
        let folder = self.folder;
        let failed = |error: io::Error| data_folder::open_error(&folder, &error);
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.clone()));
        let position = self.services.position;
        let mut ends = Vec::new();
        for (log, mut file) in [(BULK_LOG, self.bulk), (SERVICES_LOG, self.services)] {
            file.segments.flush().map_err(failed)?;
            ends.push((log, file.segments.end));
            file.segments.verify(&folder)?;
        }
        disk.sync().map_err(failed)?;
        let state = LogFolderState::read(&folder, Arc::clone(&disk)).map_err(failed)?;
        state.note_encrypted().map_err(failed)?;
        state.note_keys(store_id).map_err(failed)?;
        for (log, end) in ends {
            state.note_end(log, end).map_err(failed)?;
        }
        disk.sync().map_err(failed)?;
        Ok(position)
    }
}
