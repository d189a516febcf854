//! Opening of a log, and recovery after a crash: only the tail of the log is read, and only what was never flushed is cut off.

use crate::{
    background::{apply, run_of},
    folder_state::LogFolderState,
    frame::{COMPACTED_FORMAT, FrameReader, Location, SEGMENT_HEADER_BYTES, SegmentHeader},
    index::{self, EntryNames, IndexEntry, KeyHash},
    log::{MemoryIndex, RecoveredLog},
    record::{LocatedRecord, RecordEncoder, is_start},
    run::Run,
    segments::Segments,
    writer::LogTail,
};
use bytes::Bytes;
use data_folder::OpenError;
use document_index::{DocumentIndex, IndexStore};
use journal::Position;
use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};
use storage::StorageError;

/// Size of the records that are brought into the index at once when it is made again, in bytes.
const REPLAY_BYTES: usize = 8 * 1024 * 1024;

/// Opener of one log in a data folder.
pub(crate) struct LogOpener<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) segments: Segments,
    pub(crate) state: &'a LogFolderState,
    pub(crate) index: Arc<dyn IndexStore>,
    /// Secret of the hashes of a new log.
    pub(crate) secret: [u8; 16],
    /// Number of values that hashes have.
    pub(crate) hash_values_max: u64,
}

impl LogOpener<'_> {
    /// Reads what there is of the log; `None` for one that never was. Changes nothing but runs, which can be made
    /// again, and the size of a file that a crash left too long.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a file is missing, damaged, not one of ours or of a later format, or cannot be read.
    pub(crate) fn find(&self) -> Result<Option<LogParts>, OpenError> {
        let found = self.find_tail()?.map(|last| self.recover(&last)).transpose()?;
        // The log is there before its index: an index alone is what a loss left.
        let has_index = self.index.identify()?;
        if has_index && found.is_none() {
            return Err(self.state.missing(&self.segments.name(1)));
        }
        Ok(found)
    }

    /// Opens the log that was found, or creates it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a file cannot be written, or the documents cannot be brought into the index.
    pub(crate) fn open(
        self,
        found: Option<LogParts>,
    ) -> Result<(RecoveredLog, LogTail), OpenError> {
        let LogParts { hash, runs, entries, mut tail, before } = match found {
            Some(parts) => parts,
            None => self.create()?,
        };
        let start = RecordEncoder::start();
        let location = tail.flushed.max(Location::new(1, SEGMENT_HEADER_BYTES));
        tail.incarnation += 1;
        tail.push(location, tail.position, &start);
        let location = location.after(start.len());
        tail.flush(location).map_err(|error| self.failed(&error))?;
        let index = self.open_index(location)?;
        let (segment, position) = (location.segment(), tail.position);
        self.state.begin_use(self.segments.log, segment).map_err(|error| self.failed(&error))?;
        let memory = VecDeque::from([MemoryIndex { segment, before, entries: Arc::new(entries) }]);
        let segments = self.segments;
        Ok((RecoveredLog { segments, index, hash, position, tail: location, memory, runs }, tail))
    }

    /// Begins another segment, so that the last one of what was found is full.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it cannot be written.
    pub(crate) fn begin_segment(&self, found: LogParts) -> Result<(), OpenError> {
        let mut tail = found.tail;
        let segment = tail.flushed.segment() + 1;
        let begun = self.segments.begin(segment).and_then(|file| {
            tail.begin(file, segment);
            tail.flush(Location::new(segment, SEGMENT_HEADER_BYTES))?;
            self.state.begin_use(self.segments.log, segment)
        });
        begun.map_err(|error| self.failed(&error))
    }

    /// Header of the last segment that was used; `None` for a log that never was.
    fn find_tail(&self) -> Result<Option<SegmentHeader>, OpenError> {
        let numbers = self.segments.numbers().map_err(|error| self.failed(&error))?;
        let reached = self.state.reached(self.segments.log);
        let missing = |segment| self.state.missing(&self.segments.name(segment));
        for number in numbers.iter().rev() {
            let Some(header) = self.header(*number)? else { continue };
            // A segment that follows is prepared and was never used. Every one before must be there.
            let expected = 1..=reached.map_or(0, Location::segment).max(header.segment);
            return match expected
                .into_iter()
                .find(|segment| numbers.binary_search(segment).is_err())
            {
                Some(lost) => Err(missing(lost)),
                // None is compacted before the next was begun.
                None if header.compacted.is_some()
                    || reached.is_some_and(|reached| reached.segment() > header.segment) =>
                {
                    Err(missing(header.segment + 1))
                }
                None => Ok(Some(header)),
            };
        }
        // Nothing but the first segment, never used, is what a crash during the first start leaves.
        match (reached, numbers.iter().find(|number| **number > 1)) {
            (Some(reached), _) => Err(missing(reached.segment())),
            (None, Some(_)) => Err(missing(1)),
            (None, None) => Ok(None),
        }
    }

    /// Header of a segment.
    pub(crate) fn header(&self, segment: u32) -> Result<Option<SegmentHeader>, OpenError> {
        let header = self.segments.file(segment).and_then(|file| SegmentHeader::read(&*file.file));
        let header = header.map_err(|error| self.unreadable(segment, &error))?;
        let header = header.filter(|header| header.segment == segment);
        match header {
            Some(SegmentHeader { format, .. }) if format > COMPACTED_FORMAT => {
                Err(OpenError::NewerFormat {
                    file: self.folder.join(self.segments.name(segment)),
                    found: i32::try_from(format).unwrap_or(i32::MAX),
                    known: i32::try_from(COMPACTED_FORMAT).unwrap_or(i32::MAX),
                })
            }
            header => Ok(header),
        }
    }

    /// Recovers what the segments up to this last one have.
    fn recover(&self, last: &SegmentHeader) -> Result<LogParts, OpenError> {
        let hash = KeyHash::new(&last.secret, self.hash_values_max);
        let (entries, reader) = self.read_last(&hash, last)?;
        let file = self.segments.resume(last.segment).map_err(|error| self.failed(&error))?;
        // A large frame that was never flushed must not keep the room that it took.
        let (used, size) = (reader.location.offset(), self.segments.bytes(last.segment));
        let shortened = file.bytes().and_then(|bytes| match u64::from(used.max(size)) {
            needed if bytes > needed => file.truncate(needed),
            _ => Ok(()),
        });
        shortened.map_err(|error| self.failed(&error))?;
        let mut runs: Vec<Arc<Run>> = Vec::new();
        let found = self.find_runs(last.segment).map_err(|error| self.failed(&error))?;
        let mut found = found.into_iter().peekable();
        let mut segment = 1;
        while segment < last.segment {
            let run = match found.next_if(|run| run.first == segment) {
                Some(run) => run,
                None => self.make_run(&hash, segment)?,
            };
            segment = run.last + 1;
            runs.push(Arc::new(run));
        }
        let incarnation = reader.incarnation.unwrap_or(last.incarnation);
        let (flushed, position, secret) = (reader.location, reader.position, last.secret);
        let tail = LogTail { file, flushed, position, incarnation, secret, buffer: Vec::new() };
        Ok(LogParts { hash, runs, entries, tail, before: last.position })
    }

    /// Creates the log.
    pub(crate) fn create(&self) -> Result<LogParts, OpenError> {
        let created = self.segments.prepare(1).and_then(|()| self.segments.begin(1));
        let file = created.map_err(|error| self.failed(&error))?;
        let (flushed, secret) = (Location::new(1, 0), self.secret);
        let (position, incarnation, buffer) = (0, 0, Vec::new());
        let mut tail =
            LogTail { file: Arc::clone(&file), flushed, position, incarnation, secret, buffer };
        tail.begin(file, 1);
        let (hash, runs, entries) =
            (KeyHash::new(&secret, self.hash_values_max), Vec::new(), BTreeSet::new());
        Ok(LogParts { hash, runs, entries, tail, before: 0 })
    }

    /// Runs of the segments before `tail`, in order; of those that overlap the widest. Others are removed, and so are damaged
    /// ones: they can be made again.
    fn find_runs(&self, tail: u32) -> io::Result<Vec<Run>> {
        let (disk, log) = (&*self.segments.disk, self.segments.log);
        let names = disk.names()?;
        // What a crash left of a file that was not whole.
        if names.contains(&self.segments.compacting()) {
            disk.remove(&self.segments.compacting())?;
        }
        let mut found: Vec<_> = names.iter().filter_map(|name| Run::segments(log, name)).collect();
        found.sort_unstable_by_key(|(first, last)| (*first, std::cmp::Reverse(*last)));
        let (mut runs, mut covered) = (Vec::<Run>::new(), 0);
        for (first, last) in found {
            let is_useful = first > covered && first <= last && last < tail;
            let run = if is_useful {
                Run::open(disk, log, (first, last))
            } else {
                Err(ErrorKind::InvalidData.into())
            };
            match run {
                Ok(run) => {
                    covered = run.last;
                    runs.push(run);
                }
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    disk.remove(&Run::name(log, first, last))?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(runs)
    }

    /// Reads every record, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when one is not what was written, or a file is missing.
    pub(crate) fn verify(&self) -> Result<(), OpenError> {
        let Some(last) = self.find_tail()? else { return Ok(()) };
        let hash = KeyHash::new(&last.secret, self.hash_values_max);
        (1..last.segment).try_for_each(|segment| self.read_full(&hash, segment).map(drop))?;
        self.read_last(&hash, &last).map(drop)
    }

    /// Entries of the last segment, and the reader at the end of what was flushed.
    fn read_last(
        &self,
        hash: &KeyHash,
        last: &SegmentHeader,
    ) -> Result<(BTreeSet<IndexEntry>, FrameReader), OpenError> {
        let (entries, mut reader) = self.read_entries(hash, last)?;
        self.check_last(&mut reader, last)?;
        Ok((entries, reader))
    }

    /// Refuses a last segment in which something that was flushed is not what was written; the reader is at its end.
    fn check_last(&self, reader: &mut FrameReader, last: &SegmentHeader) -> Result<(), OpenError> {
        let is_damaged = reader.is_damaged().map_err(|error| self.failed(&error))?;
        let reached = self.state.reached(self.segments.log).unwrap_or_default();
        if is_damaged || reached > reader.location {
            let reason = format!(
                "the record at {} was flushed and is not what was written",
                reader.location.offset()
            );
            let file = self.folder.join(self.segments.name(last.segment));
            return Err(OpenError::Damaged { file, reason });
        }
        Ok(())
    }

    /// Makes the run of a full segment that has none.
    fn make_run(&self, hash: &KeyHash, segment: u32) -> Result<Run, OpenError> {
        let entries = self.read_full(hash, segment)?;
        run_of(&self.segments, segment, &entries).map_err(|error| self.failed(&error))
    }

    /// Entries of a full segment.
    fn read_full(&self, hash: &KeyHash, segment: u32) -> Result<BTreeSet<IndexEntry>, OpenError> {
        let header = self.full_header(segment)?;
        let (entries, reader) = self.read_entries(hash, &header)?;
        self.check_full(&reader, segment)?;
        Ok(entries)
    }

    /// Header of a full segment.
    fn full_header(&self, segment: u32) -> Result<SegmentHeader, OpenError> {
        self.header(segment)?.ok_or_else(|| self.damaged(segment, "it has no header"))
    }

    /// Refuses a full segment that ends before the next one begins; the reader is at its end.
    fn check_full(&self, reader: &FrameReader, segment: u32) -> Result<(), OpenError> {
        let next = self.header(segment + 1)?.map_or(0, |next| next.position);
        if reader.position == next {
            return Ok(());
        }
        let offset = reader.location.offset();
        Err(self.damaged(segment, &format!("the record at {offset} is not what was written")))
    }

    fn damaged(&self, segment: u32, reason: &str) -> OpenError {
        let file = self.folder.join(self.segments.name(segment));
        OpenError::Damaged { file, reason: reason.to_owned() }
    }

    /// Passes every record to `visit`, in their order, and changes nothing; returns the end of the log, and its last position.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when one is not what was written, or a file is missing; and those of `visit`.
    pub(crate) fn for_each<E: From<OpenError>>(
        &self,
        mut visit: impl FnMut(&LocatedRecord) -> Result<(), E>,
    ) -> Result<(Location, Position), E> {
        let Some(last) = self.find_tail()? else { return Ok((Location::default(), 0)) };
        for segment in 1..=last.segment {
            let header = if segment == last.segment { last } else { self.full_header(segment)? };
            let failed = |error| self.unreadable(segment, &error);
            let file = self.segments.file(segment).map_err(failed)?;
            let mut reader = FrameReader::new(file, &header).map_err(failed)?;
            while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
                let (position, payload) = (frame.position, Bytes::copy_from_slice(payload));
                visit(&LocatedRecord { location, position, payload, typed: Vec::new() })?;
            }
            if segment < last.segment {
                self.check_full(&reader, segment)?;
                continue;
            }
            self.check_last(&mut reader, &last)?;
            return Ok((reader.location, reader.position));
        }
        Ok((Location::default(), 0))
    }

    /// Index entries of a segment, and the reader at its end.
    fn read_entries(
        &self,
        hash: &KeyHash,
        header: &SegmentHeader,
    ) -> Result<(BTreeSet<IndexEntry>, FrameReader), OpenError> {
        let failed = |error| self.unreadable(header.segment, &error);
        let file = self.segments.file(header.segment).map_err(failed)?;
        let mut reader = FrameReader::new(file, header).map_err(failed)?;
        let mut entries = Vec::new();
        while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
            let (position, payload) = (frame.position, Bytes::copy_from_slice(payload));
            let record = LocatedRecord { location, position, payload, typed: Vec::new() };
            let damaged = |_| OpenError::Damaged {
                file: self.folder.join(self.segments.name(header.segment)),
                reason: format!("the record at {} is of no known kind", location.offset()),
            };
            let view = record.view().map_err(damaged)?;
            let writes = record.documents().map_err(damaged)?;
            let documents: Vec<_> =
                writes.iter().map(|it| hash.document(it.collection, it.key)).collect();
            let (spaces, key) = (hash.spaces(view.service), hash.key(&view.operation));
            let names = EntryNames { spaces, key, documents: &documents };
            index::entries(names, &view.operation, position, location, |it| entries.push(it));
        }
        Ok((entries.into_iter().collect(), reader))
    }

    /// Opens the document index, and brings it up to the end of the log. One that is damaged, or ahead of the log, is made
    /// again.
    fn open_index(&self, end: Location) -> Result<Arc<dyn DocumentIndex>, OpenError> {
        let index = match self.index.open() {
            Err(OpenError::Damaged { file, reason }) => {
                tracing::warn!(file = %file.display(), reason, "the document index is made again from the log");
                self.index.remove()?;
                self.index.open()
            }
            opened => opened,
        }?;
        let mark = Location(index.mark().map_err(|error| self.unindexed(&error))?);
        if mark <= end {
            return self.replay(index, mark.max(Location::new(1, SEGMENT_HEADER_BYTES)), end);
        }
        tracing::warn!("the document index is ahead of the log, and is made again from it");
        index.close();
        self.index.remove()?;
        let index = self.index.open()?;
        self.replay(index, Location::new(1, SEGMENT_HEADER_BYTES), end)
    }

    /// Brings the documents of the log from `mark` to its end into the index.
    fn replay(
        &self,
        index: Arc<dyn DocumentIndex>,
        mark: Location,
        end: Location,
    ) -> Result<Arc<dyn DocumentIndex>, OpenError> {
        let (mut records, mut bytes) = (Vec::new(), 0);
        let apply = |records: &mut Vec<LocatedRecord>, mark| {
            let applied = apply(&*index, &records.iter().collect::<Vec<_>>(), mark);
            records.clear();
            applied.map_err(|error| self.unindexed(&error))
        };
        let is_whole = mark.offset() <= SEGMENT_HEADER_BYTES;
        if mark.segment() < end.segment() {
            let segments = end.segment() - mark.segment();
            tracing::info!(segments, "the document index is brought up to the end of the log");
        }
        for segment in mark.segment()..=end.segment() {
            let failed = |error| self.unreadable(segment, &error);
            let file = self.segments.file(segment).map_err(failed)?;
            let header = if segment > mark.segment() || is_whole {
                let headless = || OpenError::Damaged {
                    file: self.folder.join(self.segments.name(segment)),
                    reason: "it has no header".to_owned(),
                };
                Some(self.header(segment)?.ok_or_else(headless)?)
            } else {
                None
            };
            let reader = match &header {
                Some(header) => FrameReader::new(file, header),
                None => FrameReader::at(file, mark),
            };
            let mut reader = reader.map_err(failed)?;
            while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
                let (position, payload) = (frame.position, Bytes::copy_from_slice(payload));
                let after = location.after(payload.len());
                bytes += payload.len();
                records.push(LocatedRecord { location, position, payload, typed: Vec::new() });
                if after == end {
                    break;
                }
                if bytes >= REPLAY_BYTES {
                    apply(&mut records, after)?;
                    bytes = 0;
                }
            }
            let next = if segment < end.segment() { self.header(segment + 1)? } else { None };
            // Behind the mark there may be no more, and then the position is not known.
            let is_known = header.is_some() || reader.position > 0;
            if is_known && next.is_some_and(|next| reader.position != next.position) {
                let file = self.folder.join(self.segments.name(segment));
                let reason =
                    format!("the record at {} is not what was written", reader.location.offset());
                return Err(OpenError::Damaged { file, reason });
            }
        }
        apply(&mut records, end)?;
        Ok(index)
    }

    pub(crate) fn failed(&self, error: &io::Error) -> OpenError {
        data_folder::open_error(self.folder, error)
    }

    pub(crate) fn unreadable(&self, segment: u32, error: &io::Error) -> OpenError {
        match error.kind() {
            ErrorKind::InvalidData => OpenError::Damaged {
                file: self.folder.join(self.segments.name(segment)),
                reason: "what a compaction left in it is not what was written".to_owned(),
            },
            _ => self.failed(error),
        }
    }

    fn unindexed(&self, error: &StorageError) -> OpenError {
        let file = self.folder.join(index_file(self.segments.log));
        match error {
            _ if data_folder::is_full(self.folder) => {
                OpenError::DiskFull { folder: self.folder.to_owned() }
            }
            error => OpenError::Failed { file, reason: error.to_string() },
        }
    }
}

/// File of a log's document index.
pub(crate) fn index_file(log: &str) -> String {
    format!("{log}.db")
}

/// What recovery finds: the hash of names, runs, entries of the last segment, its end, and the last position before it.
pub(crate) struct LogParts {
    hash: KeyHash,
    runs: Vec<Arc<Run>>,
    entries: BTreeSet<IndexEntry>,
    pub(crate) tail: LogTail,
    before: Position,
}
