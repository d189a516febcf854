//! Writer thread: it writes and flushes whatever is queued (group commit), and does nothing else.

use crate::{
    background::{Indexer, Keeper},
    disk::DiskFile,
    folder_state::LogFolderState,
    frame::{FrameHeader, LOG_FORMAT, Location, SegmentHeader, frame_bytes},
    log::{FlushBatch, QueuedRecord, SegmentedLog},
};
use data_folder::FolderLock;
use journal::Position;
use kernel::defects::planted;
use std::{
    io::{self, ErrorKind},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
};
use tokio::time::Instant;

/// Writer of one log.
#[derive(Debug)]
pub(crate) struct LogWriter {
    pub(crate) log: Arc<SegmentedLog>,
    pub(crate) tail: LogTail,
    pub(crate) folder_state: Arc<LogFolderState>,
    /// Lock of the data folder, if it has one: shared with the bulk store, released by the last one.
    pub(crate) folder_lock: Option<Arc<FolderLock>>,
}

/// End of the log as the writer has it.
#[derive(Debug)]
pub(crate) struct LogTail {
    pub(crate) file: Arc<dyn DiskFile>,
    /// Location up to which the log is flushed.
    pub(crate) flushed: Location,
    /// Last position written.
    pub(crate) position: Position,
    pub(crate) incarnation: u32,
    pub(crate) secret: [u8; 16],
    /// Bytes that are written next.
    pub(crate) buffer: Vec<u8>,
}

impl LogTail {
    /// Adds a frame to what is written next.
    pub(crate) fn push(&mut self, location: Location, position: Position, payload: &[u8]) {
        let is_same = self.flushed.segment() == location.segment();
        let header = FrameHeader {
            payload_bytes: u32::try_from(payload.len())
                .expect("records are limited to far less than 2^32"),
            payload_crc: crc32fast::hash(payload),
            position,
            flushed: if is_same { self.flushed.offset() } else { 0 },
            incarnation: self.incarnation,
        };
        self.buffer.extend_from_slice(&header.encode(location));
        self.buffer.extend_from_slice(payload);
        self.buffer.resize(self.buffer.len().next_multiple_of(8), 0);
        self.position = position;
    }

    /// Writes and flushes what was added; the log ends at `end` then.
    pub(crate) fn flush(&mut self, end: Location) -> io::Result<()> {
        let begin = u64::from(end.offset()) - self.buffer.len() as u64;
        self.file.write_at(&self.buffer, begin)?;
        if !planted("flush_skipped") {
            self.file.sync()?;
        }
        self.flushed = end;
        self.buffer.clear();
        Ok(())
    }

    /// Begins a segment: its header is the first thing that is written into it.
    pub(crate) fn begin(&mut self, file: Arc<dyn DiskFile>, segment: u32) {
        self.file = file;
        let Self { position, incarnation, secret, .. } = *self;
        let (format, compacted) = (LOG_FORMAT, None);
        let header = SegmentHeader { format, segment, position, incarnation, secret, compacted };
        self.buffer.extend_from_slice(&header.encode());
    }
}

impl LogWriter {
    /// Starts the writer, and the threads that work behind it.
    pub(crate) fn start(self) -> io::Result<()> {
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let log = Arc::clone(&self.log);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                // Nobody waits for a thread that is gone: it fails the log.
                if catch_unwind(AssertUnwindSafe(work)).is_err() {
                    log.fail("a thread behind the writer panicked");
                }
            })
        };
        let (indexer, keeper) =
            (Indexer::new(Arc::clone(&self.log)), Keeper::new(Arc::clone(&self.log)));
        let helpers = [
            spawn("log-indexer", Box::new(|| indexer.run()))?,
            spawn("log-keeper", Box::new(|| keeper.run()))?,
        ];
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || self.run(helpers))
            .map(|_| ())
    }

    /// Runs until the log is closed or a flush fails, and then closes the files.
    fn run(mut self, helpers: [JoinHandle<()>; 2]) {
        // A panic here must not leave tasks waiting for ever: it fails the log.
        let written = catch_unwind(AssertUnwindSafe(|| self.work()));
        let failure = written.unwrap_or_else(|_panic| Some("the writer panicked".to_owned()));
        let Self { log, tail, folder_state, folder_lock } = self;
        if let Some(reason) = &failure {
            log.fail(reason);
        }
        log.state.lock().is_ending = true;
        log.index_work.notify();
        log.keeper_work.notify();
        for helper in helpers {
            // It has failed the log itself if it panicked.
            let _ = helper.join();
        }
        log.index.close();
        if failure.is_none() {
            folder_state.end_use(log.segments.log, tail.flushed);
        }
        drop(tail);
        drop(folder_lock);
        log.mark_stopped();
    }

    /// Ends with the first flush that fails, for this reason.
    fn work(&mut self) -> Option<String> {
        let log = Arc::clone(&self.log);
        while let Some(batch) = log.flush_work.wait_for(&log.state, |state| log.due_batch(state)) {
            if let Err(reason) = self.flush(&batch) {
                return Some(reason);
            }
        }
        None
    }

    /// Writes and flushes a batch, and publishes it. A failed flush is never retried: the kernel may have dropped the pages that it
    /// could not write, and report success the second time (the "fsyncgate" of 2018).
    pub(crate) fn flush(&mut self, (batch, bytes): &FlushBatch) -> Result<(), String> {
        let started = Instant::now();
        let flushes = self.write(batch).map_err(|error| match error.kind() {
            ErrorKind::StorageFull => format!("the disk is full: {error}"),
            _ => format!("the log could not be written: {error}"),
        })?;
        self.log.counters.record_flush(batch.len(), *bytes, started.elapsed(), flushes);
        let published = self.log.mark_flushed(batch, self.tail.flushed, *bytes);
        published.map_err(|error| format!("what was flushed could not be published: {error}"))
    }

    /// Writes a batch, and flushes each segment before anything is written into the next; returns how long that took.
    fn write(&mut self, batch: &[QueuedRecord]) -> io::Result<std::time::Duration> {
        let before = self.tail.flushed;
        let mut end = before;
        for queued in batch {
            let record = &queued.record;
            let segment = record.location.segment();
            if segment != end.segment() {
                if !self.tail.buffer.is_empty() {
                    self.tail.flush(end)?;
                }
                let file = self.log.segments.begin(segment)?;
                self.tail.begin(file, segment);
            }
            self.tail.push(record.location, record.position, &record.payload);
            end = record.location.after(record.payload.len());
        }
        if planted("tail_of_batch_lost")
            && let Some(last) = batch.last()
        {
            let kept = self.tail.buffer.len() - frame_bytes(last.record.payload.len());
            self.tail.buffer[kept..].fill(0);
        }
        let flushing = Instant::now();
        self.tail.flush(end)?;
        if end.segment() != before.segment() {
            self.folder_state.begin_use(self.log.segments.log, end.segment())?;
        }
        Ok(flushing.elapsed())
    }
}
