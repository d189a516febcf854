//! Frames of the log, one for each write, and the reader that finds where the log ends.
//!
//! A segment begins with a header of 64 bytes; frames follow, each at a multiple of 8 bytes: length of the payload (4),
//! checksum of the payload (4), position (8), location in the segment up to which it was flushed when the frame was made (4),
//! incarnation (4), checksum of the header with its location (4), payload. Numbers are little-endian. After the last frame there
//! are zeros, the end of the file, or what a crash left of frames that were never flushed.

use crate::disk::DiskFile;
use journal::Position;
use std::{io, sync::Arc};

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: u32 = 64;
/// Bytes of a frame's header.
pub(crate) const FRAME_HEADER_BYTES: usize = 28;
/// Beginning of a segment; the last byte is the format.
const MAGIC: &[u8; 8] = b"icommlog";
/// Format of the log. A later one is refused.
pub(crate) const LOG_FORMAT: u32 = 1;
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
        Ok(is_valid.then(|| Self {
            format: u32_at(&bytes, 8),
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
        payload.len() == self.payload_bytes as usize && crc32fast::hash(payload) == self.payload_crc
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
    file: Arc<dyn DiskFile>,
    /// Location of the next frame.
    pub(crate) location: Location,
    /// Position and incarnation of the last frame.
    pub(crate) position: Position,
    pub(crate) incarnation: Option<u32>,
    /// Bytes of the file from `begin` on.
    bytes: Vec<u8>,
    begin: u32,
}

impl FrameReader {
    /// Reader of a segment from its beginning.
    pub(crate) fn new(file: Arc<dyn DiskFile>, header: &SegmentHeader) -> Self {
        let location = Location::new(header.segment, SEGMENT_HEADER_BYTES);
        let (position, incarnation) = (header.position, Some(header.incarnation));
        Self { file, location, position, incarnation, bytes: Vec::new(), begin: location.offset() }
    }

    /// Reader from the location of a frame on, whatever is before it.
    pub(crate) fn at(file: Arc<dyn DiskFile>, location: Location) -> Self {
        Self {
            file,
            location,
            position: 0,
            incarnation: None,
            bytes: Vec::new(),
            begin: location.offset(),
        }
    }

    /// Next frame; `None` at the first location that has none. Its position is after the last one, and the incarnation the same;
    /// only a frame that begins an incarnation (`is_start`) repeats the position and has a later incarnation.
    pub(crate) fn next(
        &mut self,
        is_start: fn(&[u8]) -> bool,
    ) -> io::Result<Option<(Location, FrameHeader, &[u8])>> {
        let location = self.location;
        let at = (location.offset() - self.begin) as usize;
        self.fill(at + FRAME_HEADER_BYTES)?;
        let Some(header) =
            self.bytes.get(at..).and_then(|bytes| FrameHeader::decode(bytes, location))
        else {
            return Ok(None);
        };
        let payload =
            at + FRAME_HEADER_BYTES..at + FRAME_HEADER_BYTES + header.payload_bytes as usize;
        self.fill(payload.end)?;
        let Some(bytes) = self.bytes.get(payload).filter(|payload| header.matches(payload)) else {
            return Ok(None);
        };
        let follows = if is_start(bytes) {
            self.incarnation.is_none_or(|last| header.incarnation > last)
                && header.position >= self.position
        } else {
            self.incarnation.is_none_or(|last| header.incarnation == last)
                && header.position > self.position
        };
        if !follows {
            return Ok(None);
        }
        (self.position, self.incarnation) = (header.position, Some(header.incarnation));
        self.location = location.after(bytes.len());
        Ok(Some((location, header, bytes)))
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
            usize::try_from(self.file.bytes()?)
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
            self.bytes.resize(had + (bytes - had).next_multiple_of(READ_BYTES), 0);
            let read =
                self.file.read_at(&mut self.bytes[had..], u64::from(self.begin) + had as u64)?;
            self.bytes.truncate(had + read);
        }
        Ok(())
    }
}
