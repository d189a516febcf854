//! Backups of a running shop: the operator edge writes one into the data folder, from where `icommerce backup` takes it. The
//! client never names a path.

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
use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};
use web::ProblemResponse;

/// Path of the backups on the operator edge.
pub(crate) const BACKUPS_PATH: &str = "/maintenance/backups";
/// Backups that may be in the data folder at the same time: each keeps what is compacted after it.
const BACKUPS_MAX: usize = 16;
/// File that whoever takes a backup away holds a lock on meanwhile.
const LOCK_FILE: &str = "lock";
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
        let folder = backups_folder(data);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
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
        let folder = std::path::absolute(self.folder.join(name.to_string()))?;
        let written = write_backup(&self.engine, &folder);
        match &written {
            Ok(_) => drop(taken.written_at.insert(name, Instant::now())),
            // The first error is the one to report.
            Err(_) => drop(std::fs::remove_dir_all(&folder)),
        }
        let data = folder.join(DATA_FOLDER);
        written.map(|position| Some(BackupTaken { name, folder: data, position }))
    }

    /// Removes backups that nobody takes away: who wanted them has gone.
    fn remove_abandoned(&self, taken: &mut TakenBackups) -> io::Result<()> {
        let is_old = |(name, at): (&u64, &Instant)| (at.elapsed() >= WAIT).then_some(*name);
        for name in taken.written_at.iter().filter_map(is_old).collect::<Vec<_>>() {
            let folder = self.folder.join(name.to_string());
            let is_gone = match File::open(folder.join(LOCK_FILE)) {
                Ok(lock) => lock.try_lock().is_ok() && std::fs::remove_dir_all(&folder).is_ok(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => true,
                Err(error) => return Err(error),
            };
            if is_gone {
                taken.written_at.remove(&name);
            }
        }
        Ok(())
    }
}

/// Folder with what is backed up, beside the lock.
const DATA_FOLDER: &str = "data";

/// Writes a backup below this folder, beside the file to lock while it is taken away.
pub(crate) fn write_backup(engine: &Embedded, folder: &std::path::Path) -> io::Result<Position> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    File::create(folder.join(LOCK_FILE))?;
    engine.backup(&folder.join(DATA_FOLDER))
}

/// Locks a backup that is taken away, as long as the file is open.
pub(crate) fn lock_backup(data: &std::path::Path) -> io::Result<File> {
    let file = File::open(data.with_file_name(LOCK_FILE))?;
    file.lock()?;
    Ok(file)
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
    backups.taken.lock().await.written_at.remove(&name);
    let folder = backups.folder.join(name.to_string());
    match tokio::task::spawn_blocking(|| std::fs::remove_dir_all(folder)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            ProblemResponse(Problem::not_found("backup", name)).into_response()
        }
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a backup failed");
    ProblemResponse(Problem::unavailable("the backup")).into_response()
}
