//! Backups of a running shop: the operator edge writes one into the data folder, from where `icommerce backup` takes it. The
//! client never names a path.

#[cfg(feature = "postgres")]
mod exported;
mod linked;
mod staged_backup;

pub(crate) use staged_backup::{StagedBackup, remove_tree};

use crate::{error::CliError, process::ProcessSettings, wiring::Engine};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
#[cfg(feature = "postgres")]
use exported::ExportedBackups;
use journal::Position;
use kernel::{Ids, Problem};
use linked::LinkedBackups;
use runtime::TaskTracker;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};
use web::ProblemResponse;

/// Path of the backups on the operator edge.
pub(crate) const BACKUPS_PATH: &str = "/maintenance/backups";
/// Time for which a backup waits for somebody to ask for it or to take it away.
const WAIT: Duration = Duration::from_mins(1);

kernel::codes! {
    TOO_MANY_BACKUPS = "too_many_backups", 409, "Too many backups are under way; try again when one is done.";
    BACKUP_FAILED = "backup_failed", 500, "The backup could not be written; the title says why.";
}

/// Backup in the data folder of a running shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BackupTaken {
    /// Its name.
    pub(crate) name: u64,
    /// Folder that it is in, on the machine of the shop.
    pub(crate) folder: PathBuf,
    /// What it stands at; nothing while it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) point: Option<PointTaken>,
}

/// Point that a backup stands at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PointTaken {
    /// Position of the log.
    pub(crate) position: Position,
    /// Identifier of the keys of the personal data in it.
    pub(crate) keys: String,
}

/// Backups of the shop of this process.
#[derive(Clone, Debug)]
pub(crate) enum Backups {
    /// Links to the files of the data folder, made at once.
    Linked(LinkedBackups),
    /// Exports of the database, which take their time.
    #[cfg(feature = "postgres")]
    Exported(ExportedBackups),
}

/// Why there is no backup.
#[derive(Debug)]
enum BackupError {
    TooMany,
    Unknown(u64),
    /// Reason, for the log alone.
    Unavailable(String),
    /// Sentence for the operator.
    #[cfg(feature = "postgres")]
    Failed(String),
}

impl Backups {
    /// Backups of the storage, in the data folder. Those of a process before are removed: whoever wanted them has them, or has gone.
    pub(crate) fn new(
        engine: &Engine,
        process: &ProcessSettings,
        ids: &Ids,
        tasks: &TaskTracker,
    ) -> Result<Self, CliError> {
        match engine.embedded() {
            Some(engine) => LinkedBackups::new(engine.clone(), &process.data, ids.clone())
                .map(Self::Linked)
                .map_err(CliError::unavailable),
            None => Self::exported(process, ids, tasks),
        }
    }

    #[cfg(feature = "postgres")]
    fn exported(
        process: &ProcessSettings,
        ids: &Ids,
        tasks: &TaskTracker,
    ) -> Result<Self, CliError> {
        let backups = ExportedBackups::new(process.clone(), ids.clone(), tasks.clone());
        backups.map(Self::Exported).map_err(CliError::unavailable)
    }

    #[cfg(not(feature = "postgres"))]
    fn exported(_: &ProcessSettings, _: &Ids, _: &TaskTracker) -> Result<Self, CliError> {
        Err(crate::wiring::without_postgres())
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(BACKUPS_PATH, post(take))
            .route(&format!("{BACKUPS_PATH}/{{name}}"), get(look).delete(remove))
            .with_state(self)
    }
}

async fn take(State(backups): State<Backups>) -> Response {
    let taken = match &backups {
        Backups::Linked(backups) => backups.take().await,
        #[cfg(feature = "postgres")]
        Backups::Exported(backups) => backups.take().await,
    };
    answer(StatusCode::CREATED, taken)
}

async fn look(State(backups): State<Backups>, Path(name): Path<u64>) -> Response {
    let taken = match &backups {
        Backups::Linked(backups) => backups.look(name).await,
        #[cfg(feature = "postgres")]
        Backups::Exported(backups) => backups.look(name).await,
    };
    answer(StatusCode::OK, taken)
}

async fn remove(State(backups): State<Backups>, Path(name): Path<u64>) -> Response {
    let removed = match &backups {
        Backups::Linked(backups) => backups.remove(name).await,
        #[cfg(feature = "postgres")]
        Backups::Exported(backups) => backups.remove(name).await,
    };
    removed.map_or_else(refusal, |()| StatusCode::NO_CONTENT.into_response())
}

/// Response with a backup, which is accepted as long as it is written.
fn answer(complete: StatusCode, taken: Result<BackupTaken, BackupError>) -> Response {
    taken.map_or_else(refusal, |taken| {
        let status = if taken.point.is_some() { complete } else { StatusCode::ACCEPTED };
        (status, Json(taken)).into_response()
    })
}

fn refusal(error: BackupError) -> Response {
    ProblemResponse(match error {
        BackupError::TooMany => {
            let title = "too many backups are under way; try again when one is done";
            Problem::of(TOO_MANY_BACKUPS, title)
        }
        BackupError::Unknown(name) => Problem::not_found("backup", name),
        BackupError::Unavailable(error) => {
            tracing::error!(%error, "a backup failed");
            Problem::unavailable("the backup")
        }
        #[cfg(feature = "postgres")]
        BackupError::Failed(reason) => Problem::of(BACKUP_FAILED, reason),
    })
    .into_response()
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<tokio::task::JoinError> for BackupError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
