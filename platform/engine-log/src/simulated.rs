//! Simulated engine: the same logs without threads, on a disk and indexes in memory, for deterministic simulation testing. What
//! the threads would do is done by workers, each piece of work when whoever drives them lets it happen.

use crate::{
    background::{IndexBatch, Indexer, Keeper, KeeperWork},
    disk::FileSystem,
    engine::{LogEngine, SERVICES_LOG, open_logs},
    frame::{Location, frame_bytes},
    log::{FlushBatch, SegmentedLog},
    open_log::{OpenedLog, RunningLog},
    options::LogOptions,
    record::{LocatedRecord, RecordEncoder},
    work_signal::WorkMode,
    writer::LogWriter,
};
use data_folder::{BlobFolder, OpenError};
use document_index::IndexStore;
use journal::Position;
use kernel::SeededRandomness;
use std::{path::Path, sync::Arc};

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

/// What the logs of an engine have come to have, for the coverage of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFeatures {
    /// Full segments have runs.
    pub has_runs: bool,
    /// A segment was compacted.
    pub has_compacted: bool,
}

impl LogEngine {
    /// Opens the logs on simulated parts, without threads: the workers do their work. There are no blobs.
    ///
    /// # Errors
    ///
    /// Those of [`LogEngine::open`] that concern the logs.
    pub fn open_simulated(
        parts: SimulatedParts,
        options: LogOptions,
    ) -> Result<(Self, Vec<SimulatedWorker>), OpenError> {
        let SimulatedParts { disk, indexes, secret } = parts;
        let nowhere = Path::new("");
        let seed = secret.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
        let randomness = SeededRandomness::new(seed);
        let ([services, bulk], subject_keys) =
            open_logs(nowhere, &disk, indexes, (secret, &randomness), options)?;
        let blobs = Arc::new(BlobFolder::open(nowhere, 0));
        let mut workers = Vec::new();
        let mut start = |opened: OpenedLog| {
            let (log, writer) = opened.run_on(WorkMode::Tasks, None);
            workers.extend(SimulatedWorker::of(writer));
            Arc::new(log)
        };
        let (log, bulk) = (start(services), start(bulk));
        Ok((Self { log, bulk, blobs, subject_keys: Arc::new(subject_keys) }, workers))
    }

    /// Writes of both logs that are not flushed.
    pub fn unflushed_writes(&self) -> usize {
        let unflushed = |log: &RunningLog| {
            let (state, flushed) = (log.state.lock(), log.watermark.flushed());
            state.recent.iter().rev().take_while(|record| record.position > flushed).count()
        };
        unflushed(&self.log) + unflushed(&self.bulk)
    }

    /// What the logs have.
    pub fn features(&self) -> LogFeatures {
        let mut features = LogFeatures::default();
        for log in [&self.log, &self.bulk] {
            let state = log.state.lock();
            features.has_runs |= !state.runs.is_empty();
            let mut full = 1..state.flushed.segment();
            let is_compacted =
                |segment| log.segments.file(segment).is_ok_and(|file| file.frames().is_some());
            features.has_compacted |= full.any(is_compacted);
        }
        features
    }

    /// Newest records of both logs, to be checked after a crash.
    pub fn recent_records(&self) -> [RecentRecords; 2] {
        [&self.log, &self.bulk].map(|log| RecentRecords::of(log))
    }

    /// Checks that this engine, just opened after a crash, has a prefix of what was decided before it, and all that was flushed.
    ///
    /// # Errors
    ///
    /// What it lacks.
    pub fn check_prefix(&self, before: &[RecentRecords; 2]) -> Result<(), String> {
        let [services, bulk] = before;
        services.check_prefix(&self.log)?;
        bulk.check_prefix(&self.bulk)
    }

    /// Fails the engine, as a crash of its process does: whatever is not flushed is lost, and later writes are refused.
    pub fn crash(&self) {
        for log in [&self.log, &self.bulk] {
            log.fail("the process crashed");
        }
    }
}

/// Newest records of a log, flushed or not, as the engine had them when it crashed.
#[derive(Clone, Debug)]
pub struct RecentRecords {
    flushed: Position,
    records: Vec<Arc<LocatedRecord>>,
}

impl RecentRecords {
    fn of(log: &SegmentedLog) -> Self {
        let state = log.state.lock();
        let records = state.recent.iter().map(Arc::clone).collect();
        Self { flushed: log.watermark.flushed(), records }
    }

    /// Checks that a log, just opened again, has a prefix of the records, and all that were flushed.
    fn check_prefix(&self, log: &SegmentedLog) -> Result<(), String> {
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
    fn of(writer: LogWriter) -> [Self; 3] {
        let log = Arc::clone(&writer.log);
        let (indexer, keeper) = (Indexer::new(Arc::clone(&log)), Keeper::new(Arc::clone(&log)));
        [
            Work::Flush(Box::new(writer), None),
            Work::Index(indexer, None),
            Work::Keep(Box::new(keeper), None),
        ]
        .map(|work| Self { log: Arc::clone(&log), work })
    }

    /// Whether it works for the services' log, and not for that of bulk data.
    pub fn serves_services(&self) -> bool {
        self.log.segments.log == SERVICES_LOG
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
        let Self { log, work } = self;
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
