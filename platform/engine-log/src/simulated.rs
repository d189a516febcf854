//! Simulated engine: the same logs without threads, on a disk and indexes in memory, for deterministic simulation testing. What
//! the threads would do is done by workers, each piece of work when whoever drives them lets it happen.

use crate::{
    background::{IndexBatch, Indexer, Keeper, KeeperWork},
    disk::FileSystem,
    frame::{Location, frame_bytes},
    log::{FlushBatch, SegmentedLog},
    record::{LocatedRecord, RecordEncoder},
    writer::LogWriter,
};
use document_index::IndexStore;
use journal::Position;
use std::sync::Arc;

/// Parts of a simulated engine.
#[derive(Debug)]
pub struct SimulatedParts {
    /// Disk of the logs.
    pub disk: Arc<dyn FileSystem>,
    /// Indexes of the documents: that of the services' log, and that of bulk data.
    pub indexes: [Arc<dyn IndexStore>; 2],
    /// Secret of a new log's hashes.
    pub secret: [u8; 16],
}

/// Newest records of a log, flushed or not, as the engine had them when it crashed.
#[derive(Clone, Debug)]
pub struct RecentRecords {
    flushed: Position,
    records: Vec<Arc<LocatedRecord>>,
}

impl RecentRecords {
    pub(crate) fn of(log: &SegmentedLog) -> Self {
        let state = log.state.lock();
        let records = state.recent.iter().map(Arc::clone).collect();
        Self { flushed: log.watermark.flushed(), records }
    }

    /// Checks that a log, just opened again, has a prefix of the records, and all that were flushed.
    pub(crate) fn check_prefix(&self, log: &SegmentedLog) -> Result<(), String> {
        let start = frame_bytes(RecordEncoder::start().len()) as u64;
        let end = Location(log.state.lock().flushed.0 - start);
        for record in &self.records {
            let (position, name) = (record.position, log.segments.log);
            let is_flushed = position <= self.flushed;
            if record.location >= end {
                if is_flushed {
                    return Err(format!("{name} has lost position {position}, which was flushed"));
                }
                continue;
            }
            let found = log.segments.read(record.location).map_err(|error| error.to_string())?;
            let is_same = match found {
                Some(found) => found.position == position && found.payload == record.payload,
                // It was dead before the crash.
                None => is_flushed,
            };
            if !is_same {
                return Err(format!("{name} goes on behind position {position}, which it lacks"));
            }
        }
        Ok(())
    }
}

/// Worker of a simulated engine.
#[derive(Debug)]
pub struct SimulatedWorker {
    log: Arc<SegmentedLog>,
    name: &'static str,
    work: Work,
}

/// What a worker does, with the piece of work that is due.
#[derive(Debug)]
enum Work {
    Flush(Box<LogWriter>, Option<FlushBatch>),
    Index(Indexer, Option<IndexBatch>),
    Keep(Box<Keeper>, Option<KeeperWork>),
}

/// Role of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerRole {
    /// Writes and flushes batches.
    Writer,
    /// Brings documents into the index.
    Indexer,
    /// Makes runs, prepares segments, and compacts.
    Keeper,
}

impl SimulatedWorker {
    /// Workers of a log.
    pub(crate) fn of(name: &'static str, writer: LogWriter) -> [Self; 3] {
        let log = Arc::clone(&writer.log);
        let (indexer, keeper) = (Indexer::new(Arc::clone(&log)), Keeper::new(Arc::clone(&log)));
        [
            Work::Flush(Box::new(writer), None),
            Work::Index(indexer, None),
            Work::Keep(Box::new(keeper), None),
        ]
        .map(|work| Self { log: Arc::clone(&log), name, work })
    }

    /// Name of the log.
    pub fn log(&self) -> &'static str {
        self.name
    }

    /// Role of the worker.
    pub fn role(&self) -> WorkerRole {
        match self.work {
            Work::Flush(..) => WorkerRole::Writer,
            Work::Index(..) => WorkerRole::Indexer,
            Work::Keep(..) => WorkerRole::Keeper,
        }
    }

    /// Waits until a piece of work is due, and takes it; false when there will be no more.
    pub async fn due(&mut self) -> bool {
        let Self { log, work, .. } = self;
        match work {
            Work::Flush(_, due) => {
                *due = log.flush_work.next(&log.state, |state| log.due_batch(state)).await;
                due.is_some()
            }
            Work::Index(indexer, due) => {
                *due = log.index_work.next(&log.state, |state| indexer.due(state)).await;
                due.is_some()
            }
            Work::Keep(keeper, due) => {
                *due = log.keeper_work.next(&log.state, |state| keeper.due(state)).await;
                due.is_some()
            }
        }
    }

    /// Does the work that is due. A worker that fails has failed its log, as its thread would have.
    pub fn work(&mut self) {
        match &mut self.work {
            Work::Flush(writer, due) => {
                if let Some(batch) = due.take()
                    && let Err(reason) = writer.flush(&batch)
                {
                    self.log.fail(&reason);
                }
            }
            Work::Index(indexer, due) => {
                if let Some(batch) = due.take() {
                    indexer.index(&batch);
                }
            }
            Work::Keep(keeper, due) => {
                if let Some(work) = due.take() {
                    keeper.keep(&work);
                }
            }
        }
    }
}
