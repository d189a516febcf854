//! Open log: the handle that keeps the writer running.

use crate::{
    folder_state::LogFolderState,
    log::{FlushPolicy, RecoveredLog, SegmentedLog},
    options::LogOptions,
    writer::{LogTail, LogWriter},
};
use data_folder::{FolderLock, OpenError};
use std::{ops::Deref, path::Path, sync::Arc};

/// Open log. It is closed when the last handle is dropped; the writer then flushes what is queued and ends.
#[derive(Debug)]
pub(crate) struct RunningLog(Arc<SegmentedLog>);

impl RunningLog {
    /// Starts the threads of a recovered log.
    pub(crate) fn start(
        folder: &Path,
        (recovered, tail): (RecoveredLog, LogTail),
        options: LogOptions,
        flush_policy: FlushPolicy,
        folder_lock: Arc<FolderLock>,
        folder_state: Arc<LogFolderState>,
    ) -> Result<Self, OpenError> {
        let log = Arc::new(SegmentedLog::new(folder, recovered, options, flush_policy));
        if flush_policy == FlushPolicy::OnDemand {
            let weak = Arc::downgrade(&log);
            log.watermark.on_demand(move |position| {
                if let Some(log) = weak.upgrade() {
                    log.request_flush(position);
                }
            });
        }
        let writer = LogWriter { log: Arc::clone(&log), tail, folder_state, folder_lock };
        writer.start().map_err(|error| data_folder::open_error(folder, &error))?;
        Ok(Self(log))
    }
}

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
