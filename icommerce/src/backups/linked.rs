//! Linked backups: those of a shop in a data folder, whose files are linked in a moment.

use super::{BackupError, BackupTaken, PointTaken, StagedBackup, WAIT, remove_tree};
use crate::wiring::{Embedded, backups_folder};
use kernel::Ids;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::Mutex, task::spawn_blocking, time::Instant};

/// Backups that may be in the data folder at the same time: each keeps what is compacted after it.
const BACKUPS_MAX: usize = 16;

/// Backups of a data folder.
#[derive(Clone, Debug)]
pub(crate) struct LinkedBackups {
    engine: Embedded,
    folder: PathBuf,
    ids: Ids,
    /// Held while one is written.
    taken: Arc<Mutex<TakenBackups>>,
}

/// Backups that this process has written.
#[derive(Debug, Default)]
struct TakenBackups {
    /// Name of the last one.
    last: u64,
    /// Each that may still be there, and when it was written.
    by_name: BTreeMap<u64, (Instant, BackupTaken)>,
}

impl LinkedBackups {
    /// Backups in this data folder, after those of a process before are removed.
    pub(super) fn new(engine: Embedded, data: &Path, ids: Ids) -> io::Result<Self> {
        let folder = std::path::absolute(backups_folder(data))?;
        remove_tree(&folder)?;
        Ok(Self { engine, folder, ids, taken: Arc::default() })
    }

    pub(super) async fn take(&self) -> Result<BackupTaken, BackupError> {
        let (backups, mut taken) = (self.clone(), Arc::clone(&self.taken).lock_owned().await);
        let written = spawn_blocking(move || backups.write(&mut taken)).await??;
        written.ok_or(BackupError::TooMany)
    }

    pub(super) async fn look(&self, name: u64) -> Result<BackupTaken, BackupError> {
        let taken = self.taken.lock().await;
        let known = taken.by_name.get(&name).map(|(_, taken)| taken.clone());
        known.ok_or(BackupError::Unknown(name))
    }

    pub(super) async fn remove(&self, name: u64) -> Result<(), BackupError> {
        if self.taken.lock().await.by_name.remove(&name).is_none() {
            return Err(BackupError::Unknown(name));
        }
        let backup = StagedBackup::named(&self.folder, name);
        Ok(spawn_blocking(move || backup.remove()).await??)
    }

    fn write(&self, taken: &mut TakenBackups) -> io::Result<Option<BackupTaken>> {
        self.remove_abandoned(taken)?;
        if taken.by_name.len() >= BACKUPS_MAX {
            return Ok(None);
        }
        // Never that of another one, not even of a process before.
        let now = self.ids.now().as_microsecond().unsigned_abs();
        let name = now.max(taken.last + 1);
        taken.last = name;
        let backup = StagedBackup::named(&self.folder, name);
        let position = backup.link(&self.engine)?;
        let point = Some(PointTaken { position, keys: self.engine.keys_id() });
        let written = BackupTaken { name, folder: backup.data(), point };
        taken.by_name.insert(name, (Instant::now(), written.clone()));
        Ok(Some(written))
    }

    /// Removes backups that nobody takes away: who wanted them has gone.
    fn remove_abandoned(&self, taken: &mut TakenBackups) -> io::Result<()> {
        let is_old = |(name, (at, _)): (&u64, &(Instant, BackupTaken))| {
            (at.elapsed() >= WAIT).then_some(*name)
        };
        for name in taken.by_name.iter().filter_map(is_old).collect::<Vec<_>>() {
            let backup = StagedBackup::named(&self.folder, name);
            if !backup.is_locked()? {
                backup.remove()?;
                taken.by_name.remove(&name);
            }
        }
        Ok(())
    }
}
