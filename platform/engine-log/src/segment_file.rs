//! File of a segment for reading, with the table of the frames that a compaction left in it.
//!
//! A compacted segment has a header, the frames that are left, packed, and a table: pieces of up to 64 entries (original
//! offset, offset in the file) with a checksum each, and the first original offset of every piece (the fences). In memory are the
//! fences alone: 4 bytes for 64 frames.

use crate::{
    disk::{DiskFile, damaged, read_exact},
    frame::{
        COMPACTED_FORMAT, CompactedHeader, FrameHeader, FramePlace, Location, SEGMENT_HEADER_BYTES,
        SegmentHeader, u32_at,
    },
};
use journal::Position;
use std::{io, sync::Arc};

/// Entries of a piece of the table.
const PIECE_FRAMES: usize = 64;
const PLACE_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 4;
/// Bytes that are written, and flushed, at once: other flushes do not wait long for them.
const WRITE_BYTES: usize = 1024 * 1024;

/// File of a segment, and where its frames are: one value, so that a table never meets another file.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    pub(crate) file: Arc<dyn DiskFile>,
    /// Table of a compacted segment.
    table: Option<FrameTable>,
}

#[derive(Debug)]
struct FrameTable {
    /// Offset in the file.
    begin: u64,
    frames: usize,
    last_position: Position,
    fences: Vec<u32>,
}

impl SegmentFile {
    /// File of a segment as it is written.
    pub(crate) fn plain(file: Arc<dyn DiskFile>) -> Self {
        Self { file, table: None }
    }

    /// File of a segment that may be compacted.
    ///
    /// # Errors
    ///
    /// `InvalidData` when the table of a compacted one is damaged.
    pub(crate) fn open(file: Arc<dyn DiskFile>) -> io::Result<Self> {
        // Frames are checked with their locations: where they are not at the original offsets, none is found without a header.
        let table = match SegmentHeader::read(&*file)?.and_then(|header| header.compacted) {
            Some(header) => Some(FrameTable::read(&*file, &header)?),
            None => None,
        };
        Ok(Self { file, table })
    }

    /// Last position that a compacted segment had.
    pub(crate) fn last_position(&self) -> Option<Position> {
        self.table.as_ref().map(|table| table.last_position)
    }

    /// Number of the frames that are left in a compacted segment; `None` when all are there.
    pub(crate) fn frames(&self) -> Option<u64> {
        self.table.as_ref().map(|table| table.frames as u64)
    }

    /// Offset in the file of the frame that was written at a location; `None` for one that compaction dropped.
    pub(crate) fn offset(&self, location: Location) -> io::Result<Option<u32>> {
        let Some(table) = &self.table else { return Ok(Some(location.offset())) };
        let piece = table.fences.partition_point(|fence| *fence <= location.offset());
        let Some(piece) = piece.checked_sub(1) else { return Ok(None) };
        let places = table.piece(&*self.file, piece)?;
        let found = places.binary_search_by_key(&location.offset(), |place| place.original);
        Ok(found.ok().map(|at| places[at].offset))
    }

    /// Places of the frames that are left; `None` when all are where they were written.
    pub(crate) fn places(&self) -> io::Result<Option<Vec<FramePlace>>> {
        let Some(table) = &self.table else { return Ok(None) };
        let mut places = Vec::with_capacity(table.frames);
        for piece in 0..table.fences.len() {
            places.extend(table.piece(&*self.file, piece)?);
        }
        Ok(Some(places))
    }
}

impl FrameTable {
    fn read(file: &dyn DiskFile, header: &CompactedHeader) -> io::Result<Self> {
        let frames = header.frames as usize;
        let pieces = frames.div_ceil(PIECE_FRAMES);
        let fences_bytes = pieces * size_of::<u32>();
        let bytes = frames * PLACE_BYTES + pieces * CHECKSUM_BYTES + fences_bytes;
        let end = file.bytes()?;
        let begin = end.checked_sub(bytes as u64).ok_or_else(damaged)?;
        let fences = read_exact(file, end - fences_bytes as u64, fences_bytes)?;
        if begin < SEGMENT_HEADER_BYTES.into() || crc32fast::hash(&fences) != header.fences_crc {
            return Err(damaged());
        }
        let fences = fences.chunks_exact(size_of::<u32>()).map(|fence| u32_at(fence, 0)).collect();
        Ok(Self { begin, frames, last_position: header.last_position, fences })
    }

    fn piece(&self, file: &dyn DiskFile, piece: usize) -> io::Result<Vec<FramePlace>> {
        let offset = piece * (PIECE_FRAMES * PLACE_BYTES + CHECKSUM_BYTES);
        let bytes = PIECE_FRAMES.min(self.frames - piece * PIECE_FRAMES) * PLACE_BYTES;
        let read = read_exact(file, self.begin + offset as u64, bytes + CHECKSUM_BYTES)?;
        if u32_at(&read, bytes) != crc32fast::hash(&read[..bytes]) {
            return Err(damaged());
        }
        let place = |entry| FramePlace { original: u32_at(entry, 0), offset: u32_at(entry, 4) };
        Ok(read[..bytes].chunks_exact(PLACE_BYTES).map(place).collect())
    }
}

/// Size of a compacted segment with this many frames, which take these bytes.
pub(crate) fn compacted_bytes(frames: usize, frames_bytes: u64) -> u64 {
    let pieces = frames.div_ceil(PIECE_FRAMES);
    let table = frames * PLACE_BYTES + pieces * (CHECKSUM_BYTES + size_of::<u32>());
    u64::from(SEGMENT_HEADER_BYTES) + frames_bytes + table as u64
}

/// Writer of a compacted segment.
#[derive(Debug)]
pub(crate) struct CompactedWriter {
    file: Arc<dyn DiskFile>,
    /// Bytes that are written next, and their offset.
    buffer: Vec<u8>,
    offset: u32,
    places: Vec<FramePlace>,
}

impl CompactedWriter {
    pub(crate) fn new(file: Arc<dyn DiskFile>) -> Self {
        Self { file, buffer: Vec::new(), offset: SEGMENT_HEADER_BYTES, places: Vec::new() }
    }

    /// Adds a frame, byte for byte as it was written at its location.
    pub(crate) fn push(
        &mut self,
        location: Location,
        header: &FrameHeader,
        payload: &[u8],
    ) -> io::Result<()> {
        let offset = self.offset + u32_of(self.buffer.len());
        self.places.push(FramePlace { original: location.offset(), offset });
        self.buffer.extend_from_slice(&header.encode(location));
        self.buffer.extend_from_slice(payload);
        self.buffer.resize(self.buffer.len().next_multiple_of(8), 0);
        if self.buffer.len() >= WRITE_BYTES { self.write() } else { Ok(()) }
    }

    /// Writes the table and the header, and flushes the file.
    pub(crate) fn finish(mut self, segment: &SegmentHeader, last: Position) -> io::Result<()> {
        let mut fences = Vec::new();
        for piece in self.places.chunks(PIECE_FRAMES) {
            let begin = self.buffer.len();
            fences.extend_from_slice(&piece[0].original.to_le_bytes());
            for place in piece {
                self.buffer.extend_from_slice(&place.original.to_le_bytes());
                self.buffer.extend_from_slice(&place.offset.to_le_bytes());
            }
            let crc = crc32fast::hash(&self.buffer[begin..]);
            self.buffer.extend_from_slice(&crc.to_le_bytes());
        }
        self.buffer.extend_from_slice(&fences);
        let compacted = CompactedHeader {
            last_position: last,
            frames: u32_of(self.places.len()),
            fences_crc: crc32fast::hash(&fences),
        };
        let header =
            SegmentHeader { format: COMPACTED_FORMAT, compacted: Some(compacted), ..*segment };
        self.file.write_at(&header.encode(), 0)?;
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_at(&self.buffer, self.offset.into())?;
        self.file.sync()?;
        self.offset += u32_of(self.buffer.len());
        self.buffer.clear();
        Ok(())
    }
}

fn u32_of(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a compacted segment is smaller than the segment was")
}
