//! Backup of a running engine: a folder beside its files that stands at one point of each log. Full segments are linked and not
//! copied, because no file of one is ever written again; of a segment in use everything that was flushed is copied.

use crate::{
    disk::{FileSystem, FolderDisk},
    folder_state::LogFolderState,
    frame::Location,
    log::SegmentedLog,
};
use journal::Position;
use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};
use subject_keys::STORE_ID_BYTES;

/// Bytes that are copied at once.
const COPY_BYTES: usize = 1024 * 1024;

/// Writes the logs into `target`, an empty folder on the same disk; returns the position of the services' log that it
/// stands at. Those that follow others come first, so that none of them is ahead. The keys are noted and not written: a folder that is
/// made of the backup does not begin with others.
pub(crate) fn write(
    logs: &[&SegmentedLog],
    store_id: [u8; STORE_ID_BYTES],
    target: &Path,
) -> io::Result<Position> {
    let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(target.to_owned()));
    let state = LogFolderState::read(target, Arc::clone(&disk))?;
    state.note_keys(Some(store_id))?;
    let of_log =
        |log: &&SegmentedLog| LogFolderState::read(&log.folder, Arc::clone(&log.segments.disk));
    if logs.first().map(of_log).transpose()?.is_some_and(|state| state.is_encrypted()) {
        state.note_encrypted()?;
    }
    let mut last = 0;
    for log in logs {
        let (end, position) = write_log(log, target)?;
        state.note_end(log.segments.log, end)?;
        last = position;
    }
    disk.sync()?;
    Ok(last)
}

/// Writes one log; returns its end and last position.
fn write_log(log: &SegmentedLog, target: &Path) -> io::Result<(Location, Position)> {
    // A segment that is compacted between the look at the end and its link would lack what was replaced after that end.
    let _segments_stay = log.compaction.lock();
    let (end, position) = {
        let guard = log.lock();
        (guard.state.flushed, guard.state.flushed_position)
    };
    for segment in 1..end.segment() {
        link(&log.folder, target, &log.segments.name(segment))?;
    }
    let name = log.segments.name(end.segment());
    let (from, to) =
        (log.segments.file(end.segment())?, data_folder::private_file(&target.join(name))?);
    let mut copied = 0;
    let mut bytes = vec![0; COPY_BYTES];
    while copied < u64::from(end.offset()) {
        let wanted = usize::try_from(u64::from(end.offset()) - copied).unwrap_or(COPY_BYTES);
        let count = from.file.read_at(&mut bytes[..wanted.min(COPY_BYTES)], copied)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        std::os::unix::fs::FileExt::write_all_at(&to, &bytes[..count], copied)?;
        copied += count as u64;
    }
    to.sync_all()?;
    Ok((end, position))
}

/// Links the files below a folder into another folder on the same disk. A link is what it leads to.
pub(crate) fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        if entry.path().metadata()?.is_dir() {
            link_tree(&entry.path(), &to.join(entry.file_name()))?;
        } else if let Some(name) = entry.file_name().to_str() {
            match link(from, to, name) {
                // It was deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                linked => linked?,
            }
        }
    }
    File::open(to)?.sync_all()
}

/// Links a file, or copies it where the file system has no links.
fn link(from: &Path, to: &Path, name: &str) -> io::Result<()> {
    let (from, to) = (from.join(name), to.join(name));
    match fs::hard_link(&from, &to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        Err(_) => {
            fs::copy(&from, &to)?;
            File::open(&to)?.sync_all()
        }
        linked => linked,
    }
}
