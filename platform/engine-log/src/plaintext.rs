//! Encryption of plaintext records: a log from before personal data was encrypted is written again, segment by segment, with what is
//! personal encrypted or left out.
//!
//! The segment in use is closed first, so that all that is there is full. Each segment with plaintext is then written as
//! compaction writes one: beside the old file, without what is left out, with every other record at its location and position. It is
//! read again, and takes the place of the old file when each of its events is what it was before. A crash leaves either file, and
//! both are right; the next start goes on, and finds nothing to do in what was done. Only when all is done the state of the folder says
//! so. The index of the documents is removed at the beginning, and made again from what is left, so that none of its pages has
//! anything of before.

use crate::{
    frame::{FrameHeader, FrameReader, Location, SEGMENT_HEADER_BYTES, SegmentHeader},
    options::PlaintextReaders,
    record::{
        AppendParts, AppendView, EventParts, LocatedRecord, RecordEncoder, RecordOperation,
        RecordView, is_start, text,
    },
    recovery::{LogOpener, LogParts},
    segment_file::{CompactedWriter, SegmentFile},
};
use bytes::Bytes;
use data_folder::OpenError;
use document_index::IndexedWrite;
use journal::{PlaintextRecords, Position, RecordedEvent, personal};
use std::{io, sync::Arc};
use storage::StorageError;
use subject_keys::SubjectKeys;

/// Segments between two reports of the progress.
const REPORT_SEGMENTS: u32 = 16;
/// Bytes that are read at once where there should be zeros.
const READ_BYTES: usize = 64 * 1024;
/// Part of a segment by which it may become larger: an encrypted event has its form without the person as well.
const GROWTH: u64 = 2;

/// What was done with the plaintext of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Segments that were written again.
    segments: u64,
    encrypted_events: u64,
    /// Events whose personal data was left out, because its key is destroyed.
    erased_events: u64,
    documents_left_out: u64,
    values_left_out: u64,
    /// Events that cannot be decoded, and stay what they are.
    unreadable_events: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.segments += other.segments;
        self.encrypted_events += other.encrypted_events;
        self.erased_events += other.erased_events;
        self.documents_left_out += other.documents_left_out;
        self.values_left_out += other.values_left_out;
        self.unreadable_events += other.unreadable_events;
    }
}

/// Outcome for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Unchanged,
    /// Written with this payload.
    Changed(Bytes),
    LeftOut,
}

/// Encryption of the plaintext of one log.
pub(crate) struct PlaintextEncryption<'a> {
    pub(crate) opener: &'a LogOpener<'a>,
    pub(crate) keys: &'a SubjectKeys,
    pub(crate) readers: &'a PlaintextReaders,
}

impl PlaintextEncryption<'_> {
    /// Encrypts the plaintext of a log that was found; returns the log as it is found then.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a segment cannot be read or written, or there is no room for it. What was done stays done.
    pub(crate) fn run(&self, found: LogParts) -> Result<Option<LogParts>, OpenError> {
        self.opener.index.remove()?;
        let full = found.tail.flushed.segment();
        self.opener.begin_segment(found)?;
        let mut counts = Counts::default();
        for segment in 1..=full {
            counts += self.segment(segment)?;
            if segment % REPORT_SEGMENTS == 0 {
                tracing::info!(segment, full, "personal data of earlier releases is encrypted");
            }
        }
        let Counts {
            segments,
            encrypted_events,
            erased_events,
            documents_left_out,
            values_left_out,
            unreadable_events,
        } = counts;
        tracing::info!(
            segments,
            encrypted_events,
            erased_events,
            documents_left_out,
            values_left_out,
            "the log has no personal data of earlier releases as plaintext any more"
        );
        if unreadable_events > 0 {
            tracing::warn!(
                unreadable_events,
                "events that may have personal data cannot be decoded; the next start tries them again"
            );
        } else {
            self.opener.state.note_encrypted().map_err(|error| self.opener.failed(&error))?;
        }
        self.opener.find()
    }

    /// Writes a full segment again, if it has plaintext.
    fn segment(&self, segment: u32) -> Result<Counts, OpenError> {
        let (file, header, last) = self.opened(segment)?;
        let (has_plaintext, unreadable_events) = self.look_at(&file, &header)?;
        if !has_plaintext {
            return Ok(Counts { unreadable_events, ..Counts::default() });
        }
        let segments = &self.opener.segments;
        let failed = |error: io::Error| self.unwritable(segment, &error);
        let needed_bytes = GROWTH * file.file.bytes().map_err(failed)?;
        if !data_folder::has_free(self.opener.folder, needed_bytes) {
            let folder = self.opener.folder.to_owned();
            return Err(OpenError::NoRoomToMigrate { folder, needed_bytes });
        }
        let counts = self.write(&file, &header, last)?;
        let written = segments.disk.open(&segments.compacting()).and_then(SegmentFile::open);
        self.verify(file, Arc::new(written.map_err(failed)?), &header)?;
        segments.replace(segment).map_err(failed)?;
        Ok(counts)
    }

    /// File and header of a full segment, and the last position that it had.
    fn opened(
        &self,
        segment: u32,
    ) -> Result<(Arc<SegmentFile>, SegmentHeader, Position), OpenError> {
        let failed = |error: io::Error| self.unwritable(segment, &error);
        let header_of = |segment| {
            let header = self.opener.header(segment)?;
            header.ok_or_else(|| self.damaged(Location::new(segment, 0)))
        };
        let (file, header) =
            (self.opener.segments.file(segment).map_err(failed)?, header_of(segment)?);
        let last = match file.last_position() {
            Some(last) => last,
            None => header_of(segment + 1)?.position,
        };
        Ok((file, header, last))
    }

    /// Whether a segment has plaintext, in a record or in what a crash left behind the last one; and how many events before the first cannot
    /// be decoded.
    fn look_at(
        &self,
        file: &Arc<SegmentFile>,
        header: &SegmentHeader,
    ) -> Result<(bool, u64), OpenError> {
        let failed = |error: io::Error| self.unwritable(header.segment, &error);
        let mut reader = FrameReader::new(Arc::clone(file), header).map_err(failed)?;
        let mut counts = Counts::default();
        while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
            let record = located(location, &frame, payload);
            if self.outcome(&record, &mut counts)? != Outcome::Unchanged {
                return Ok((true, 0));
            }
        }
        let has_rest =
            header.compacted.is_none() && has_rest(file, reader.location).map_err(failed)?;
        Ok((has_rest, counts.unreadable_events))
    }

    /// Writes the segment beside the old one.
    fn write(
        &self,
        file: &Arc<SegmentFile>,
        header: &SegmentHeader,
        last: Position,
    ) -> Result<Counts, OpenError> {
        let failed = |error: io::Error| self.unwritable(header.segment, &error);
        let mut counts = Counts { segments: 1, ..Counts::default() };
        let mut reader = FrameReader::new(Arc::clone(file), header).map_err(failed)?;
        let segments = &self.opener.segments;
        let new = segments.disk.create(&segments.compacting()).map_err(failed)?;
        let mut writer = CompactedWriter::new(new);
        while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
            // A compacted segment has none: the segment after it says which incarnation goes on.
            if is_start(payload) {
                continue;
            }
            let record = located(location, &frame, payload);
            let payload = match self.outcome(&record, &mut counts)? {
                Outcome::Unchanged => record.payload,
                Outcome::Changed(payload) => payload,
                Outcome::LeftOut => continue,
            };
            writer.push(location, &header_of(&frame, &payload), &payload).map_err(failed)?;
        }
        if reader.position != last {
            return Err(self.damaged(reader.location));
        }
        writer.finish(header, last).map_err(failed)?;
        Ok(counts)
    }

    /// Reads both files of a segment, and refuses the new one unless it says the same without plaintext.
    fn verify(
        &self,
        old: Arc<SegmentFile>,
        new: Arc<SegmentFile>,
        header: &SegmentHeader,
    ) -> Result<(), OpenError> {
        let failed = |error: io::Error| self.unwritable(header.segment, &error);
        let mut before = FrameReader::new(old, header).map_err(failed)?;
        let mut after = FrameReader::new(new, header).map_err(failed)?;
        while let Some((location, frame, payload)) = before.next(is_start).map_err(failed)? {
            if is_start(payload) {
                continue;
            }
            let old = located(location, &frame, payload);
            if self.outcome(&old, &mut Counts::default())? == Outcome::LeftOut {
                continue;
            }
            let next = after.next(is_start).map_err(failed)?;
            let new = next.map(|(location, frame, payload)| located(location, &frame, payload));
            let same = new.map(|new| self.is_same(&old, &new)).transpose()?;
            if same != Some(true) {
                return Err(self.mismatch(location));
            }
        }
        match after.next(is_start).map_err(failed)? {
            Some((location, ..)) => Err(self.mismatch(location)),
            None => Ok(()),
        }
    }

    /// Whether a record says what one said before: the same events, and the documents without plaintext.
    fn is_same(&self, old: &LocatedRecord, new: &LocatedRecord) -> Result<bool, OpenError> {
        if (old.location, old.position) != (new.location, new.position) {
            return Ok(false);
        }
        let (view, new_view) = (self.view(old)?, self.view(new)?);
        let Some((service, reader)) = self.reader(&view) else {
            return Ok(old.payload == new.payload);
        };
        if view.service != new_view.service
            || self.documents(reader, old)? != self.documents(reader, new)?
        {
            return Ok(false);
        }
        match (view.operation, new_view.operation) {
            (RecordOperation::Append(append), RecordOperation::Append(new_append)) => {
                let (events, new_events) =
                    (self.events(old, &append)?, self.events(new, &new_append)?);
                let is_same = |(event, new): (&RecordedEvent, &RecordedEvent)| {
                    let plain = RecordedEvent { data: event.data.clone(), ..new.clone() };
                    let is_stored = match self.personal(reader, event) {
                        Ok(Some(personal)) => personal::is_stored_form(
                            self.keys, service, event, &personal, &new.data,
                        ),
                        Ok(None) | Err(_) => event.data == new.data,
                    };
                    plain == *event && is_stored
                };
                Ok(append.origin == new_append.origin
                    && events.len() == new_events.len()
                    && events.iter().zip(&new_events).all(is_same))
            }
            (RecordOperation::Documents(_), RecordOperation::Documents(_)) => Ok(true),
            _ => Ok(old.payload == new.payload),
        }
    }

    /// What becomes of a record.
    fn outcome(&self, record: &LocatedRecord, counts: &mut Counts) -> Result<Outcome, OpenError> {
        let view = self.view(record)?;
        let Some((service, reader)) = self.reader(&view) else { return Ok(Outcome::Unchanged) };
        match view.operation {
            RecordOperation::Append(append) => {
                self.append(service, reader, (record, &append), counts)
            }
            RecordOperation::Documents(_) => {
                let all = self.documents_of(record)?;
                let left = without_plaintext(reader, all.clone());
                counts.documents_left_out += (all.len() - left.len()) as u64;
                Ok(match left.len() {
                    left if left == all.len() => Outcome::Unchanged,
                    0 => Outcome::LeftOut,
                    _ => Outcome::Changed(RecordEncoder::indexed(service, &left)),
                })
            }
            RecordOperation::Value { key, entry: Some(entry) } => {
                let key = text(key).ok_or_else(|| self.damaged(record.location))?;
                if !reader.is_value_personal(key, entry.value) {
                    return Ok(Outcome::Unchanged);
                }
                counts.values_left_out += 1;
                Ok(Outcome::LeftOut)
            }
            RecordOperation::Start
            | RecordOperation::Value { entry: None, .. }
            | RecordOperation::Sweep { .. }
            | RecordOperation::Snapshot { .. }
            | RecordOperation::DeleteStream { .. } => Ok(Outcome::Unchanged),
        }
    }

    /// What becomes of an append.
    fn append(
        &self,
        service: &str,
        reader: &dyn PlaintextRecords,
        (record, append): (&LocatedRecord, &AppendView<'_>),
        counts: &mut Counts,
    ) -> Result<Outcome, OpenError> {
        let (mut events, all) = (self.events(record, append)?, self.documents_of(record)?);
        let writes = without_plaintext(reader, all.clone());
        counts.documents_left_out += (all.len() - writes.len()) as u64;
        let mut is_changed = writes.len() < all.len();
        for event in &mut events {
            let personal = match self.personal(reader, event) {
                Ok(None) => continue,
                Ok(Some(personal)) => personal,
                Err(error) => {
                    tracing::warn!(%error, "an event stays what it is");
                    counts.unreadable_events += 1;
                    continue;
                }
            };
            let sealed = personal::seal_stored(self.keys, service, event, &personal);
            event.data = sealed.map_err(|error| self.unreadable(record.location, &error))?;
            is_changed = true;
            if personal::is_sealed(&event.data) {
                counts.encrypted_events += 1;
            } else {
                counts.erased_events += 1;
            }
        }
        if !is_changed {
            return Ok(Outcome::Unchanged);
        }
        let damaged = || self.damaged(record.location);
        let parts = AppendParts {
            stream: text(append.stream).ok_or_else(damaged)?,
            first_version: append.first_version,
            origin: text(append.origin).ok_or_else(damaged)?,
        };
        let events = events.iter().map(|event| EventParts {
            id: event.id,
            name: &event.name,
            recorded_at: event.recorded_at,
            data: &event.data,
        });
        Ok(Outcome::Changed(RecordEncoder::events(service, parts, events, &writes)))
    }

    /// Personal data of an event that is plaintext.
    fn personal(
        &self,
        reader: &dyn PlaintextRecords,
        event: &RecordedEvent,
    ) -> Result<Option<personal::Personal<Bytes>>, journal::DecodeError> {
        if personal::is_sealed(&event.data) {
            return Ok(None);
        }
        reader.event(self.keys, event)
    }

    /// Reader of the service of a record, if it had plaintext.
    fn reader<'a>(
        &self,
        view: &RecordView<'a>,
    ) -> Option<(&'a str, &'static dyn PlaintextRecords)> {
        let service = text(view.service)?;
        self.readers.get(service).map(|reader| (service, *reader))
    }

    fn view<'a>(&self, record: &'a LocatedRecord) -> Result<RecordView<'a>, OpenError> {
        record.view().map_err(|error| self.unreadable(record.location, &error))
    }

    fn events(
        &self,
        record: &LocatedRecord,
        append: &AppendView<'_>,
    ) -> Result<Vec<RecordedEvent>, OpenError> {
        let mut events = Vec::new();
        let decoded = record.events(append, |_, _| true, usize::MAX, &mut events);
        decoded.map_err(|error| self.unreadable(record.location, &error))?;
        Ok(events)
    }

    fn documents_of<'a>(
        &self,
        record: &'a LocatedRecord,
    ) -> Result<Vec<IndexedWrite<'a>>, OpenError> {
        record.documents().map_err(|error| self.unreadable(record.location, &error))
    }

    /// Writes to documents without those that are plaintext.
    fn documents<'a>(
        &self,
        reader: &dyn PlaintextRecords,
        record: &'a LocatedRecord,
    ) -> Result<Vec<IndexedWrite<'a>>, OpenError> {
        Ok(without_plaintext(reader, self.documents_of(record)?))
    }

    fn unwritable(&self, segment: u32, error: &io::Error) -> OpenError {
        self.opener.unreadable(segment, error)
    }

    fn unreadable(&self, location: Location, error: &StorageError) -> OpenError {
        let file = self.opener.folder.join(self.opener.segments.name(location.segment()));
        OpenError::Damaged { file, reason: error.to_string() }
    }

    fn damaged(&self, location: Location) -> OpenError {
        let reason = format!("the record at {} is not what was written", location.offset());
        self.unreadable(location, &StorageError::Corrupt(reason))
    }

    /// Error for a segment that would not say the same any more; the old one stays.
    fn mismatch(&self, location: Location) -> OpenError {
        let file = self.opener.folder.join(self.opener.segments.name(location.segment()));
        let reason = format!("the record at {} would not be the same encrypted", location.offset());
        OpenError::Failed { file, reason }
    }
}

fn located(location: Location, frame: &FrameHeader, payload: &[u8]) -> LocatedRecord {
    let (position, payload) = (frame.position, Bytes::copy_from_slice(payload));
    LocatedRecord { location, position, payload, typed: Vec::new() }
}

/// Header of a frame with another payload.
fn header_of(frame: &FrameHeader, payload: &[u8]) -> FrameHeader {
    let payload_bytes = u32::try_from(payload.len()).expect("records are limited to far less");
    FrameHeader { payload_bytes, payload_crc: crc32fast::hash(payload), ..*frame }
}

fn without_plaintext<'a>(
    reader: &dyn PlaintextRecords,
    mut writes: Vec<IndexedWrite<'a>>,
) -> Vec<IndexedWrite<'a>> {
    writes.retain(|write| {
        let body = write.document.as_ref().map(|(body, _)| *body);
        !body.is_some_and(|body| reader.is_document_personal(write.collection, body))
    });
    writes
}

/// Whether a file has anything but zeros behind the last frame.
fn has_rest(file: &SegmentFile, end: Location) -> io::Result<bool> {
    let mut offset = u64::from(end.offset().max(SEGMENT_HEADER_BYTES));
    let mut bytes = vec![0; READ_BYTES];
    loop {
        match file.file.read_at(&mut bytes, offset)? {
            0 => return Ok(false),
            count if bytes[..count].iter().any(|byte| *byte != 0) => return Ok(true),
            count => offset += count as u64,
        }
    }
}
