//! `icommerce backup FOLDER`: backup of a shop, running or stopped, to one point of its logs.

mod database;
mod manifest;

pub(super) use manifest::{BackupManifest, INCOMPLETE_FILE, MANIFEST_FILE, SETTINGS_FILE};

use self::manifest::BackupPoint;
use super::worker_runtime;
use crate::{
    backups::{BACKUPS_PATH, BackupTaken, LinkedBackup, remove_tree},
    cli::{ProcessFlags, RunningShopFlags},
    error::CliError,
    operator_token::operator_client,
    output::{LINE_COLUMNS, print, wrapped},
    process::{self, EngineSetting, ProcessSettings},
    provider_settings::is_given,
    wiring::{Embedded, backups_folder, key_path, verify},
};
use kernel::{Ids, SystemClock, SystemRandomness};
use shop_client::RetryPolicy;
use std::{
    fs::{self, File},
    io,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// How long a shop that does not answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(2);

pub(crate) fn run(
    flags: &ProcessFlags,
    folder: &Path,
    running: &RunningShopFlags,
) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process = ProcessSettings::with_master_secret(&settings)?;
    process.init_logging()?;
    check_empty(folder, "a backup")?;
    if contains(&process.data, folder) {
        let (folder, data) = (folder.display(), process.data.display());
        return Err(CliError::usage(format!(
            "{folder} is within the data folder {data}, where each later backup would contain it; choose another place"
        )));
    }
    // Whoever else takes this folder for an empty one is refused from here on.
    let claim = folder.join(INCOMPLETE_FILE);
    let is_database = process.storage.engine == EngineSetting::Postgres;
    if is_database && running.operator.is_some() {
        return Err(CliError::usage(
            "--operator: a shop in a database is backed up from its database, whether it runs or not; leave it out",
        ));
    }
    let claimed = manifest::create_private(folder).and_then(|()| File::create_new(&claim));
    claimed.map_err(|error| failed(folder, &error))?;
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    worker_runtime()?.block_on(async {
        let config = flags.config.as_deref();
        // A shop that is named is one that runs: it knows its data folder, which need not be given as well.
        let is_named = running.operator.is_some() && !is_given(&settings, "data");
        let written = if is_database {
            database::back_up(&process, folder, config, &ids).await
        } else {
            let request = (&process, is_named, folder, config, running);
            back_up_folder(request, &ids).await
        };
        // A backup of what is damaged must not take the place of a good one.
        let written = written.and_then(|manifest| verify(folder).map(|()| manifest));
        let manifest = written.inspect_err(|_| {
            // Everything in it is of this backup; the error to report is the first.
            let _ = remove_tree(folder);
        })?;
        fs::remove_file(&claim).map_err(|error| failed(folder, &error))?;
        let BackupManifest { files, position, .. } = &manifest;
        let megabytes = manifest.bytes().div_ceil(1_000_000);
        let folder = folder.display();
        print(format!(
            "{folder}: {} files, {megabytes} MB, up to position {position}",
            files.len()
        ))?;
        let data = if is_named { None } else { Some(&*process.data) };
        print(wrapped(&reminder(data), LINE_COLUMNS, ""))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Backup of a shop in a data folder, whether it runs or not.
async fn back_up_folder(
    (process, is_named, folder, config, running): (
        &ProcessSettings,
        bool,
        &Path,
        Option<&Path>,
        &RunningShopFlags,
    ),
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    let opened = if is_named { None } else { Embedded::open_unless_served(process)? };
    match opened {
        Some(engine) if running.operator.is_none() => {
            back_up_stopped(engine, process, folder, config, ids).await
        }
        Some(engine) => match engine.close().await {
            Ok(()) => Err(not_served(process)),
            Err(_) => Err(CliError::failed(crate::shop::FLUSH_FAILED)),
        },
        None => back_up_running(process, is_named, folder, config, running, ids).await,
    }
}

/// Backup of a stopped shop, which stays locked meanwhile.
async fn back_up_stopped(
    engine: Embedded,
    process: &ProcessSettings,
    folder: &Path,
    config: Option<&Path>,
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    let backups = backups_folder(&process.data);
    let written = (|| {
        remove_tree(&backups)?;
        let linked = LinkedBackup::named(&backups, 0);
        let position = linked.write(&engine)?;
        let point = BackupPoint { position, keys: engine.keys_id(), taken_at: ids.now() };
        let manifest = manifest::copy(&linked.data(), folder, config, point);
        remove_tree(&backups).and(manifest)
    })();
    let closed = engine.close().await.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED));
    let manifest = written.map_err(|error| failed(folder, &error))?;
    closed.map(|()| manifest)
}

/// Refusal where a running shop is named, and none runs on the data folder.
fn not_served(process: &ProcessSettings) -> CliError {
    let data = process.data.display();
    CliError::usage(format!(
        "no shop is serving {data}; leave out --operator to back it up as it lies, or give the folder that the shop serves with --data"
    ))
}

/// Backup of a running shop: its operator edge writes one into the data folder, from where it is copied. Where the shop alone says which
/// folder that is, it is believed.
async fn back_up_running(
    process: &ProcessSettings,
    is_named: bool,
    folder: &Path,
    config: Option<&Path>,
    running: &RunningShopFlags,
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    let own = format!("http://{}", process.operator_listen);
    let address = running.operator.as_deref().unwrap_or(&own);
    let policy = RetryPolicy::bulk(WAIT_MAX);
    let edge = operator_client(address, running.token_file.as_deref(), policy, ids).await?;
    let refused = |error: &dyn std::fmt::Display| {
        if is_named {
            let unavailable = format!("no shop gives a backup of itself at {address}: {error}");
            return CliError::unavailable(unavailable);
        }
        CliError::unavailable(format!(
            "{} is in use, and no shop gives a backup of it at {address}: {error}; name the operator edge of its shop with --operator, or wait until another command has ended",
            process.data.display()
        ))
    };
    let taken: BackupTaken =
        edge.post(BACKUPS_PATH).send().await.map_err(|error| refused(&error))?;
    let is_its_own = is_named && taken.folder.is_dir();
    let copied = if is_its_own || contains(&backups_folder(&process.data), &taken.folder) {
        let copied = LinkedBackup::of_data(&taken.folder).lock().and_then(|_lock| {
            let BackupTaken { position, keys, .. } = taken.clone();
            let point = BackupPoint { position, keys, taken_at: ids.now() };
            manifest::copy(&taken.folder, folder, config, point)
        });
        copied.map_err(|error| failed(folder, &error))
    } else if is_named {
        Err(CliError::usage(format!(
            "the shop at {address} has its backup in {}, which is not on this machine; run the command on the machine of the shop",
            taken.folder.display()
        )))
    } else {
        Err(CliError::usage(format!(
            "the shop at {address} does not serve {}; give the folder that it serves with --data",
            process.data.display()
        )))
    };
    let path = format!("{BACKUPS_PATH}/{}", taken.name);
    let removed = edge.request(http::Method::DELETE, path).send_empty().await;
    if let Err(error) = removed {
        tracing::warn!(%error, folder = %taken.folder.display(), "the shop's copy of the backup can be deleted");
    }
    copied
}

/// What a backup does not have.
fn reminder(data: Option<&Path>) -> String {
    let keys = data.map_or_else(
        || "its icommerce.keys".to_owned(),
        |data| key_path(data).display().to_string(),
    );
    format!(
        "The keys of personal data are not in it: keep a copy of {keys} in another place, made after the last erasure."
    )
}

/// Whether a path, which need not exist yet, is this folder or leads into it.
pub(super) fn contains(folder: &Path, path: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let Ok(path) = std::path::absolute(path) else { return false };
    path.ancestors()
        .find_map(|above| above.canonicalize().ok())
        .is_some_and(|real| real.starts_with(folder))
}

/// Refuses a folder that has something in it.
pub(super) fn check_empty(folder: &Path, what: &str) -> Result<(), CliError> {
    let is_empty = match folder.read_dir() {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(CliError::usage(format!("{}: {error}", folder.display()))),
    };
    if !is_empty {
        let folder = folder.display();
        return Err(CliError::usage(format!(
            "{folder} is not empty; {what} needs a new folder (delete what a broken-off one left)"
        )));
    }
    Ok(())
}

pub(super) fn failed(folder: &Path, error: &io::Error) -> CliError {
    CliError::unavailable(format!("{}: {error}", folder.display()))
}
