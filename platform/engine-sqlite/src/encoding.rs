//! The events of one append as one piece of bytes.
//!
//! Version 1: the byte 1; then for each event its id (16 bytes), its name, the seconds and the nanoseconds of its
//! time, and its data. Numbers are little-endian: 4 bytes for lengths and nanoseconds, 8 for seconds.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use journal::{NewEvent, Position, RecordedEvent, StreamId, Version};
use kernel::{Timestamp, Uuid};
use storage::StorageError;

const FORMAT: u8 = 1;
/// Bytes of an event besides its name and data.
const FRAME_BYTES: usize = 16 + 4 + 8 + 4 + 4;

/// The events of one append, as one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) stream: StreamId,
    /// Version of the first event.
    pub(crate) first_version: Version,
    /// Position of the first event.
    pub(crate) first_position: Position,
    /// How many there are; their versions and positions have no gaps.
    pub(crate) count: u64,
    pub(crate) events: Bytes,
}

impl Row {
    pub(crate) fn last_version(&self) -> Version {
        self.first_version + self.count - 1
    }

    pub(crate) fn last_position(&self) -> Position {
        self.first_position + self.count - 1
    }

    /// Appends the events that `wanted` picks by position and version to `into`, until `into` has `limit`.
    pub(crate) fn decode(
        &self,
        wanted: impl Fn(Position, Version) -> bool,
        limit: usize,
        into: &mut Vec<RecordedEvent>,
    ) -> Result<(), StorageError> {
        let mut rest = self.events.clone();
        if rest.try_get_u8().ok() != Some(FORMAT) {
            return Err(self.corrupt());
        }
        for index in 0..self.count {
            let (position, version) = (self.first_position + index, self.first_version + index);
            if into.len() >= limit {
                break;
            }
            let (id, name, recorded_at, data) =
                decode_event(&mut rest).ok_or_else(|| self.corrupt())?;
            if wanted(position, version) {
                let name = String::from_utf8(name.to_vec()).map_err(|_| self.corrupt())?;
                let stream = self.stream.clone();
                into.push(RecordedEvent { position, stream, version, id, name, data, recorded_at });
            }
        }
        Ok(())
    }

    fn corrupt(&self) -> StorageError {
        StorageError::Corrupt(format!("the events at position {} are damaged", self.first_position))
    }
}

pub(crate) fn encode(events: &[NewEvent]) -> Bytes {
    let bytes =
        events.iter().map(|event| FRAME_BYTES + event.name.len() + event.data.len()).sum::<usize>();
    let mut encoded = BytesMut::with_capacity(1 + bytes);
    encoded.put_u8(FORMAT);
    for event in events {
        encoded.put_slice(event.id.as_bytes());
        put_bytes(&mut encoded, event.name.as_bytes());
        encoded.put_i64_le(event.recorded_at.as_second());
        encoded.put_i32_le(event.recorded_at.subsec_nanosecond());
        put_bytes(&mut encoded, &event.data);
    }
    encoded.freeze()
}

fn put_bytes(encoded: &mut BytesMut, bytes: &[u8]) {
    // A record has at most RECORD_BYTES_MAX, far below what four bytes hold.
    encoded.put_u32_le(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    encoded.put_slice(bytes);
}

fn decode_event(rest: &mut Bytes) -> Option<(Uuid, Bytes, Timestamp, Bytes)> {
    let mut id = [0; 16];
    rest.try_copy_to_slice(&mut id).ok()?;
    let name = take_bytes(rest)?;
    let second = rest.try_get_i64_le().ok()?;
    let nanosecond = rest.try_get_i32_le().ok()?;
    let recorded_at = Timestamp::new(second, nanosecond).ok()?;
    let data = take_bytes(rest)?;
    Some((Uuid::from_bytes(id), name, recorded_at, data))
}

fn take_bytes(rest: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(rest.try_get_u32_le().ok()?).ok()?;
    (length <= rest.len()).then(|| rest.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let event = |id, time: &str, data| NewEvent {
            id: Uuid::from_u128(id),
            name: "thing_happened",
            data: Bytes::from_static(data),
            recorded_at: time.parse().unwrap(),
        };
        let events =
            [event(1, "2026-01-01T00:00:00.5Z", b"{}"), event(2, "1960-01-01T00:00:00.25Z", b"")];
        Row {
            stream: "s".into(),
            first_version: 4,
            first_position: 9,
            count: 2,
            events: encode(&events),
        }
    }

    fn decoded(row: &Row) -> Result<Vec<RecordedEvent>, StorageError> {
        let mut events = Vec::new();
        row.decode(|_, _| true, 10, &mut events).map(|()| events)
    }

    #[test]
    fn events_come_back_with_their_places() {
        let events = decoded(&row()).unwrap();
        let places: Vec<_> =
            events.iter().map(|event| (event.position, event.version, event.id)).collect();
        assert_eq!(places, [(9, 4, Uuid::from_u128(1)), (10, 5, Uuid::from_u128(2))]);
        assert_eq!(events[1].recorded_at.to_string(), "1960-01-01T00:00:00.25Z");
    }

    #[test]
    fn every_kind_of_damage_is_an_error_and_not_a_panic() {
        let whole = row();
        for length in 0..whole.events.len() {
            let torn = Row { events: whole.events.slice(..length), ..whole.clone() };
            assert!(matches!(decoded(&torn), Err(StorageError::Corrupt(_))), "{length} bytes");
        }
        for index in 0..whole.events.len() {
            let mut bytes = whole.events.to_vec();
            bytes[index] ^= 0xff;
            let _ = decoded(&Row { events: bytes.into(), ..whole.clone() });
        }
    }
}
