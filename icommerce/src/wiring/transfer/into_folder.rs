//! From a database into a data folder, or into a backup, which has the same form.

use super::{
    DigestSums, TransferReport, collections, compare, files, folder_digests, is_of_engine, refused,
    services,
};
use crate::{
    error::CliError,
    modules,
    process::ProcessSettings,
    shop::PROCESS,
    wiring::{
        check_keys_exist, folder_binding, key_file, key_path,
        postgres::{KEYS_ID, URL, options},
        unfinished,
    },
};
use engine_log::{FolderWriter, StoredFolder};
use engine_postgres::{DatabaseExport, RecordKind, StoredCursor};
use journal::StoredRecord;
use shop_client::{Progress, ProgressMeter, Unit};
use std::{collections::VecDeque, fmt::Write, path::Path};
use storage::Collection;
use subject_keys::{KeyFile, store_id_of};

/// Moves a stopped shop from the database of the settings, and from the data folder that belongs to it, into a new data folder.
pub(crate) async fn move_into_folder(
    settings: &ProcessSettings,
    folder: &Path,
) -> Result<TransferReport, CliError> {
    moved_into_folder(settings, folder).await.map_err(|error| error.given_in(settings))
}

async fn moved_into_folder(
    settings: &ProcessSettings,
    folder: &Path,
) -> Result<TransferReport, CliError> {
    let data = &settings.data;
    let options = options(settings)?.for_maintenance();
    check_belongs(settings)?;
    let _source = data_folder::lock(data).map_err(CliError::unavailable)?;
    let export =
        DatabaseExport::begin(&options, &services()).await.map_err(|error| refused(&error))?;
    if export.shop_connections().await.map_err(|error| refused(&error))? > 0 {
        return Err(CliError::unavailable(
            "a running shop is connected to the database; stop it, and run the command again",
        )
        .about(URL));
    }
    let keys = keys_of(&export).await?;
    let (content, store_id) = key_content(data, &keys)?;
    let (counters, name) = counters(&export, &keys).await?;
    unfinished::check(folder, &name)?;
    let _target = data_folder::lock(folder).map_err(CliError::unavailable)?;
    unfinished::begin(folder, &name)?;
    let progress = Progress::on_standard_error();
    let written = write(&export, folder, (counters, Some(store_id)), progress).await?;
    drop(export);
    let opened = StoredFolder::open(folder).map_err(CliError::unavailable)?;
    compare(&written.services, &folder_digests(&opened)?)?;
    let files = files::copy(data, folder).map_err(CliError::unavailable)?;
    let (file, target) = (key_file(data), key_file(folder));
    let installed = target
        .replace(&content)
        .and_then(|()| file.read_erasures()?.map_or(Ok(()), |list| target.publish_erasures(&list)));
    installed.and_then(|()| unfinished::finish(folder)).map_err(CliError::unavailable)?;
    data_folder::restrict(folder);
    Ok(TransferReport { files: files.count, ..written })
}

/// Writes what the database of the settings has at this moment, and the pictures, into an empty folder: a backup, which has no keys.
/// Returns the identifier of the keys that it needs.
pub(crate) async fn back_up_database(
    settings: &ProcessSettings,
    folder: &Path,
    progress: Progress,
) -> Result<(TransferReport, String), CliError> {
    let written = backed_up(settings, folder, progress).await;
    written.map_err(|error| error.given_in(settings))
}

async fn backed_up(
    settings: &ProcessSettings,
    folder: &Path,
    progress: Progress,
) -> Result<(TransferReport, String), CliError> {
    let options = options(settings)?.for_maintenance();
    check_belongs(settings)?;
    let export =
        DatabaseExport::begin(&options, &services()).await.map_err(|error| refused(&error))?;
    let keys = keys_of(&export).await?;
    let (_, store_id) = key_content(&settings.data, &keys)?;
    let (counters, _) = counters(&export, &keys).await?;
    let written = write(&export, folder, (counters, Some(store_id)), progress).await?;
    drop(export);
    // What a record refers to was written before it, and is there unless it was deleted since.
    let files = files::copy_present(&settings.data, folder).await.map_err(CliError::unavailable)?;
    Ok((TransferReport { files, ..written }, keys))
}

/// Refuses a data folder that is not the one of a shop in a database, or not the one with its pictures: a copy of the shop would have the keys
/// and the pictures of another time.
fn check_belongs(settings: &ProcessSettings) -> Result<(), CliError> {
    check_keys_exist(settings)?;
    folder_binding::check_for_database(&settings.data)?;
    folder_binding::check_has_pictures(&settings.data)
}

/// Content of the key file in a data folder, and its identifier; refuses keys that are not these.
fn key_content(data: &Path, keys: &str) -> Result<(Vec<u8>, [u8; 16]), CliError> {
    let path = key_path(data);
    let read = key_file(data).read();
    let content = read
        .map_err(|error| CliError::unavailable(format!("{}: {error}", path.display())))?
        .unwrap_or_default();
    let own = store_id_of(&content).filter(|id| kernel::hex::encode(id) == keys);
    own.map(|id| (content, id)).ok_or_else(|| {
        CliError::unavailable(format!(
            "{} does not have the keys of this database; give the data folder that has them with --data",
            path.display()
        ))
    })
}

/// Identifier of the keys of a database that is complete.
async fn keys_of(export: &DatabaseExport) -> Result<String, CliError> {
    if export.is_incomplete(PROCESS).await.map_err(|error| refused(&error))? {
        return Err(CliError::unavailable(
            "a move or a restore into this database was broken off: run the same command again, which goes on with it",
        )
        .about(URL));
    }
    let known = export.value(PROCESS, KEYS_ID).await.map_err(|error| refused(&error))?;
    known.and_then(|id| String::from_utf8(id).ok()).ok_or_else(|| {
        CliError::unavailable("no shop was ever served from this database").about(URL)
    })
}

/// Last position that any counter has given, and a name of this state of the database.
async fn counters(export: &DatabaseExport, keys: &str) -> Result<(u64, String), CliError> {
    let (mut last, mut name) = (0, keys.to_owned());
    for service in services() {
        let position = export.last_position(service).await.map_err(|error| refused(&error))?;
        last = last.max(position);
        let _ = write!(name, "-{position:x}");
    }
    Ok((last, name))
}

/// Writes every record into the folder.
async fn write(
    export: &DatabaseExport,
    folder: &Path,
    (counters, store_id): (u64, Option<[u8; 16]>),
    progress: Progress,
) -> Result<TransferReport, CliError> {
    let total = export.count(&services()).await.map_err(|error| refused(&error))?;
    let progress = progress.begin("copying", total, Unit::Things);
    let mut target = FolderTarget {
        writer: FolderWriter::create(folder).map_err(CliError::unavailable)?,
        sums: DigestSums::default(),
        progress,
    };
    merge_events(export, &mut target).await?;
    target.writer.advance_to(counters);
    for service in services() {
        let collections = collections(service);
        for kind in RecordKind::BESIDE_EVENTS {
            let cursor = export.cursor(service, kind).await.map_err(|error| refused(&error))?;
            loop {
                let records =
                    export.next(&cursor, &collections).await.map_err(|error| refused(&error))?;
                if records.is_empty() {
                    break;
                }
                for record in records.iter().filter(|record| !is_of_engine(service, record)) {
                    target.write(service, record)?;
                }
            }
        }
    }
    let FolderTarget { writer, sums, progress } = target;
    drop(progress);
    let position = writer.finish(store_id).map_err(CliError::unavailable)?;
    Ok(TransferReport { services: sums.digests, files: 0, position })
}

/// Folder that is written.
struct FolderTarget {
    writer: FolderWriter,
    sums: DigestSums,
    progress: ProgressMeter,
}

impl FolderTarget {
    fn write(&mut self, service: &'static str, record: &StoredRecord) -> Result<(), CliError> {
        self.sums.add(service, record)?;
        self.progress.advance(1);
        let is_bulk = modules::BULK.contains(&service);
        self.writer.write(service, is_bulk, record).map_err(CliError::unavailable)
    }
}

/// Events of one service that are read ahead.
struct EventQueue {
    service: &'static str,
    cursor: StoredCursor,
    collections: Vec<&'static Collection>,
    events: VecDeque<StoredRecord>,
}

impl EventQueue {
    fn position(&self) -> Option<u64> {
        match self.events.front()? {
            StoredRecord::Event(event) => Some(event.position),
            _ => None,
        }
    }

    async fn fill(&mut self, export: &DatabaseExport) -> Result<(), CliError> {
        if self.events.is_empty() {
            let next = export.next(&self.cursor, &self.collections).await;
            self.events.extend(next.map_err(|error| refused(&error))?);
        }
        Ok(())
    }
}

/// Writes the events of all services in the order of their positions, as one log has them.
async fn merge_events(export: &DatabaseExport, target: &mut FolderTarget) -> Result<(), CliError> {
    let mut queues = Vec::new();
    for service in services() {
        let cursor =
            export.cursor(service, RecordKind::Events).await.map_err(|error| refused(&error))?;
        let (collections, events) = (Vec::new(), VecDeque::new());
        let mut queue = EventQueue { service, cursor, collections, events };
        queue.fill(export).await?;
        queues.push(queue);
    }
    loop {
        let next = queues.iter_mut().filter(|queue| queue.position().is_some());
        let Some(queue) = next.min_by_key(|queue| queue.position()) else { return Ok(()) };
        if let Some(event) = queue.events.pop_front() {
            target.write(queue.service, &event)?;
        }
        queue.fill(export).await?;
    }
}
