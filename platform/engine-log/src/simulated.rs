//! Simulated engine: the same logs without threads, on a disk and indexes in memory, for deterministic simulation testing. What
//! the threads would do is done by workers, each piece of work when whoever drives them lets it happen.

use crate::{
    background::{IndexBatch, Indexer, Keeper, KeeperWork},
    disk::FileSystem,
    log::{FlushBatch, SegmentedLog},
    writer::LogWriter,
};
use document_index::IndexStore;
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
