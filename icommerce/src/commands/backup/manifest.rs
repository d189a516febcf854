//! Manifest of a backup: which files it has, with their digests, so that a damaged one is noticed before it is trusted.

use journal::Position;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shop_client::{Progress, ProgressMeter, Unit};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, BufReader, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

/// File with the manifest.
pub(in crate::commands) const MANIFEST_FILE: &str = "backup.json";
/// File that is there until the backup is complete and verified.
pub(in crate::commands) const INCOMPLETE_FILE: &str = "backup.incomplete";
/// Copy of the settings file.
pub(in crate::commands) const SETTINGS_FILE: &str = "settings.toml";
/// Format of the manifest.
const FORMAT: u32 = 1;
/// Bytes that are copied at once.
const COPY_BYTES: usize = 1024 * 1024;
/// Size limit of a manifest, in bytes.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Manifest of a backup. It may gain fields.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::commands) struct BackupManifest {
    format: u32,
    /// Release that wrote it.
    release: String,
    taken_at: Timestamp,
    /// Position of the services' log that it stands at.
    pub(in crate::commands) position: Position,
    pub(in crate::commands) files: Vec<BackedUpFile>,
    /// Identifier of the keys of the personal data in it, which are kept elsewhere; unknown of backups of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) keys: Option<String>,
}

/// Point that a backup stands at.
#[derive(Debug)]
pub(super) struct BackupPoint {
    /// Position of the services' log.
    pub(super) position: Position,
    /// Identifier of the keys of the personal data in it.
    pub(super) keys: String,
    pub(super) taken_at: Timestamp,
}

/// File of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::commands) struct BackedUpFile {
    /// Path within the backup.
    pub(in crate::commands) path: PathBuf,
    bytes: u64,
    sha256: String,
}

impl BackupManifest {
    /// Reads the manifest of a backup.
    pub(in crate::commands) fn read(folder: &Path) -> io::Result<Self> {
        let file = File::open(folder.join(MANIFEST_FILE))?;
        let manifest: Self =
            serde_json::from_reader(BufReader::new(file.take(MANIFEST_BYTES_MAX)))?;
        let is_inside = |file: &BackedUpFile| {
            file.path.components().all(|part| matches!(part, Component::Normal(_)))
        };
        if manifest.format > FORMAT {
            return Err(io::Error::other(
                "it was written by a later release, which can restore it",
            ));
        }
        if !manifest.files.iter().all(is_inside) {
            return Err(io::Error::other("a path in it leads out of the backup"));
        }
        Ok(manifest)
    }

    /// Size of all files, in bytes.
    pub(in crate::commands) fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes))
    }

    /// Compares every file of the backup with its digest.
    #[cfg(feature = "postgres")]
    pub(in crate::commands) fn verify(&self, folder: &Path) -> io::Result<()> {
        for file in &self.files {
            let (bytes, sha256) =
                digest(&folder.join(&file.path)).map_err(|error| named(&file.path, &error))?;
            if (bytes, &sha256) != (file.bytes, &file.sha256) {
                let reason = "it is not what was backed up";
                return Err(named(&file.path, &io::Error::other(reason)));
            }
        }
        Ok(())
    }

    /// Copies every file of the backup, and compares it with its digest.
    pub(in crate::commands) fn restore(&self, from: &Path, to: &Path) -> io::Result<()> {
        let progress = Progress::on_standard_error().begin("restoring", self.bytes(), Unit::Bytes);
        // The state says how far the logs reach: with it, a folder that lacks a part of them is refused.
        create_private(to)?;
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|file| restore_order(&file.path));
        for file in &files {
            let (bytes, sha256) =
                copy_file(&from.join(&file.path), &to.join(&file.path), &progress)
                    .map_err(|error| named(&file.path, &error))?;
            if (bytes, &sha256) != (file.bytes, &file.sha256) {
                let reason = "it is not what was backed up";
                return Err(named(&file.path, &io::Error::other(reason)));
            }
        }
        sync_folders(to, files.iter().map(|file| &*file.path))
    }
}

/// Place of a file in the order in which files are restored: the state, then what the logs refer to, then the logs.
fn restore_order(path: &Path) -> u8 {
    match path.extension().map(OsStr::as_encoded_bytes) {
        Some(b"state") => 0,
        Some(b"log") => 2,
        _ => 1,
    }
}

/// Copies what the shop has written, and the settings file, into the folder of the backup, with a manifest.
pub(super) fn copy(
    taken: &Path,
    folder: &Path,
    config: Option<&Path>,
    point: BackupPoint,
) -> io::Result<BackupManifest> {
    let mut paths = Vec::new();
    list(taken, Path::new(""), &mut paths)?;
    paths.sort();
    let total = paths.iter().map(|(_, bytes)| bytes).sum();
    let progress = Progress::on_standard_error().begin("backing up", total, Unit::Bytes);
    create_private(folder)?;
    let mut files = Vec::new();
    let sources = paths.into_iter().map(|(path, _)| (taken.join(&path), path));
    let settings = config.map(|config| (config.to_owned(), PathBuf::from(SETTINGS_FILE)));
    for (source, path) in sources.chain(settings) {
        let copied = copy_file(&source, &folder.join(&path), &progress);
        let (bytes, sha256) = copied.map_err(|error| named(&source, &error))?;
        files.push(BackedUpFile { path, bytes, sha256 });
    }
    complete(folder, files, point)
}

/// Completes a backup whose files were written into its folder: adds the settings file, and the manifest.
#[cfg(feature = "postgres")]
pub(super) fn describe(
    folder: &Path,
    config: Option<&Path>,
    point: BackupPoint,
) -> io::Result<BackupManifest> {
    let mut paths = Vec::new();
    list(folder, Path::new(""), &mut paths)?;
    paths.retain(|(path, _)| path != Path::new(INCOMPLETE_FILE));
    paths.sort();
    let mut files = Vec::new();
    for (path, _) in paths {
        let (bytes, sha256) = digest(&folder.join(&path)).map_err(|error| named(&path, &error))?;
        files.push(BackedUpFile { path, bytes, sha256 });
    }
    if let Some(config) = config {
        let progress = Progress::Silent.begin("backing up", 0, Unit::Bytes);
        let copied = copy_file(config, &folder.join(SETTINGS_FILE), &progress);
        let (bytes, sha256) = copied.map_err(|error| named(config, &error))?;
        files.push(BackedUpFile { path: PathBuf::from(SETTINGS_FILE), bytes, sha256 });
    }
    complete(folder, files, point)
}

/// Writes the manifest of a backup that has these files.
fn complete(
    folder: &Path,
    files: Vec<BackedUpFile>,
    point: BackupPoint,
) -> io::Result<BackupManifest> {
    let release = format!("icommerce {}", env!("CARGO_PKG_VERSION"));
    let BackupPoint { position, keys, taken_at } = point;
    let keys = Some(keys);
    let manifest = BackupManifest { format: FORMAT, release, taken_at, position, files, keys };
    // Written last: a backup without it was broken off.
    let mut file = create_file(&folder.join(MANIFEST_FILE))?;
    file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    file.sync_all()?;
    sync_folders(folder, manifest.files.iter().map(|file| &*file.path))?;
    Ok(manifest)
}

/// Flushes the folders that have these files.
fn sync_folders<'a>(root: &Path, files: impl Iterator<Item = &'a Path>) -> io::Result<()> {
    let folders: BTreeSet<&Path> = files.flat_map(|file| file.ancestors().skip(1)).collect();
    // Those below first.
    folders.into_iter().rev().try_for_each(|folder| File::open(root.join(folder))?.sync_all())
}

/// Lists the files below a folder, with their sizes.
fn list(root: &Path, below: &Path, into: &mut Vec<(PathBuf, u64)>) -> io::Result<()> {
    for entry in root.join(below).read_dir()? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(root, &path, into)?;
        } else {
            into.push((path, entry.metadata()?.len()));
        }
    }
    Ok(())
}

/// Copies a file, with its folders, and flushes it; returns its size and digest.
fn copy_file(from: &Path, to: &Path, progress: &ProgressMeter) -> io::Result<(u64, String)> {
    if let Some(parent) = to.parent() {
        create_private(parent)?;
    }
    let (mut from, mut to) = (File::open(from)?, create_file(to)?);
    let (mut buffer, mut digest, mut bytes) = (vec![0; COPY_BYTES], Sha256::new(), 0);
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..count])?;
        digest.update(&buffer[..count]);
        bytes += count as u64;
        progress.advance(count as u64);
    }
    to.sync_all()?;
    Ok((bytes, kernel::hex::encode(&digest.finalize())))
}

/// Size and digest of a file.
#[cfg(feature = "postgres")]
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut digest = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut digest)?;
    Ok((bytes, kernel::hex::encode(&digest.finalize())))
}

fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Creates a folder, with those above it, for its owner alone.
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
