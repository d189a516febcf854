//! From a data folder, or a backup of one, into a database.

use super::{
    DigestSums, ServiceDigests, TransferError, TransferReport, collections, compare,
    database_digests, files, refused, service_named, services,
};
use crate::{
    error::CliError,
    process::ProcessSettings,
    shop::PROCESS,
    wiring::{
        check_existing_folder, key_file, key_path,
        postgres::{KEYS_ID, URL, options},
        unfinished,
    },
};
use data_folder::FolderLock;
use engine_log::{RecordPlace, StoredFolder};
use engine_postgres::{DatabaseExport, DatabaseImport, ImportError, ImportPlace};
use journal::StoredRecord;
use kernel::SystemRandomness;
use shop_client::{Progress, Unit};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use subject_keys::{KeyFile, SubjectKeys, store_id_of};
use tokio::sync::mpsc;

/// Records of a service that are stored at once.
const BATCH_RECORDS_MAX: usize = 8_192;
/// Bytes of them; one record may be larger.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Chunks of the source that are read ahead.
const CHUNKS_MAX: usize = 8;
/// Records of a chunk.
const CHUNK_RECORDS: usize = 512;

/// Keys of a restored shop.
#[derive(Debug)]
pub(crate) struct RestoredKeys {
    /// Content of the key file.
    pub(crate) content: Vec<u8>,
    /// List of erasures, if there is one.
    pub(crate) erasures: Option<String>,
}

/// Moves a stopped shop from its data folder into the database of the settings, and into the data folder that belongs to it.
pub(crate) async fn move_into_database(
    folder: &Path,
    settings: &ProcessSettings,
) -> Result<TransferReport, CliError> {
    let moved = moved_into_database(folder, settings).await;
    moved.map_err(|error| error.given_in(settings))
}

async fn moved_into_database(
    folder: &Path,
    settings: &ProcessSettings,
) -> Result<TransferReport, CliError> {
    options(settings)?;
    check_existing_folder(folder)?;
    let _source = data_folder::lock(folder).map_err(CliError::unavailable)?;
    let read = |error| CliError::unavailable(format!("{}: {error}", key_path(folder).display()));
    let file = key_file(folder);
    let content = file.read().map_err(read)?.ok_or_else(|| {
        CliError::unavailable(format!(
            "{} is missing, without which nobody's personal data could be read",
            key_path(folder).display()
        ))
    })?;
    let keys = RestoredKeys { content, erasures: file.read_erasures().map_err(read)? };
    into_database(folder, settings, Some(keys)).await
}

/// Restores a backup, whose files are whole, into the database of the settings, and into the data folder that belongs to it. Without
/// keys the shop begins with new ones, and what the former ones encrypt is lost.
pub(crate) async fn restore_into_database(
    folder: &Path,
    settings: &ProcessSettings,
    keys: Option<RestoredKeys>,
) -> Result<TransferReport, CliError> {
    let restored = into_database(folder, settings, keys).await;
    restored.map_err(|error| error.given_in(settings))
}

async fn into_database(
    folder: &Path,
    settings: &ProcessSettings,
    keys: Option<RestoredKeys>,
) -> Result<TransferReport, CliError> {
    let data = &settings.data;
    let opened = folder.to_owned();
    let source = tokio::task::spawn_blocking(move || StoredFolder::open(&opened)).await;
    let source = source.map_err(CliError::failed)?.map_err(CliError::unavailable)?;
    if !source.is_encrypted() {
        return Err(CliError::unavailable(format!(
            "{} is of an earlier format; start its shop once with this program, and stop it, which brings it into the present one",
            folder.display()
        )));
    }
    let store_id = keys.as_ref().and_then(|keys| store_id_of(&keys.content));
    if keys.is_some() && store_id.is_none() {
        return Err(CliError::unavailable(format!("{} is damaged", key_path(folder).display())));
    }
    let store_id = store_id.map(|id| kernel::hex::encode(&id));
    let name = format!("{}-{}", store_id.as_deref().unwrap_or("no-keys"), source.ends());
    // Nothing is written before both sides are as they must be: what a refused command left would be in the way of the right one.
    unfinished::check(data, &name)?;
    let options = options(settings)?.for_maintenance();
    let services = services();
    let import = DatabaseImport::begin(&options, &services, PROCESS, &name).await;
    let mut import = import.map_err(|error| stopped(&error))?;
    let _target: FolderLock = data_folder::lock(data).map_err(CliError::unavailable)?;
    unfinished::begin(data, &name)?;
    let store_id = match &keys {
        Some(keys) => {
            install(keys, data)?;
            store_id
        }
        None => Some(new_keys(settings)?),
    };
    import.note_begin().await.map_err(|error| stopped(&error))?;
    let source = Arc::new(source);
    let digests = transfer(Arc::clone(&source), &mut import).await?;
    let export =
        DatabaseExport::begin(&options, &services).await.map_err(|error| refused(&error))?;
    compare(&digests, &database_digests(&export).await?)?;
    drop(export);
    let (from, to) = (folder.to_owned(), data.clone());
    let files = tokio::task::spawn_blocking(move || files::copy(&from, &to)).await;
    let files = files.map_err(CliError::failed)?.map_err(CliError::unavailable)?;
    let known = store_id.as_ref().map(|id| (KEYS_ID, id.as_bytes()));
    import.finish(source.last_position(), known).await.map_err(|error| stopped(&error))?;
    unfinished::finish(data).map_err(CliError::unavailable)?;
    data_folder::restrict(data);
    let position = source.last_position();
    Ok(TransferReport { services: digests, files: files.count, position })
}

/// Begins with new keys; returns their identifier.
fn new_keys(settings: &ProcessSettings) -> Result<String, CliError> {
    let file = Arc::new(key_file(&settings.data));
    let keys = SubjectKeys::open(file, settings.master_secret.as_ref(), &SystemRandomness);
    let keys = keys.map_err(CliError::unavailable)?;
    Ok(kernel::hex::encode(&keys.store_id()))
}

/// Writes the keys before there is anything that they open.
fn install(keys: &RestoredKeys, data: &Path) -> Result<(), CliError> {
    let file = key_file(data);
    let written = file.replace(&keys.content).and_then(|()| match &keys.erasures {
        Some(list) => file.publish_erasures(list),
        None => Ok(()),
    });
    written.map_err(|error| CliError::unavailable(format!("{}: {error}", data.display())))
}

/// Record of the source, with its place and the name of its service.
type PlacedRecord = (RecordPlace, &'static str, StoredRecord);

/// Stores every record of the source that the database does not have yet; returns the digests of all.
async fn transfer(
    source: Arc<StoredFolder>,
    import: &mut DatabaseImport,
) -> Result<ServiceDigests, CliError> {
    let progress = Progress::on_standard_error().begin("copying", source.bytes(), Unit::Bytes);
    let (chunks, mut received) = mpsc::channel(CHUNKS_MAX);
    let reading = {
        let source = Arc::clone(&source);
        tokio::task::spawn_blocking(move || read(&source, &chunks))
    };
    let mut batches: BTreeMap<&'static str, Batch> = BTreeMap::new();
    let mut shown = 0;
    while let Some(chunk) = received.recv().await {
        for (place, service, record) in chunk {
            let place = (place.log, place.location);
            if import.reached(service).is_some_and(|reached| place <= reached) {
                continue;
            }
            let batch = batches.entry(service).or_insert_with(|| Batch::new(service));
            // What is at one place is stored together: afterwards only the place is known.
            if batch.is_full() && place != batch.up_to {
                batch.store(import).await?;
            }
            batch.bytes += record.bytes();
            batch.up_to = place;
            batch.records.push(record);
            let reached = source.bytes_up_to(RecordPlace { log: place.0, location: place.1 });
            if reached > shown + (1 << 20) {
                progress.advance(reached - shown);
                shown = reached;
            }
        }
    }
    for batch in batches.values_mut() {
        batch.store(import).await?;
    }
    reading.await.map_err(CliError::failed)?
}

/// Passes the records of the source on, in chunks; returns their digests.
fn read(
    source: &StoredFolder,
    chunks: &mpsc::Sender<Vec<PlacedRecord>>,
) -> Result<ServiceDigests, CliError> {
    let mut sums = DigestSums::default();
    let mut chunk = Vec::with_capacity(CHUNK_RECORDS);
    let gone = || TransferError(CliError::failed("the move was broken off"));
    source.for_each(|place, name, record| -> Result<(), TransferError> {
        sums.add(name, &record)?;
        let Some(service) = service_named(name) else { return Ok(()) };
        chunk.push((place, service, record));
        if chunk.len() == CHUNK_RECORDS {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_RECORDS));
            chunks.blocking_send(full).map_err(|_| gone())?;
        }
        Ok(())
    })?;
    chunks.blocking_send(chunk).map_err(|_| gone())?;
    Ok(sums.digests)
}

/// Records of one service that are stored together.
struct Batch {
    service: &'static str,
    records: Vec<StoredRecord>,
    bytes: usize,
    up_to: ImportPlace,
}

impl Batch {
    fn new(service: &'static str) -> Self {
        Self { service, records: Vec::new(), bytes: 0, up_to: ImportPlace::default() }
    }

    fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    async fn store(&mut self, import: &mut DatabaseImport) -> Result<(), CliError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let collections = collections(self.service);
        let stored = import.store(self.service, &collections, &self.records, self.up_to).await;
        stored.map_err(|error| stopped(&error))?;
        self.records.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn stopped(error: &ImportError) -> CliError {
    match error {
        ImportError::Database(error) => crate::wiring::postgres::open_error(error),
        ImportError::NotEmpty { .. } | ImportError::OtherSource => {
            CliError::usage(error).about(URL)
        }
        ImportError::Concurrent => CliError::unavailable(error),
        ImportError::UnknownService(_) | ImportError::Document { .. } => CliError::failed(error),
    }
}
