//! `icommerce backup FOLDER`: backup of a shop, running or stopped, to one point of its logs.

mod database;
mod manifest;

pub(super) use manifest::{BackupManifest, INCOMPLETE_FILE, MANIFEST_FILE, SETTINGS_FILE};

use self::manifest::BackupPoint;
use super::worker_runtime;
use crate::{
    backups::{BACKUPS_PATH, BackupTaken, PointTaken, StagedBackup, remove_tree},
    cli::{ProcessFlags, RunningShopFlags},
    error::CliError,
    operator_token::{OperatorAccess, operator_client},
    output::{LINE_COLUMNS, counted, print, wrapped},
    process::{self, EngineSetting, ProcessSettings},
    provider_settings::is_given,
    wiring::{Embedded, backups_folder, check_existing, key_path, verify},
};
use kernel::{Ids, Problem, SystemClock, SystemRandomness, codes};
use shop_client::RetryPolicy;
use std::{
    fs::{self, File},
    io,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use transport::CallError;

/// How long a shop that does not answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Pause before the shop is asked whether its backup is written; it doubles up to the longest.
const LOOK_PAUSE_MIN: Duration = Duration::from_millis(20);
/// Longest pause.
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Statuses of answers that no shop has given, or another server: not found, and no answer in time.
const OF_NO_SHOP: [u16; 2] = [404, 504];

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
    let claimed = manifest::create_private(folder).and_then(|()| File::create_new(&claim));
    claimed.map_err(|error| failed(folder, &error))?;
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    worker_runtime()?.block_on(async {
        let config = flags.config.as_deref();
        // A shop that is named is one that runs: it knows its data folder, which need not be given as well.
        let is_named = running.operator.is_some() && !is_given(&settings, "data");
        // With the database at hand no shop has to run.
        let written = if is_database && running.operator.is_none() {
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
            "{folder}: {}, {megabytes} MB, up to position {position}",
            counted(files.len(), "file")
        ))?;
        let data = if is_named { None } else { Some(&*process.data) };
        print(wrapped(&reminder(data), LINE_COLUMNS, ""))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Backup of a shop in a data folder, whether it runs or not, or of one that runs on a database.
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
    let asks_shop = is_named || running.operator.is_some() && is_of_database(process);
    let opened = if asks_shop { None } else { Embedded::open_unless_served(process)? };
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
        let staged = StagedBackup::named(&backups, 0);
        let position = staged.link(&engine)?;
        let point = BackupPoint { position, keys: engine.keys_id(), taken_at: ids.now() };
        let manifest = manifest::copy(&staged.data(), folder, config, point);
        remove_tree(&backups).and(manifest)
    })();
    let closed = engine.close().await.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED));
    let manifest = written.map_err(|error| failed(folder, &error))?;
    closed.map(|()| manifest)
}

/// Whether the data folder is that of a shop in a database: it has keys, and no log.
fn is_of_database(process: &ProcessSettings) -> bool {
    process.storage.engine == EngineSetting::Postgres
        || key_path(&process.data).exists() && check_existing(process).is_err()
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
    let (named, file) = (running.operator.as_deref(), running.token_file.as_deref());
    let access = OperatorAccess::new(named, process, file, running.authority.as_deref())?;
    let address = &*access.address;
    let policy = RetryPolicy::bulk(WAIT_MAX);
    let edge = operator_client(&access, policy, ids).await?;
    let refused = |error: CallError| {
        if let CallError::Problem(problem) = &error
            && !OF_NO_SHOP.contains(&problem.status)
        {
            return refused_by_shop(address, problem);
        }
        if is_named || is_of_database(process) {
            let unavailable = format!("no shop gives a backup of itself at {address}: {error}");
            return CliError::unavailable(unavailable);
        }
        CliError::unavailable(format!(
            "{} is in use, and no shop gives a backup of it at {address}: {error}; name the operator edge of its shop with --operator, or wait until another command has ended",
            process.data.display()
        ))
    };
    let taken_at = ids.now();
    let taken: BackupTaken = edge.post(BACKUPS_PATH).send().await.map_err(&refused)?;
    let path = format!("{BACKUPS_PATH}/{}", taken.name);
    let staged = StagedBackup::of_data(&taken.folder);
    let is_its_own = is_named && staged.is_on_this_machine();
    let copied = if is_its_own || contains(&backups_folder(&process.data), &taken.folder) {
        match written(&access, &path, taken.point, ids, &refused).await {
            Ok(PointTaken { position, keys }) => {
                let point = BackupPoint { position, keys, taken_at };
                let copied = staged.lock();
                let copied =
                    copied.and_then(|_lock| manifest::copy(&taken.folder, folder, config, point));
                copied.map_err(|error| failed(folder, &error))
            }
            Err(error) => Err(error),
        }
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
    let removed = edge.request(http::Method::DELETE, path).send_empty().await;
    if let Err(error) = removed {
        tracing::warn!(%error, folder = %taken.folder.display(), "the shop's copy of the backup can be deleted");
    }
    copied
}

/// Point that the shop's backup stands at, once it is written. Meanwhile it may be busy.
async fn written(
    access: &OperatorAccess,
    path: &str,
    mut point: Option<PointTaken>,
    ids: &Ids,
    refused: &impl Fn(CallError) -> CliError,
) -> Result<PointTaken, CliError> {
    let mut pause = LOOK_PAUSE_MIN;
    let edge = operator_client(access, RetryPolicy::default(), ids).await?;
    loop {
        if let Some(point) = point {
            return Ok(point);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_PAUSE_MAX);
        let taken: Result<BackupTaken, _> = edge.get(path).send().await;
        point = taken.map_err(refused)?.point;
    }
}

/// Error of a shop that answers, and gives no backup.
fn refused_by_shop(address: &str, problem: &Problem) -> CliError {
    if problem.code == codes::UNAUTHENTICATED {
        return CliError::unavailable(format!(
            "the shop at {address} takes the token of an operator: give one with --token-file or in ICOMMERCE_TOKEN"
        ));
    }
    CliError::unavailable(format!("the shop at {address} gives no backup: {}", problem.title))
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
