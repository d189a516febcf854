//! Exported backups: those of a shop in a database, which is read as of one moment while the shop goes on. One is written at a time: each
//! is a copy of everything, on the disk of the data folder, and keeps a transaction open.

use super::{BackupError, BackupTaken, PointTaken, StagedBackup, WAIT, remove_tree};
use crate::{
    error::CliError,
    process::ProcessSettings,
    wiring::{TransferReport, back_up_database, backups_folder},
};
use data_folder::has_free;
use kernel::Ids;
use runtime::TaskTracker;
use shop_client::Progress;
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{Mutex, oneshot},
    task::{JoinError, spawn_blocking},
    time::{Instant, interval},
};

/// How often somebody looks whether a backup is still wanted, and the disk has room for it.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Backups of a database.
#[derive(Clone, Debug)]
pub(crate) struct ExportedBackups {
    settings: Arc<ProcessSettings>,
    folder: PathBuf,
    ids: Ids,
    tasks: TaskTracker,
    exports: Arc<Mutex<Exports>>,
}

#[derive(Debug, Default)]
struct Exports {
    /// Name of the last one.
    last: u64,
    current: Option<Export>,
}

/// Backup that is or was written.
#[derive(Debug)]
struct Export {
    name: u64,
    /// When somebody asked for it last.
    asked_at: Instant,
    state: ExportState,
}

#[derive(Debug)]
enum ExportState {
    /// It is written until this is dropped.
    Writing {
        _stop: oneshot::Sender<()>,
    },
    Written(PointTaken),
    Failed(String),
}

/// How the writing of a backup ended; without a result where it was stopped.
type Ended = Result<Option<Result<(TransferReport, String), CliError>>, JoinError>;

impl ExportedBackups {
    /// Backups of the database of these settings, after those of a process before are removed.
    pub(super) fn new(settings: ProcessSettings, ids: Ids, tasks: TaskTracker) -> io::Result<Self> {
        let folder = std::path::absolute(backups_folder(&settings.data))?;
        remove_tree(&folder)?;
        Ok(Self { settings: Arc::new(settings), folder, ids, tasks, exports: Arc::default() })
    }

    /// Begins to write one.
    pub(super) async fn take(&self) -> Result<BackupTaken, BackupError> {
        let mut exports = self.exports.lock().await;
        if let Some(former) = &exports.current {
            let staged = self.staged(former.name);
            let is_wanted = match former.state {
                ExportState::Writing { .. } => true,
                ExportState::Written(_) => {
                    former.asked_at.elapsed() < WAIT || staged.is_locked()?
                }
                ExportState::Failed(_) => false,
            };
            if is_wanted {
                return Err(BackupError::TooMany);
            }
            if let Some(Export { state: ExportState::Written(_), .. }) = exports.current.take() {
                spawn_blocking(move || staged.remove()).await??;
            }
        }
        // Never that of another one, not even of a process before.
        let now = self.ids.now().as_microsecond().unsigned_abs();
        let name = now.max(exports.last + 1);
        exports.last = name;
        let staged = self.staged(name);
        let folder = staged.data();
        spawn_blocking(move || staged.begin()).await??;
        let (stop, stopped) = oneshot::channel();
        let state = ExportState::Writing { _stop: stop };
        exports.current = Some(Export { name, asked_at: Instant::now(), state });
        self.tasks.spawn(self.clone().write(name, stopped));
        Ok(BackupTaken { name, folder, point: None })
    }

    pub(super) async fn look(&self, name: u64) -> Result<BackupTaken, BackupError> {
        let mut exports = self.exports.lock().await;
        let export = exports.current.as_mut().filter(|export| export.name == name);
        let export = export.ok_or(BackupError::Unknown(name))?;
        export.asked_at = Instant::now();
        let point = match &export.state {
            ExportState::Writing { .. } => None,
            ExportState::Written(point) => Some(point.clone()),
            ExportState::Failed(reason) => return Err(BackupError::Failed(reason.clone())),
        };
        Ok(BackupTaken { name, folder: self.staged(name).data(), point })
    }

    /// Removes one; one that is being written is stopped, and its files go then.
    pub(super) async fn remove(&self, name: u64) -> Result<(), BackupError> {
        let mut exports = self.exports.lock().await;
        let removed = exports.current.take_if(|export| export.name == name);
        match removed.ok_or(BackupError::Unknown(name))?.state {
            ExportState::Writing { .. } | ExportState::Failed(_) => Ok(()),
            ExportState::Written(_) => {
                let staged = self.staged(name);
                Ok(spawn_blocking(move || staged.remove()).await??)
            }
        }
    }

    /// Writes a backup, until nobody asks for it any more.
    async fn write(self, name: u64, stopped: oneshot::Receiver<()>) {
        let (settings, folder) = (Arc::clone(&self.settings), self.staged(name).data());
        let runtime = Handle::current();
        // Whoever writes files holds up a thread, which is not to be one of those that serve requests.
        let mut writing = spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    written = back_up_database(&settings, &folder, Progress::Silent) => Some(written),
                    _ = stopped => None,
                }
            })
        });
        let (mut shutdown, mut looks) = (self.tasks.shutdown_signal(), interval(LOOK_INTERVAL));
        let ended = loop {
            tokio::select! {
                ended = &mut writing => break ended,
                () = shutdown.wait() => {
                    self.stop_if(name, |_| true, "the shop was stopped").await;
                    break writing.await;
                }
                _ = looks.tick() => {
                    let is_abandoned = |export: &Export| export.asked_at.elapsed() >= WAIT;
                    self.stop_if(name, is_abandoned, "nobody asked for it any more").await;
                    if !has_free(&self.settings.data, self.settings.disk_reserve_bytes) {
                        let data = self.settings.data.display();
                        let reason = format!("the disk of {data} has no room for it");
                        self.stop_if(name, |_| true, &reason).await;
                    }
                }
            }
        };
        self.end(name, ended).await;
    }

    /// Stops the writing of a backup.
    async fn stop_if(&self, name: u64, condition: impl Fn(&Export) -> bool, reason: &str) {
        let mut exports = self.exports.lock().await;
        let current = exports.current.as_mut().filter(|export| export.name == name);
        let Some(export) = current.filter(|export| condition(export)) else { return };
        export.state = ExportState::Failed(reason.to_owned());
    }

    /// Notes how the writing of a backup ended. Nothing is left of one that is not complete.
    async fn end(&self, name: u64, ended: Ended) {
        let written = match ended {
            Ok(Some(Ok((report, keys)))) => Some(Ok((report.position, keys))),
            Ok(Some(Err(error))) => Some(Err(error.to_string())),
            Err(error) => Some(Err(error.to_string())),
            Ok(None) => None,
        };
        if let Some(Ok((position, keys))) = &written {
            let (position, keys) = (*position, keys.clone());
            let point = PointTaken { position, keys };
            if self.set_if_writing(name, ExportState::Written(point)).await {
                return;
            }
        }
        let staged = self.staged(name);
        let removed = spawn_blocking(move || staged.remove()).await;
        if let Err(error) = removed.map_err(io::Error::other).flatten() {
            tracing::warn!(%error, folder = %self.folder.display(), "a backup that is not complete can be deleted");
        }
        if let Some(Err(reason)) = written {
            tracing::error!(reason, "a backup failed");
            self.set_if_writing(name, ExportState::Failed(reason)).await;
        }
    }

    /// Notes the outcome of a backup that nobody has stopped.
    async fn set_if_writing(&self, name: u64, state: ExportState) -> bool {
        let mut exports = self.exports.lock().await;
        let current = exports.current.as_mut().filter(|export| export.name == name);
        let is_writing = |export: &&mut Export| matches!(export.state, ExportState::Writing { .. });
        let Some(export) = current.filter(is_writing) else { return false };
        export.state = state;
        true
    }

    fn staged(&self, name: u64) -> StagedBackup {
        StagedBackup::named(&self.folder, name)
    }
}
