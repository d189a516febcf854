//! `icommerce restore FOLDER`: restores a backup into a new data folder.

use super::{
    backup::{
        BackupManifest, INCOMPLETE_FILE, MANIFEST_FILE, SETTINGS_FILE, check_empty, contains,
        failed,
    },
    worker_runtime,
};
use crate::{
    cli::{ProcessFlags, RestoreFlags},
    error::CliError,
    output::print,
    process::{self, ProcessSettings},
    wiring::{Embedded, key_file, lock},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
};
use subject_keys::ErasureList;

pub(crate) fn run(flags: &ProcessFlags, restore: &RestoreFlags) -> Result<ExitCode, CliError> {
    let RestoreFlags { folder, keys, erased, .. } = restore;
    let settings = process::settings(flags, Vec::new())?;
    let process = ProcessSettings::with_master_secret(&settings)?;
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
    let erased = erased.as_deref().map_or_else(|| Ok(ErasureList::default()), erasures)?;
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
    let restored = restored.and_then(|()| match keys {
        Some(keys) => restore_keys(keys, data).map_err(|error| failed(keys, &error)),
        None => Ok(()),
    });
    // It was empty and locked, so everything in it is of this restore. No shop may start on it before the erasures are applied.
    let remove = |_: &CliError| {
        let _ = fs::remove_dir_all(data.canonicalize().as_deref().unwrap_or(data));
    };
    restored.inspect_err(remove)?;
    drop(lock);
    let expected = manifest.keys.as_deref().filter(|_| keys.is_some());
    let opened = worker_runtime()?.block_on(async {
        let engine = Embedded::open_existing(&process)?;
        let applied = apply(&engine, expected, &erased);
        let closed = engine.close().await;
        applied.and(closed.map_err(|_| CliError::failed(crate::shop::FLUSH_FAILED)))
    });
    opened.inspect_err(remove)?;
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

/// Copies the keys into the restored folder. They are not of the backup: it has none.
fn restore_keys(from: &Path, data: &Path) -> io::Result<()> {
    let content = fs::read(from)?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(key_file(data))?;
    file.write_all(&content)?;
    file.sync_all()
}

/// Compares the keys with those of the backup, and applies the list of erasures before anybody reads anything.
fn apply(engine: &Embedded, expected: Option<&str>, erased: &ErasureList) -> Result<(), CliError> {
    if expected.is_some_and(|expected| expected != engine.keys_id()) {
        return Err(CliError::usage(
            "the keys are of another shop than the backup: nothing personal in it could be read",
        ));
    }
    engine.subject_keys().apply(erased).map_err(CliError::unavailable)
}

/// Reads a list of erasures.
fn erasures(file: &Path) -> Result<ErasureList, CliError> {
    let named =
        |error: &dyn std::fmt::Display| CliError::usage(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    text.parse().map_err(|error| named(&error))
}
