//! Segments: the files of a log, `<log>.<number>.log`. A segment is filled with zeros before it is used, so that a flush
//! changes nothing but content: no length, no extents.

use crate::{
    disk::{DiskFile, FileSystem},
    frame::{FRAME_HEADER_BYTES, FrameHeader, Location},
    record::LocatedRecord,
    segment_file::SegmentFile,
};
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    sync::Arc,
};
use storage::StorageError;

/// Size of the first segment, in bytes; each of the next is twice as large, up to the limit.
const FIRST_SEGMENT_BYTES: u32 = 256 * 1024;
/// Open files that are kept for readers.
const FILES_MAX: usize = 256;
/// Bytes that are read for a record at once: most records are smaller.
const READ_BYTES: usize = 2048;
/// Zeros that are written, and flushed, at once: other flushes do not wait long for them.
const ZEROS: &[u8] = &[0; 1024 * 1024];

/// Segments of one log.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) disk: Arc<dyn FileSystem>,
    /// Name of the log, with which the names of its files begin.
    pub(crate) log: &'static str,
    bytes_max: u32,
    files: Mutex<HashMap<u32, Arc<SegmentFile>>>,
    /// Segment to come; locked while its file is filled with zeros.
    next: Mutex<NextSegment>,
}

/// Segment to come.
#[derive(Debug, Default)]
struct NextSegment {
    /// Last segment that was begun. Its file is never created again.
    begun: u32,
    /// File that is filled with zeros and not used yet.
    prepared: Option<(u32, Arc<dyn DiskFile>)>,
}

impl Segments {
    pub(crate) fn new(disk: Arc<dyn FileSystem>, log: &'static str, bytes_max: u32) -> Self {
        Self { disk, log, bytes_max, files: Mutex::default(), next: Mutex::default() }
    }

    /// Name of a segment's file.
    pub(crate) fn name(&self, segment: u32) -> String {
        format!("{}.{segment:06}.log", self.log)
    }

    /// Numbers of the segments that are there, in order.
    pub(crate) fn numbers(&self) -> io::Result<Vec<u32>> {
        let number = |name: &String| {
            let number = name.strip_prefix(self.log)?.strip_prefix('.')?.strip_suffix(".log")?;
            number.parse().ok()
        };
        let mut numbers: Vec<u32> = self.disk.names()?.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Size of a segment, in bytes. A single larger frame makes its segment larger.
    pub(crate) fn bytes(&self, segment: u32) -> u32 {
        FIRST_SEGMENT_BYTES
            .saturating_mul(1 << segment.saturating_sub(1).min(10))
            .min(self.bytes_max)
    }

    /// Name of a file that becomes a compacted segment.
    pub(crate) fn compacting(&self) -> String {
        format!("{}.compacting", self.log)
    }

    /// File of a segment, for reading.
    pub(crate) fn file(&self, segment: u32) -> io::Result<Arc<SegmentFile>> {
        let mut files = self.files.lock();
        if let Some(file) = files.get(&segment) {
            return Ok(Arc::clone(file));
        }
        // Under the lock, so that no file comes back that was replaced meanwhile.
        let file = Arc::new(SegmentFile::open(self.disk.open(&self.name(segment))?)?);
        if files.len() >= FILES_MAX
            && let Some(other) = files.keys().next().copied()
        {
            files.remove(&other);
        }
        files.insert(segment, Arc::clone(&file));
        Ok(file)
    }

    /// Puts the compacted file in the place of a segment's file. Whoever reads the old one may go on.
    pub(crate) fn replace(&self, segment: u32) -> io::Result<()> {
        let name = self.name(segment);
        self.disk.rename(&self.compacting(), &name)?;
        // The file of this name is the new one now, whether that is flushed or not.
        self.files.lock().remove(&segment);
        self.disk.sync()
    }

    /// Fills the file of a segment to come with zeros, unless it was begun meanwhile.
    pub(crate) fn prepare(&self, segment: u32) -> io::Result<()> {
        let mut next = self.next.lock();
        if segment <= next.begun
            || next.prepared.as_ref().is_some_and(|(number, _)| *number == segment)
        {
            return Ok(());
        }
        let file = self.disk.create(&self.name(segment))?;
        self.disk.sync()?;
        let bytes = u64::from(self.bytes(segment));
        for offset in (0..bytes).step_by(ZEROS.len()) {
            let rest = usize::try_from(bytes - offset).unwrap_or(usize::MAX);
            file.write_at(&ZEROS[..rest.min(ZEROS.len())], offset)?;
            file.sync()?;
        }
        next.prepared = Some((segment, file));
        Ok(())
    }

    /// Begins a segment: takes the prepared file, or else an empty one, which grows.
    pub(crate) fn begin(&self, segment: u32) -> io::Result<Arc<dyn DiskFile>> {
        let mut next = self.next.lock();
        next.begun = segment;
        let file = if let Some((_, file)) =
            next.prepared.take().filter(|(number, _)| *number == segment)
        {
            file
        } else {
            let file = self.disk.create(&self.name(segment))?;
            self.disk.sync()?;
            file
        };
        self.files.lock().insert(segment, Arc::new(SegmentFile::plain(Arc::clone(&file))));
        Ok(file)
    }

    /// Goes on with a segment that was begun before.
    pub(crate) fn resume(&self, segment: u32) -> io::Result<Arc<dyn DiskFile>> {
        self.next.lock().begun = segment;
        Ok(Arc::clone(&self.file(segment)?.file))
    }

    /// Whether the record at a location is still there.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] when the table of a compacted segment is damaged.
    pub(crate) fn contains(&self, location: Location) -> Result<bool, StorageError> {
        let offset = self.file(location.segment()).and_then(|file| file.offset(location));
        offset.map(|offset| offset.is_some()).map_err(|error| self.failed(location, &error))
    }

    /// Reads the record at a location; `None` when compaction dropped it.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] when there is no whole frame.
    pub(crate) fn read(&self, location: Location) -> Result<Option<LocatedRecord>, StorageError> {
        let failed = |error| self.failed(location, &error);
        let file = self.file(location.segment()).map_err(failed)?;
        let Some(offset) = file.offset(location).map_err(failed)? else { return Ok(None) };
        let mut bytes = vec![0; READ_BYTES];
        let read = |bytes: &mut Vec<u8>, from: usize| {
            let count = file.file.read_at(&mut bytes[from..], u64::from(offset) + from as u64);
            count
                .map(|count| bytes.truncate(from + count))
                .map_err(|error| self.failed(location, &error))
        };
        read(&mut bytes, 0)?;
        let damaged = || self.failed(location, &ErrorKind::InvalidData.into());
        let header = FrameHeader::decode(&bytes, location).ok_or_else(damaged)?;
        let end = FRAME_HEADER_BYTES + header.payload_bytes as usize;
        if end > bytes.len() {
            let had = bytes.len();
            bytes.resize(end, 0);
            read(&mut bytes, had)?;
        }
        bytes.truncate(end);
        let payload = Bytes::from(bytes).split_off(FRAME_HEADER_BYTES);
        if !header.matches(&payload) {
            return Err(damaged());
        }
        Ok(Some(LocatedRecord { location, position: header.position, payload, typed: Vec::new() }))
    }

    pub(crate) fn failed(&self, location: Location, error: &io::Error) -> StorageError {
        let at = format!("{} at {}", self.name(location.segment()), location.offset());
        match error.kind() {
            ErrorKind::InvalidData => StorageError::Corrupt(format!("{at} is no whole record")),
            _ => StorageError::Unavailable(format!("{at} cannot be read: {error}")),
        }
    }
}

/// Storage error of a run that could not be read.
pub(crate) fn run_error(error: &io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::InvalidData => StorageError::Corrupt(error.to_string()),
        _ => StorageError::Unavailable(error.to_string()),
    }
}
