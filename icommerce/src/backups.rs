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
use kernel::Problem;
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf, sync::Arc};
use tokio::sync::Mutex;
use web::ProblemResponse;

/// Path of the backups on the operator edge.
pub(crate) const BACKUPS_PATH: &str = "/maintenance/backups";
/// Backups that may be in the data folder at the same time: each keeps what is compacted after it.
const BACKUPS_MAX: usize = 4;

kernel::codes! {
    TOO_MANY_BACKUPS = "too_many_backups", 409, "Backups wait in the data folder; take them away or delete them first.";
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
    /// Name of the last one; held while one is written.
    last: Arc<Mutex<u64>>,
}

impl Backups {
    /// Backups in this data folder. Those of a process before are removed: whoever wanted them has them, or has gone.
    pub(crate) fn new(engine: Embedded, data: &std::path::Path) -> io::Result<Self> {
        let folder = backups_folder(data);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { engine, folder, last: Arc::default() })
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(BACKUPS_PATH, post(take))
            .route(&format!("{BACKUPS_PATH}/{{name}}"), delete(remove))
            .with_state(self)
    }

    fn write(&self, name: u64) -> io::Result<Option<BackupTaken>> {
        std::fs::create_dir_all(&self.folder)?;
        if self.folder.read_dir()?.count() >= BACKUPS_MAX {
            return Ok(None);
        }
        let folder = std::path::absolute(self.folder.join(name.to_string()))?;
        match self.engine.backup(&folder) {
            Ok(position) => Ok(Some(BackupTaken { name, folder, position })),
            Err(error) => {
                // The first error is the one to report.
                let _ = std::fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }
}

async fn take(State(backups): State<Backups>) -> Response {
    let mut last = backups.last.lock().await;
    *last += 1;
    let (taking, name) = (backups.clone(), *last);
    match tokio::task::spawn_blocking(move || taking.write(name)).await {
        Ok(Ok(Some(taken))) => (StatusCode::CREATED, Json(taken)).into_response(),
        Ok(Ok(None)) => {
            let title = "too many backups wait to be taken away; delete one, or restart the shop";
            ProblemResponse(Problem::of(TOO_MANY_BACKUPS, title)).into_response()
        }
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

async fn remove(State(backups): State<Backups>, Path(name): Path<u64>) -> Response {
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
