//! Segments of a log that nobody has open, written from what was elsewhere before.

use crate::{
    disk::{FileSystem, FolderDisk},
    engine::new_secret,
    folder_state::LogFolderState,
    frame::{Location, SEGMENT_HEADER_BYTES, frame_bytes},
    recovery::{LogOpener, index_file},
    segments::Segments,
    writer::LogTail,
};
use bytes::Bytes;
use data_folder::OpenError;
use document_index::SqliteIndexStore;
use journal::Position;
use std::{io, path::Path, sync::Arc};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

/// Writer of the segments of a log that nobody has open.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    segments: Segments,
    tail: LogTail,
    pub(crate) end: Location,
}

impl SegmentWriter {
    pub(crate) fn create(
        folder: &Path,
        log: &'static str,
        segment_bytes_max: u32,
    ) -> Result<Self, OpenError> {
        let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
        let state = LogFolderState::read(folder, Arc::clone(&disk))
            .map_err(|error| data_folder::open_error(folder, &error))?;
        let segments = Segments::new(disk, log, segment_bytes_max);
        let index = Arc::new(SqliteIndexStore::new(folder, index_file(log)));
        let (secret, hash_values_max) = (new_secret(), u64::MAX);
        let opener = LogOpener { folder, segments, state: &state, index, secret, hash_values_max };
        let tail = opener.create()?.tail;
        let end = Location::new(1, SEGMENT_HEADER_BYTES);
        Ok(Self { segments: opener.segments, tail, end })
    }

    pub(crate) fn write(&mut self, position: Position, payload: &Bytes) -> io::Result<()> {
        let segment = self.end.segment();
        let size = self.segments.bytes(segment) as usize;
        if self.end.offset() > SEGMENT_HEADER_BYTES
            && self.end.offset() as usize + frame_bytes(payload.len()) > size
        {
            self.flush()?;
            let file = self.segments.begin(segment + 1)?;
            self.tail.begin(file, segment + 1);
            self.end = Location::new(segment + 1, SEGMENT_HEADER_BYTES);
        }
        self.tail.push(self.end, position, payload);
        self.end = self.end.after(payload.len());
        if self.tail.buffer.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.tail.flush(self.end)
    }

    /// Reads everything again: what it was made of may be removed.
    pub(crate) fn verify(self, folder: &Path) -> Result<(), OpenError> {
        let (disk, log) = (Arc::clone(&self.segments.disk), self.segments.log);
        let state = LogFolderState::read(folder, Arc::clone(&disk))
            .map_err(|error| data_folder::open_error(folder, &error))?;
        let segments = Segments::new(disk, log, 0);
        let index = Arc::new(SqliteIndexStore::new(folder, index_file(log)));
        let (secret, hash_values_max) = (self.tail.secret, u64::MAX);
        LogOpener { folder, segments, state: &state, index, secret, hash_values_max }.verify()
    }
}
