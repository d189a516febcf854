//! Open log: the handle that keeps the writer running.

use crate::{
    folder_state::LogFolderState,
    log::{FlushPolicy, RecoveredLog, SegmentedLog},
    options::LogOptions,
    work_signal::WorkMode,
    writer::{LogTail, LogWriter},
};
use data_folder::FolderLock;
use std::{ops::Deref, path::PathBuf, sync::Arc};

/// Log that was recovered, before anything works on it.
pub(crate) struct OpenedLog {
    pub(crate) folder: PathBuf,
    pub(crate) recovered: RecoveredLog,
    pub(crate) tail: LogTail,
    pub(crate) options: LogOptions,
    pub(crate) flush_policy: FlushPolicy,
    pub(crate) folder_state: Arc<LogFolderState>,
}

impl OpenedLog {
    /// Log that accepts writes, and its writer, which does not run yet.
    pub(crate) fn run_on(
        self,
        work_mode: WorkMode,
        folder_lock: Option<Arc<FolderLock>>,
    ) -> (RunningLog, LogWriter) {
        let Self { folder, recovered, tail, options, flush_policy, folder_state } = self;
        let log = SegmentedLog::new(&folder, recovered, options, flush_policy, work_mode);
        let log = Arc::new(log);
        if flush_policy == FlushPolicy::OnDemand {
            let weak = Arc::downgrade(&log);
            log.watermark.on_demand(move |position| {
                if let Some(log) = weak.upgrade() {
                    log.request_flush(position);
                }
            });
        }
        let writer = LogWriter { log: Arc::clone(&log), tail, folder_state, folder_lock };
        (RunningLog(log), writer)
    }
}

/// Open log. It is closed when the last handle is dropped; the writer then flushes what is queued and ends.
#[derive(Debug)]
pub(crate) struct RunningLog(Arc<SegmentedLog>);

impl Deref for RunningLog {
    type Target = SegmentedLog;

    fn deref(&self) -> &SegmentedLog {
        &self.0
    }
}

impl Drop for RunningLog {
    fn drop(&mut self) {
        self.0.close();
    }
}
