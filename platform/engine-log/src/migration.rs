//! Migration of a data folder of the former engine, which kept everything in `SQLite`: what its databases have is written as
//! segments of a log, from which the start that follows makes runs and indexes as it does after any loss of them.
//!
//! The segments are written into a folder of their own. A file in it says that they are complete; from then on they are moved
//! into their places, by this start or by the next one after a crash. The former databases are kept, under another name: until the folder
//! has no personal data as plaintext, and was opened; or for as long as the operator likes, where there is nobody who could tell.

use crate::{
    engine::{BULK_LOG, SERVICES_LOG},
    folder_state::STATE_FILE,
    record::{AppendParts, EventParts, RecordEncoder},
    segment_writer::SegmentWriter,
};
use bytes::Bytes;
use data_folder::OpenError;
use document_index::{FormerDatabase, FormerRecord};
use journal::Position;
use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Folder in which segments are written.
const FOLDER: &str = "migration";
/// File in it that says that they are complete.
const COMPLETE: &str = "complete";
/// Ending of the names of former databases that were migrated.
const KEPT: &str = "former";
/// State of the bulk database in folders that had a log beside it.
const FORMER_BULK_STATE: &str = "bulk.state";
/// Records between two reports of the progress.
const REPORT_RECORDS: u64 = 100_000;

/// Migrates the former databases of a locked folder that has no logs for them, if there are any.
///
/// # Errors
///
/// [`OpenError`] when a former database is missing or damaged, or there is no room for its segments. The folder is as it was
/// then.
pub(crate) fn migrate(folder: &Path, segment_bytes_max: u32) -> Result<(), OpenError> {
    let target = folder.join(FOLDER);
    let failed = |error: io::Error| data_folder::open_error(folder, &error);
    if !is_under_way(folder) {
        let logs = former_logs(folder)?;
        if logs.is_empty() {
            return Ok(());
        }
        match fs::remove_dir_all(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => check_room(folder, &logs)?,
        }
        fs::create_dir(&target).map_err(failed)?;
        for log in logs {
            let records = write_segments(folder, &target, log, segment_bytes_max)?;
            tracing::info!(log, records, "a former database was written as a log");
        }
        complete(folder, &target).map_err(failed)?;
    }
    move_into_place(folder, &target).map_err(failed)
}

/// Whether a migration was broken off after its segments were complete.
pub(crate) fn is_under_way(folder: &Path) -> bool {
    folder.join(FOLDER).join(COMPLETE).is_file()
}

/// Logs whose data is in a former database. The services' database comes first: without it the bulk data means nothing.
fn former_logs(folder: &Path) -> Result<Vec<&'static str>, OpenError> {
    let has_log = |log: &str| folder.join(format!("{log}.000001.log")).exists();
    for log in [SERVICES_LOG, BULK_LOG].into_iter().filter(|log| !has_log(log)) {
        FormerDatabase::check_state(folder, &format!("{log}.db"))?;
    }
    let mut logs = Vec::new();
    for log in [SERVICES_LOG, BULK_LOG] {
        if !has_log(log) && FormerDatabase::is_there(folder, &format!("{log}.db"))? {
            logs.push(log);
        }
    }
    let services = folder.join(format!("{SERVICES_LOG}.db"));
    if logs == [BULK_LOG] && !has_log(SERVICES_LOG) {
        return Err(OpenError::Missing { file: services, state: folder.join(STATE_FILE) });
    }
    Ok(logs)
}

/// Refuses a folder on whose disk the segments may find no room: they take less than the databases.
fn check_room(folder: &Path, logs: &[&str]) -> Result<(), OpenError> {
    let bytes = |name: String| folder.join(name).metadata().map_or(0, |file| file.len());
    let needed_bytes =
        logs.iter().map(|log| bytes(format!("{log}.db")) + bytes(format!("{log}.db-wal"))).sum();
    if data_folder::has_free(folder, needed_bytes) {
        return Ok(());
    }
    Err(OpenError::NoRoomToMigrate { folder: folder.to_owned(), needed_bytes })
}

/// Writes what a former database has as segments of a log; returns how many records that are.
fn write_segments(
    folder: &Path,
    target: &Path,
    log: &'static str,
    segment_bytes_max: u32,
) -> Result<u64, OpenError> {
    let file = format!("{log}.db");
    let failed = |error: io::Error| data_folder::open_error(folder, &error);
    let former = FormerDatabase::open(folder, &file)?;
    tracing::info!(
        file,
        "the data folder is of an earlier format, and is brought into the present one"
    );
    let mut to = SegmentWriter::create(target, log, segment_bytes_max)?;
    let (mut records, mut position) = (0, 0);
    former.for_each(|service, record| {
        let payload;
        (position, payload) = encode(service, &record, position);
        to.write(position, &payload).map_err(failed)?;
        records += 1;
        if records % REPORT_RECORDS == 0 {
            tracing::info!(file, records, "the data folder is brought into the present format");
        }
        Ok(())
    })?;
    to.flush().map_err(failed)?;
    to.verify(target)?;
    Ok(records)
}

/// Position and payload of a record; `last` is the position of the one before it. Appends keep their positions; whatever else
/// had none comes after them.
fn encode(service: &str, record: &FormerRecord<'_>, last: Position) -> (Position, Bytes) {
    match record {
        FormerRecord::Append(append) => {
            let events = append.events.iter().map(|event| EventParts {
                id: event.id,
                name: event.name,
                recorded_at: event.recorded_at,
                data: event.data,
            });
            let parts = AppendParts {
                stream: append.stream,
                first_version: append.first_version,
                origin: append.origin.unwrap_or_default(),
            };
            (append.last_position, RecordEncoder::events(service, parts, events, &[]))
        }
        FormerRecord::Value(key, value, expires_at) => {
            let entry = crate::record::ValueView { value, expires_at: *expires_at };
            (last + 1, RecordEncoder::value(service, key, Some(entry)))
        }
        FormerRecord::Snapshot(name, position, data) => {
            let snapshot =
                journal::Snapshot { position: *position, data: Bytes::copy_from_slice(data) };
            (last + 1, RecordEncoder::snapshot(service, name, &snapshot))
        }
        FormerRecord::Document(write) => {
            (last + 1, RecordEncoder::indexed(service, std::slice::from_ref(write)))
        }
    }
}

/// Says that the segments are complete.
fn complete(folder: &Path, target: &Path) -> io::Result<()> {
    File::open(target)?.sync_all()?;
    File::create(target.join(COMPLETE))?.sync_all()?;
    File::open(target)?.sync_all()?;
    File::open(folder)?.sync_all()
}

/// Moves complete segments into their places, and the former databases out of theirs. It may be repeated after a crash.
fn move_into_place(folder: &Path, target: &Path) -> io::Result<()> {
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in target.read_dir()? {
        names.push(entry?.file_name().into());
    }
    for log in [SERVICES_LOG, BULK_LOG] {
        // A database of a log that is not there yet is a former one: an index is made by the start that follows.
        let is_migrated =
            names.iter().any(|name| name.as_os_str() == &*format!("{log}.000001.log"));
        let name = format!("{log}.db");
        if is_migrated && folder.join(&name).exists() {
            fs::rename(folder.join(&name), folder.join(format!("{name}.{KEPT}")))?;
            // They were empty when it was closed; whoever looks at it makes them again.
            for suffix in ["-wal", "-shm"] {
                remove_if_there(&folder.join(format!("{name}{suffix}")))?;
            }
        }
    }
    // No segment is in its place before its database is out of it.
    File::open(folder)?.sync_all()?;
    // The first segments come last: until they are there, the databases were not looked for in vain.
    names.sort_unstable_by(|one, other| other.cmp(one));
    for name in names.iter().filter(|name| **name != Path::new(COMPLETE)) {
        fs::rename(target.join(name), folder.join(name))?;
    }
    for state in [STATE_FILE, FORMER_BULK_STATE] {
        remove_former_state(&folder.join(state))?;
    }
    File::open(folder)?.sync_all()?;
    fs::remove_dir_all(target)?;
    File::open(folder)?.sync_all()
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the state that the former engine noted; that of a log says where it ends.
fn remove_former_state(file: &Path) -> io::Result<()> {
    match fs::read(file) {
        Ok(state) if String::from_utf8_lossy(&state).contains(".db ") => fs::remove_file(file),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the former databases of a folder that was opened and has no personal data as plaintext, which they have; or else tells the
/// operator of them.
pub(crate) fn settle_kept(folder: &Path, is_encrypted: bool) -> io::Result<()> {
    for log in [SERVICES_LOG, BULK_LOG] {
        let file = folder.join(format!("{log}.db.{KEPT}"));
        if !file.try_exists()? {
            continue;
        }
        let megabytes = file.metadata()?.len() / 1_000_000;
        let shown = file.display();
        if is_encrypted {
            for suffix in ["-wal", "-shm", ""] {
                remove_if_there(&folder.join(format!("{log}.db.{KEPT}{suffix}")))?;
            }
            File::open(folder)?.sync_all()?;
            tracing::info!(file = %shown, megabytes, "the data before its migration was removed");
        } else {
            tracing::info!(
                file = %shown,
                megabytes,
                "this is the data before its migration, and can be deleted"
            );
        }
    }
    Ok(())
}
