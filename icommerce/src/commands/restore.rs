//! `icommerce restore FOLDER`: restores a backup into a new data folder.

use super::{
    backup::{
        BackupManifest, INCOMPLETE_FILE, MANIFEST_FILE, SETTINGS_FILE, check_empty, contains,
        failed,
    },
    projected,
};
use crate::{
    cli::{ProcessFlags, RestoreFlags},
    error::CliError,
    output::{counted, print},
    process::{self, EngineSetting, ProcessSettings},
    wiring::{ProjectionStore, forget_keys, key_file, lock},
};
use kernel::SystemRandomness;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use subject_keys::{ErasureList, KeyFile, MasterSecret, MemoryKeyFile, OpenKeysError, SubjectKeys};

pub(crate) fn run(flags: &ProcessFlags, restore: &RestoreFlags) -> Result<ExitCode, CliError> {
    check_choice(restore)?;
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
    let master = process.master_secret.as_ref();
    let prepared = |keys: &PathBuf| prepared(keys, master, manifest.keys.as_deref(), &erased);
    let keys = keys.as_ref().map(prepared).transpose()?;
    let data = &process.data;
    // It answers, or nothing is restored.
    let runtime = super::worker_runtime()?;
    let projections = runtime.block_on(ProjectionStore::open(&process))?;
    let settings = Arc::new(settings);
    let empty_projections = || runtime.block_on(projected::empty_all(&projections, &settings));
    if process.storage.engine == EngineSetting::Postgres {
        into_database(folder, &manifest, &process, keys.as_deref())?;
        return empty_projections().map(|()| ExitCode::SUCCESS);
    }
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
    let restored = match &keys {
        // Before there is anything that they open: a restore that is broken off leaves no folder that begins with other keys.
        Some(keys) => install(keys, data).map_err(|error| failed(data, &error)),
        None => Ok(()),
    };
    let restored = restored
        .and_then(|()| manifest.restore(folder, data).map_err(|error| failed(folder, &error)))
        .and_then(|()| match &keys {
            Some(_) => Ok(()),
            // Until now the state says that the keys are missing.
            None => forget_keys(data).map_err(|error| failed(data, &error)),
        })
        .and_then(|()| empty_projections());
    // It was empty and locked, so everything in it is of this restore.
    restored.inspect_err(|_| {
        let _ = fs::remove_dir_all(data.canonicalize().as_deref().unwrap_or(data));
    })?;
    drop(lock);
    let (shown, files) = (data.display(), counted(manifest.files.len(), "file"));
    print(format!("{shown}: {files} restored; `icommerce check --data \"{shown}\"` checks them"))?;
    if manifest.files.iter().any(|file| file.path == Path::new(SETTINGS_FILE)) {
        // With the settings of a shop in a database it would be that shop.
        print(format!(
            "{shown}/{SETTINGS_FILE} has the settings; where its [storage] is embedded, start with --config to use them"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Restores the backup into a database that was migrated and has nothing else, and the keys and the pictures into its data folder.
#[cfg(feature = "postgres")]
fn into_database(
    folder: &Path,
    manifest: &BackupManifest,
    process: &ProcessSettings,
    keys: Option<&MemoryKeyFile>,
) -> Result<(), CliError> {
    use crate::wiring::{RestoredKeys, restore_into_database};

    let data = &process.data;
    if contains(folder, data) {
        return Err(CliError::usage(format!(
            "{} is within the backup {}; choose another place",
            data.display(),
            folder.display()
        )));
    }
    manifest.verify(folder).map_err(|error| failed(folder, &error))?;
    let restored = |keys: &MemoryKeyFile| -> io::Result<RestoredKeys> {
        let (content, erasures) = (keys.read()?.unwrap_or_default(), keys.read_erasures()?);
        Ok(RestoredKeys { content, erasures })
    };
    let keys = keys.map(restored).transpose().map_err(|error| failed(data, &error))?;
    let runtime = super::worker_runtime()?;
    let report = runtime.block_on(restore_into_database(folder, process, keys))?;
    super::transferred::print(&report)?;
    let shown = data.display();
    print(format!(
        "restored; `icommerce check --storage postgres://… --data \"{shown}\"` checks it"
    ))
}

#[cfg(not(feature = "postgres"))]
fn into_database(
    _: &Path,
    _: &BackupManifest,
    _: &ProcessSettings,
    _: Option<&MemoryKeyFile>,
) -> Result<(), CliError> {
    Err(crate::wiring::without_postgres())
}

/// Refuses what leaves open what becomes of personal data: that is never a matter of forgetting an option.
fn check_choice(restore: &RestoreFlags) -> Result<(), CliError> {
    let RestoreFlags { keys, erased, keys_are_current, without_keys, .. } = restore;
    let see = "see icommerce restore --help";
    match (keys, erased) {
        (None, _) if !without_keys => Err(CliError::usage(format!(
            "--keys <FILE> is missing, the copy of icommerce.keys; if there is none, --without-keys restores without personal data; {see}"
        ))),
        (Some(_), None) if !keys_are_current => Err(CliError::usage(format!(
            "--erased <FILE> is missing, the latest copy of icommerce.erased; if nobody was erased after the copy of the keys was made, say so with --keys-are-current; {see}"
        ))),
        _ => Ok(()),
    }
}

/// Keys of the restored shop, with the erasures applied before anybody reads anything. They are not of the backup: it has none.
fn prepared(
    file: &Path,
    master: Option<&MasterSecret>,
    expected: Option<&str>,
    erased: &ErasureList,
) -> Result<Arc<MemoryKeyFile>, CliError> {
    let content = fs::read(file).map_err(|error| failed(file, &error))?;
    let copy = Arc::new(MemoryKeyFile::of(content));
    let keys = SubjectKeys::open(Arc::clone(&copy) as _, master, &SystemRandomness);
    let keys = keys.map_err(|error| {
        let named = format!("{}: {error}", file.display());
        match error {
            OpenKeysError::Damaged | OpenKeysError::DamagedList(_) => {
                CliError::usage(format!("{named}; --keys takes a copy of icommerce.keys"))
            }
            OpenKeysError::File(_) | OpenKeysError::OtherMasterKey => CliError::unavailable(named),
        }
    })?;
    if expected.is_some_and(|expected| expected != kernel::hex::encode(&keys.store_id())) {
        return Err(CliError::usage(
            "the keys are of another shop than the backup: nothing personal in it could be read",
        ));
    }
    keys.apply(erased).map_err(CliError::unavailable)?;
    Ok(copy)
}

/// Writes the keys into the folder that is going to be restored.
fn install(keys: &MemoryKeyFile, data: &Path) -> io::Result<()> {
    let file = key_file(data);
    file.replace(&keys.read()?.unwrap_or_default())?;
    keys.read_erasures()?.map_or(Ok(()), |list| file.publish_erasures(&list))
}

/// Reads a list of erasures.
fn erasures(file: &Path) -> Result<ErasureList, CliError> {
    let named = |error: &dyn std::fmt::Display| {
        let file = file.display();
        CliError::usage(format!("{file}: {error}; --erased takes a copy of icommerce.erased"))
    };
    let content = fs::read(file).map_err(|error| named(&error))?;
    let text = String::from_utf8(content).map_err(|_| named(&"this is no list of erasures"))?;
    text.parse().map_err(|error| named(&error))
}
