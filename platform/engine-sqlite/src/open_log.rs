//! Open log: a database with its writer thread and checkpointer.

use crate::{
    checkpointer::Checkpointer,
    folder_state::FolderState,
    log::{FlushPolicy, SqliteLog},
    open,
    options::Options,
    recovery, schema,
    writer::{OpenDatabase, Writer},
};
use data_folder::{FolderLock, OpenError};
use std::{ops::Deref, path::Path, sync::Arc};

/// Open log: the handle that keeps the writer running. The log is closed when the last handle is dropped; the writer then
/// flushes what is queued and ends.
#[derive(Debug)]
pub(crate) struct OpenLog(Arc<SqliteLog>);

impl OpenLog {
    /// Opens the database, recovers it after a crash, and starts its threads.
    pub(crate) fn open(
        folder: &Path,
        file: &'static str,
        options: Options,
        flush_policy: FlushPolicy,
        lock: Arc<FolderLock>,
        state: Arc<FolderState>,
    ) -> Result<Self, OpenError> {
        let path = folder.join(file);
        let mut connection = open::open(folder, file, &state)?;
        match recovery::recover(&connection) {
            Ok(0) => {}
            Ok(batches) => {
                tracing::info!(file, batches, "recovery after a crash: the log was applied");
            }
            Err(error) => return Err(open::recovery_error(folder, &path, &error)),
        }
        let contents = schema::read_contents(&connection)
            .map_err(|error| open::open_error(folder, &path, &error))?;
        let log = Arc::new(SqliteLog::new(folder, &path, contents, options, flush_policy));
        if flush_policy == FlushPolicy::Immediate {
            let weak = Arc::downgrade(&log);
            log.watermark.on_demand(move |position| {
                if let Some(log) = weak.upgrade() {
                    log.request_flush(position);
                }
            });
        }
        let failed = |error: std::io::Error| {
            let (file, reason) = (path.clone(), error.to_string());
            OpenError::Failed { file, reason }
        };
        let second = open::open_second(folder, &path)?;
        let checkpointer = Checkpointer::start(Arc::clone(&log), &mut connection, second, &path)
            .map_err(failed)?;
        let database = OpenDatabase { file, state, folder_lock: lock };
        let writer = Writer::new(Arc::clone(&log), connection, checkpointer, database);
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        thread.spawn(move || writer.run()).map_err(failed)?;
        Ok(Self(log))
    }
}

impl Deref for OpenLog {
    type Target = SqliteLog;

    fn deref(&self) -> &SqliteLog {
        &self.0
    }
}

impl Drop for OpenLog {
    fn drop(&mut self) {
        self.0.close();
    }
}
