//! `icommerce backup FOLDER`: backup of a shop, running or stopped, to one point of its logs.

mod manifest;

pub(super) use manifest::{BackupManifest, MANIFEST_FILE, SETTINGS_FILE};

use super::worker_runtime;
use crate::{
    backups::{BACKUPS_PATH, BackupTaken},
    cli::ProcessFlags,
    error::CliError,
    output::print,
    process::{self, ProcessSettings},
    wiring::{Embedded, backups_folder},
};
use kernel::{Ids, SystemClock, SystemRandomness};
use shop_client::{EdgeClient, RetryPolicy};
use std::{fs, io, path::Path, process::ExitCode, sync::Arc, time::Duration};

/// How long a shop that does not answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(30);

pub(crate) fn run(
    flags: &ProcessFlags,
    folder: &Path,
    operator: Option<&str>,
) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    create_empty(folder, "a backup")?;
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    worker_runtime()?.block_on(async {
        let config = flags.config.as_deref();
        let manifest = match Embedded::open_unless_served(&process)? {
            Some(engine) => back_up_stopped(engine, &process, folder, config, &ids).await,
            None => back_up_running(&process, folder, config, operator, &ids).await,
        }?;
        let BackupManifest { files, position, .. } = &manifest;
        let megabytes = manifest.bytes().div_ceil(1_000_000);
        let folder = folder.display();
        print(format!(
            "{folder}: {} files, {megabytes} MB, up to position {position}",
            files.len()
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Backup of a stopped shop, which stays locked meanwhile.
async fn back_up_stopped(
    engine: Embedded,
    process: &ProcessSettings,
    folder: &Path,
    config: Option<&Path>,
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    let taken = backups_folder(&process.data).join("0");
    let written = (|| {
        remove_tree(&taken)?;
        fs::create_dir_all(backups_folder(&process.data))?;
        let position = engine.backup(&taken)?;
        let manifest = manifest::copy(&taken, folder, config, position, ids.now());
        remove_tree(&taken).and(manifest)
    })();
    let closed = engine.close().await.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED));
    let manifest = written.map_err(|error| failed(folder, &error))?;
    closed.map(|()| manifest)
}

/// Backup of a running shop: its operator edge writes one into the data folder, from where it is copied.
async fn back_up_running(
    process: &ProcessSettings,
    folder: &Path,
    config: Option<&Path>,
    operator: Option<&str>,
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    let own = format!("http://{}", process.operator_listen);
    let address = operator.unwrap_or(&own);
    let edge = EdgeClient::new(address, RetryPolicy::bulk(WAIT_MAX), ids.clone());
    let edge = edge.map_err(CliError::usage)?;
    let refused = |error: &dyn std::fmt::Display| {
        CliError::unavailable(format!(
            "the shop that serves {} gave no backup at {address}: {error}; name its operator edge with --operator",
            process.data.display()
        ))
    };
    let taken: BackupTaken =
        edge.post(BACKUPS_PATH).send().await.map_err(|error| refused(&error))?;
    if !is_within(&taken.folder, &process.data) {
        return Err(CliError::usage(format!(
            "the shop at {address} has another data folder, {}; give it with --data",
            taken.folder.display()
        )));
    }
    let copied = manifest::copy(&taken.folder, folder, config, taken.position, ids.now());
    let path = format!("{BACKUPS_PATH}/{}", taken.name);
    let removed = edge.request(http::Method::DELETE, path).send_empty().await;
    if let Err(error) = removed {
        tracing::warn!(%error, folder = %taken.folder.display(), "the shop's copy of the backup can be deleted");
    }
    copied.map_err(|error| failed(folder, &error))
}

/// Whether a folder is one of the backups in this data folder.
fn is_within(taken: &Path, data: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    taken.parent().and_then(real).is_some_and(|parent| Some(parent) == real(&backups_folder(data)))
}

/// Creates a folder, or takes an empty one.
pub(super) fn create_empty(folder: &Path, what: &str) -> Result<(), CliError> {
    let is_empty = match folder.read_dir() {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(CliError::usage(format!("{}: {error}", folder.display()))),
    };
    if !is_empty {
        let folder = folder.display();
        return Err(CliError::usage(format!("{folder} is not empty; {what} needs a new folder")));
    }
    manifest::create_private(folder).map_err(|error| failed(folder, &error))
}

fn remove_tree(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn failed(folder: &Path, error: &io::Error) -> CliError {
    CliError::unavailable(format!("{}: {error}", folder.display()))
}
