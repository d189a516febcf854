//! Backups of a running shop: the operator edge writes one into the data folder, from where `icommerce backup` takes it. The
//! client never names a path.

mod linked_backup;

pub(crate) use linked_backup::{LinkedBackup, remove_tree};

use crate::wiring::{Embedded, backups_folder};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, post},
};
use journal::Position;
use kernel::{Ids, Problem};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};
use web::ProblemResponse;

/// Path of the backups on the operator edge.
pub(crate) const BACKUPS_PATH: &str = "/maintenance/backups";
/// Backups that may be in the data folder at the same time: each keeps what is compacted after it.
const BACKUPS_MAX: usize = 16;
/// Time for which a backup waits for somebody to take it away.
const WAIT: Duration = Duration::from_mins(1);

kernel::codes! {
    TOO_MANY_BACKUPS = "too_many_backups", 409, "Too many backups are under way; try again when one is done.";
}

/// Backup in the data folder of a running shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BackupTaken {
    /// Its name.
    pub(crate) name: u64,
    /// Folder that it is in, on the machine of the shop.
    pub(crate) folder: PathBuf,
    /// Position of the log that it stands at.
    pub(crate) position: Position,
    /// Identifier of the keys of the personal data in it.
    pub(crate) keys: String,
}

/// Backups of the shop of this process.
#[derive(Clone, Debug)]
pub(crate) struct Backups {
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
    /// When each that may still be there was written.
    written_at: BTreeMap<u64, Instant>,
}

impl Backups {
    /// Backups in this data folder. Those of a process before are removed: whoever wanted them has them, or has gone.
    pub(crate) fn new(engine: Embedded, data: &std::path::Path, ids: Ids) -> io::Result<Self> {
        let folder = std::path::absolute(backups_folder(data))?;
        remove_tree(&folder)?;
        Ok(Self { engine, folder, ids, taken: Arc::default() })
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(BACKUPS_PATH, post(take))
            .route(&format!("{BACKUPS_PATH}/{{name}}"), delete(remove))
            .with_state(self)
    }

    fn write(&self, taken: &mut TakenBackups) -> io::Result<Option<BackupTaken>> {
        self.remove_abandoned(taken)?;
        if taken.written_at.len() >= BACKUPS_MAX {
            return Ok(None);
        }
        // Never that of another one, not even of a process before.
        let now = self.ids.now().as_microsecond().unsigned_abs();
        let name = now.max(taken.last + 1);
        taken.last = name;
        let backup = LinkedBackup::named(&self.folder, name);
        let position = backup.write(&self.engine)?;
        taken.written_at.insert(name, Instant::now());
        let (folder, keys) = (backup.data(), self.engine.keys_id());
        Ok(Some(BackupTaken { name, folder, position, keys }))
    }

    /// Removes backups that nobody takes away: who wanted them has gone.
    fn remove_abandoned(&self, taken: &mut TakenBackups) -> io::Result<()> {
        let is_old = |(name, at): (&u64, &Instant)| (at.elapsed() >= WAIT).then_some(*name);
        for name in taken.written_at.iter().filter_map(is_old).collect::<Vec<_>>() {
            let backup = LinkedBackup::named(&self.folder, name);
            if !backup.is_locked()? {
                backup.remove()?;
                taken.written_at.remove(&name);
            }
        }
        Ok(())
    }
}

async fn take(State(backups): State<Backups>) -> Response {
    let mut taken = Arc::clone(&backups.taken).lock_owned().await;
    match tokio::task::spawn_blocking(move || backups.write(&mut taken)).await {
        Ok(Ok(Some(taken))) => (StatusCode::CREATED, Json(taken)).into_response(),
        Ok(Ok(None)) => {
            let title = "too many backups are under way; try again when one is done";
            ProblemResponse(Problem::of(TOO_MANY_BACKUPS, title)).into_response()
        }
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

async fn remove(State(backups): State<Backups>, Path(name): Path<u64>) -> Response {
    if backups.taken.lock().await.written_at.remove(&name).is_none() {
        return ProblemResponse(Problem::not_found("backup", name)).into_response();
    }
    let backup = LinkedBackup::named(&backups.folder, name);
    match tokio::task::spawn_blocking(move || backup.remove()).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a backup failed");
    ProblemResponse(Problem::unavailable("the backup")).into_response()
}
