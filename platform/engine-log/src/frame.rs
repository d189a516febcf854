//! Frames of the log, one for each write, and the reader that finds where the log ends.
//!
//! A segment begins with a header of 64 bytes; frames follow, each at a multiple of 8 bytes: length of the payload (4),
//! checksum of the payload (4), position (8), location in the segment up to which it was flushed when the frame was made (4),
//! incarnation (4), checksum of the header with its location (4), payload. Numbers are little-endian. After the last frame there
//! are zeros, the end of the file, or what a crash left of frames that were never flushed.
//!
//! The frames of a compacted segment are those that are left, with the locations that they were written at: a table at its end says
//! where they are now.

use crate::{
    disk::{DiskFile, damaged},
    segment_file::SegmentFile,
};
use journal::Position;
use kernel::defects::planted;
use std::{io, sync::Arc, vec};

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: u32 = 64;
/// Bytes of a frame's header.
pub(crate) const FRAME_HEADER_BYTES: usize = 28;
/// Beginning of a segment; the format follows it.
const MAGIC: &[u8; 8] = b"icommlog";
/// Format of a segment as it is written.
pub(crate) const LOG_FORMAT: u32 = 1;
/// Format of a compacted segment. A later one is refused.
pub(crate) const COMPACTED_FORMAT: u32 = 2;
/// Bytes that a reader asks for at once.
const READ_BYTES: usize = 1024 * 1024;

/// Location of a frame: its segment, and its offset in it. Places grow with positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Location(pub(crate) u64);

impl Location {
    pub(crate) fn new(segment: u32, offset: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(offset))
    }

    pub(crate) fn segment(self) -> u32 {
        u32::try_from(self.0 >> 32).expect("32 bits are left")
    }

    pub(crate) fn offset(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).expect("32 bits are left")
    }

    /// Location after a frame with a payload of this many bytes.
    pub(crate) fn after(self, payload_bytes: usize) -> Self {
        Self(self.0 + frame_bytes(payload_bytes) as u64)
    }
}

/// Bytes of a frame, with its padding.
pub(crate) fn frame_bytes(payload_bytes: usize) -> usize {
    (FRAME_HEADER_BYTES + payload_bytes).next_multiple_of(8)
}

/// Header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) format: u32,
    pub(crate) segment: u32,
    /// Last position before the segment.
    pub(crate) position: Position,
    /// Incarnation that began the segment.
    pub(crate) incarnation: u32,
    /// Secret of the hashes, the same in all segments of a log.
    pub(crate) secret: [u8; 16],
    /// What a compacted segment has besides.
    pub(crate) compacted: Option<CompactedHeader>,
}

/// Part of the header that only a compacted segment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompactedHeader {
    /// Last position that the segment had.
    pub(crate) last_position: Position,
    /// Frames that are left.
    pub(crate) frames: u32,
    /// Checksum of the table's fences.
    pub(crate) fences_crc: u32,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&self.format.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.segment.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.secret);
        bytes[40..44].copy_from_slice(&self.incarnation.to_le_bytes());
        if let Some(compacted) = &self.compacted {
            bytes[44..52].copy_from_slice(&compacted.last_position.to_le_bytes());
            bytes[52..56].copy_from_slice(&compacted.frames.to_le_bytes());
            bytes[56..60].copy_from_slice(&compacted.fences_crc.to_le_bytes());
        }
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Header at the beginning of a file; `None` when there is none, or a damaged one.
    pub(crate) fn read(file: &dyn DiskFile) -> io::Result<Option<Self>> {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        let is_whole = file.read_at(&mut bytes, 0)? == bytes.len();
        let is_valid = is_whole
            && bytes.starts_with(MAGIC)
            && u32_at(&bytes, 60) == crc32fast::hash(&bytes[..60]);
        let format = u32_at(&bytes, 8);
        let compacted = (format == COMPACTED_FORMAT).then(|| CompactedHeader {
            last_position: u64_at(&bytes, 44),
            frames: u32_at(&bytes, 52),
            fences_crc: u32_at(&bytes, 56),
        });
        Ok(is_valid.then(|| Self {
            format,
            compacted,
            segment: u32_at(&bytes, 12),
            position: u64_at(&bytes, 16),
            incarnation: u32_at(&bytes, 40),
            secret: bytes[24..40].try_into().expect("16 bytes"),
        }))
    }
}

/// Header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) payload_bytes: u32,
    pub(crate) payload_crc: u32,
    pub(crate) position: Position,
    /// Offset in the segment up to which everything was flushed when the frame was made.
    pub(crate) flushed: u32,
    /// Number of the start of the engine that wrote the frame: what an earlier start left behind the end is no frame.
    pub(crate) incarnation: u32,
}

impl FrameHeader {
    pub(crate) fn encode(&self, location: Location) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.position.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.flushed.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.incarnation.to_le_bytes());
        let crc = header_crc(&bytes, location);
        bytes[24..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Header in these bytes; `None` when they are not what was written at this location.
    pub(crate) fn decode(bytes: &[u8], location: Location) -> Option<Self> {
        let bytes = bytes.get(..FRAME_HEADER_BYTES)?;
        let header = Self {
            payload_bytes: u32_at(bytes, 0),
            payload_crc: u32_at(bytes, 4),
            position: u64_at(bytes, 8),
            flushed: u32_at(bytes, 16),
            incarnation: u32_at(bytes, 20),
        };
        (header.payload_bytes > 0 && header_crc(bytes, location) == u32_at(bytes, 24))
            .then_some(header)
    }

    /// Whether this is the payload that was written.
    pub(crate) fn matches(&self, payload: &[u8]) -> bool {
        payload.len() == self.payload_bytes as usize
            && (crc32fast::hash(payload) == self.payload_crc || planted("frame_checksum_skipped"))
    }
}

fn header_crc(bytes: &[u8], location: Location) -> u32 {
    let mut covered = [0; 32];
    covered[..24].copy_from_slice(&bytes[..24]);
    covered[24..].copy_from_slice(&location.0.to_le_bytes());
    crc32fast::hash(&covered)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

/// Reader of the frames of one segment, in their order.
#[derive(Debug)]
pub(crate) struct FrameReader {
    file: Arc<SegmentFile>,
    /// Location of the next frame; of a compacted segment, of the last one that was read.
    pub(crate) location: Location,
    /// Position and incarnation of the last frame.
    pub(crate) position: Position,
    pub(crate) incarnation: Option<u32>,
    /// Frames of a compacted segment that are not read yet.
    left: Option<vec::IntoIter<FramePlace>>,
    /// Bytes of the file from `begin` on.
    bytes: Vec<u8>,
    begin: u32,
}

/// Place of a frame in a compacted segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FramePlace {
    /// Offset at which it was written; its location still says so.
    pub(crate) original: u32,
    /// Offset in the file.
    pub(crate) offset: u32,
}

/// Frame in a file: its location, header and payload.
pub(crate) type ReadFrame<'reader> = (Location, FrameHeader, &'reader [u8]);

impl FrameReader {
    /// Reader of a segment from its beginning.
    pub(crate) fn new(file: Arc<SegmentFile>, header: &SegmentHeader) -> io::Result<Self> {
        let reader = Self::at(file, Location::new(header.segment, SEGMENT_HEADER_BYTES))?;
        Ok(Self { position: header.position, incarnation: Some(header.incarnation), ..reader })
    }

    /// Reader from the location of a frame on, whatever is before it.
    pub(crate) fn at(file: Arc<SegmentFile>, location: Location) -> io::Result<Self> {
        let left = file.places()?.map(|mut places| {
            let first = places.partition_point(|place| place.original < location.offset());
            places.drain(..first);
            places
        });
        let begin = match &left {
            Some(places) => places.first().map_or(0, |place| place.offset),
            None => location.offset(),
        };
        let (left, bytes) = (left.map(Vec::into_iter), Vec::new());
        Ok(Self { file, location, position: 0, incarnation: None, left, bytes, begin })
    }

    /// Next frame; `None` at the first location that has none. Its position is not before the last one, and the incarnation the same;
    /// only a frame that begins an incarnation (`is_start`) has a later incarnation. A position occurs again where a log was written from
    /// a database, in which each service counts its own.
    ///
    /// # Errors
    ///
    /// `InvalidData` when a frame that is left in a compacted segment is not what was written: none of them can be torn.
    pub(crate) fn next(
        &mut self,
        is_start: fn(&[u8]) -> bool,
    ) -> io::Result<Option<ReadFrame<'_>>> {
        if self.left.is_some() {
            return self.next_left();
        }
        let location = self.location;
        let Some((header, payload)) = self.frame(location, location.offset())? else {
            if planted("torn_frame_taken") && self.skip_torn_frame()? {
                return self.next(is_start);
            }
            return Ok(None);
        };
        let bytes = &self.bytes[payload];
        let follows = if is_start(bytes) {
            self.incarnation.is_none_or(|last| header.incarnation > last)
                && header.position >= self.position
        } else {
            self.incarnation.is_none_or(|last| header.incarnation == last)
                && header.position >= self.position
        };
        if !follows {
            return Ok(None);
        }
        (self.position, self.incarnation) = (header.position, Some(header.incarnation));
        self.location = location.after(bytes.len());
        Ok(Some((location, header, bytes)))
    }

    /// Planted defect: a torn frame is taken for a frame, and the reader goes on behind it.
    fn skip_torn_frame(&mut self) -> io::Result<bool> {
        let at = (self.location.offset() - self.begin) as usize;
        self.fill(at + FRAME_HEADER_BYTES)?;
        let header =
            self.bytes.get(at..).and_then(|bytes| FrameHeader::decode(bytes, self.location));
        let Some(header) = header else { return Ok(false) };
        self.location = self.location.after(header.payload_bytes as usize);
        self.position = header.position;
        Ok(true)
    }

    /// Next frame of a compacted segment. Behind the last one is the last position that the segment had.
    fn next_left(&mut self) -> io::Result<Option<ReadFrame<'_>>> {
        let Some(FramePlace { original, offset }) = self.left.as_mut().and_then(Iterator::next)
        else {
            self.position = self.file.last_position().unwrap_or(self.position);
            return Ok(None);
        };
        self.location = Location::new(self.location.segment(), original);
        let (header, payload) = self.frame(self.location, offset)?.ok_or_else(damaged)?;
        if header.position < self.position {
            return Err(damaged());
        }
        (self.position, self.incarnation) = (header.position, Some(header.incarnation));
        Ok(Some((self.location, header, &self.bytes[payload])))
    }

    /// Header of the frame at an offset of the file, and where its payload is in `bytes`; `None` when there is no whole frame.
    fn frame(
        &mut self,
        location: Location,
        offset: u32,
    ) -> io::Result<Option<(FrameHeader, std::ops::Range<usize>)>> {
        let mut at = (offset - self.begin) as usize;
        // What was read is not needed again.
        if at >= READ_BYTES {
            self.bytes.drain(..at.min(self.bytes.len()));
            (self.begin, at) = (offset, 0);
        }
        self.fill(at + FRAME_HEADER_BYTES)?;
        let Some(header) =
            self.bytes.get(at..).and_then(|bytes| FrameHeader::decode(bytes, location))
        else {
            return Ok(None);
        };
        let payload =
            at + FRAME_HEADER_BYTES..at + FRAME_HEADER_BYTES + header.payload_bytes as usize;
        self.fill(payload.end)?;
        let is_whole =
            self.bytes.get(payload.clone()).is_some_and(|payload| header.matches(payload));
        Ok(is_whole.then_some((header, payload)))
    }

    /// Whether something was flushed behind the location where the reader stands: a frame there knows of a flush that went beyond
    /// it. What is flushed cannot be torn, so the frame at this location was damaged later.
    pub(crate) fn is_damaged(&mut self) -> io::Result<bool> {
        let at = (self.location.offset() - self.begin) as usize;
        self.fill(at + FRAME_HEADER_BYTES)?;
        if self.bytes.iter().skip(at).take(FRAME_HEADER_BYTES).all(|byte| *byte == 0) {
            return Ok(false);
        }
        self.fill(
            usize::try_from(self.file.file.bytes()?)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.begin as usize),
        )?;
        let mut from = at + 8;
        while let Some(bytes) = self.bytes.get(from..) {
            let location = Location(self.location.0 + (from - at) as u64);
            if FrameHeader::decode(bytes, location)
                .is_some_and(|header| header.flushed > self.location.offset())
            {
                return Ok(true);
            }
            from += 8;
        }
        Ok(false)
    }

    /// Reads on until there are this many bytes or the file ends.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        let had = self.bytes.len();
        if bytes > had {
            let offset = u64::from(self.begin) + had as u64;
            let left = self.file.file.bytes()?.saturating_sub(offset);
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            self.bytes.resize(had + left.min((bytes - had).next_multiple_of(READ_BYTES)), 0);
            let read = self.file.file.read_at(&mut self.bytes[had..], offset)?;
            self.bytes.truncate(had + read);
        }
        Ok(())
    }
}
