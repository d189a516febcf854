//! Whole files of a data folder: the pictures of the services, and the settings that a restore has put there.

use crate::modules;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Settings file in a data folder.
const SETTINGS_FILE: &str = "settings.toml";
/// Ending of the name of a file that is being written. No blob ends so.
const INCOMPLETE: &str = "~";

/// Count and checksum of files, with their paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FilesDigest {
    pub(super) count: u64,
    sum: u64,
}

/// Copies the files of a data folder into another, and compares them there. What an earlier attempt has copied stays.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<FilesDigest> {
    for path in list(from)? {
        let target = to.join(&path);
        if !target.exists() {
            copy_file(&from.join(&path), &target).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        }
    }
    let (source, target) = (digest(from)?, digest(to)?);
    if source != target {
        return Err(io::Error::other("the pictures are not the same on both sides"));
    }
    Ok(target)
}

/// Copies the files of a data folder that a shop may be running on into an empty folder; returns how many there are. It can be dropped
/// between any two of them.
pub(super) async fn copy_present(from: &Path, to: &Path) -> io::Result<u64> {
    let mut count = 0;
    for module in modules::ALL {
        let mut paths = Vec::new();
        below(from, Path::new(module.name), &mut paths)?;
        for path in paths {
            tokio::task::yield_now().await;
            match copy_file(&from.join(&path), &to.join(&path)) {
                // It was deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => {
                    copied?;
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().ok_or(ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(INCOMPLETE);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&fs::read(from)?)?;
    file.sync_all()?;
    fs::rename(&temporary, to)?;
    File::open(folder)?.sync_all()
}

fn digest(folder: &Path) -> io::Result<FilesDigest> {
    let mut digest = FilesDigest::default();
    for path in list(folder)? {
        let mut hash = Sha256::new();
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(fs::read(folder.join(&path))?);
        let hash = hash.finalize();
        let part = hash.first_chunk().expect("a digest has 32 bytes");
        digest.sum = digest.sum.wrapping_add(u64::from_le_bytes(*part));
        digest.count += 1;
    }
    Ok(digest)
}

/// Paths of the files.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    if folder.join(SETTINGS_FILE).is_file() {
        paths.push(PathBuf::from(SETTINGS_FILE));
    }
    for module in modules::ALL {
        below(folder, Path::new(module.name), &mut paths)?;
    }
    Ok(paths)
}

fn below(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match root.join(folder).read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.path().metadata()?.is_dir() {
            below(root, &path, paths)?;
        } else if !path.as_os_str().as_encoded_bytes().ends_with(INCOMPLETE.as_bytes()) {
            paths.push(path);
        }
    }
    Ok(())
}
