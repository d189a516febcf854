//! `icommerce restore FOLDER`: restores a backup into a new data folder.

use super::{
    backup::{
        BackupManifest, INCOMPLETE_FILE, MANIFEST_FILE, SETTINGS_FILE, check_empty, contains,
        failed,
    },
    worker_runtime,
};
use crate::{
    cli::ProcessFlags,
    error::CliError,
    output::print,
    process::{self, ProcessSettings},
    wiring::{Embedded, lock},
};
use std::{fs, io, path::Path, process::ExitCode};

pub(crate) fn run(flags: &ProcessFlags, folder: &Path) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    if folder.join(INCOMPLETE_FILE).exists() {
        let folder = folder.display();
        return Err(CliError::usage(format!(
            "{folder} is no complete backup: {INCOMPLETE_FILE} says that it was broken off"
        )));
    }
    let manifest = BackupManifest::read(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CliError::usage(format!(
            "{} is no complete backup: it has no {MANIFEST_FILE}",
            folder.display()
        )),
        _ => failed(&folder.join(MANIFEST_FILE), &error),
    })?;
    let data = &process.data;
    check_empty(data, "a restored shop")?;
    if contains(folder, data) {
        let (data, folder) = (data.display(), folder.display());
        return Err(CliError::usage(format!(
            "{data} is within the backup {folder}; choose another place"
        )));
    }
    let lock = lock(data)?;
    // Once more, now that nobody else may begin a shop in it.
    if data.read_dir().is_ok_and(|entries| entries.flatten().count() > 1) {
        return Err(CliError::usage(format!("{} is not empty any more", data.display())));
    }
    let restored = manifest.restore(folder, data).map_err(|error| failed(folder, &error));
    restored.inspect_err(|_| {
        // Locked since it was empty, so everything in it is of this restore.
        let _ = fs::remove_dir_all(data.canonicalize().as_deref().unwrap_or(data));
    })?;
    drop(lock);
    worker_runtime()?.block_on(async {
        let engine = Embedded::open_existing(&process)?;
        engine.close().await.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED))
    })?;
    let (shown, files) = (data.display(), manifest.files.len());
    print(format!(
        "{shown}: {files} files restored; `icommerce check --data \"{shown}\"` checks them"
    ))?;
    if manifest.files.iter().any(|file| file.path == Path::new(SETTINGS_FILE)) {
        print(format!(
            "{shown}/{SETTINGS_FILE} has the settings; start with --config to use them"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
