//! Append row: the events of one append, encoded as one row of the journal table.
//!
//! Format 1: the byte 1; then for each event its id (16 bytes), its name, the seconds and the nanoseconds of its time, and
//! its data. Numbers are little-endian: 4 bytes for lengths and nanoseconds, 8 for seconds.
//!
//! Format 2, of an append whose origin is known: the byte 2; the text of the origin, prefixed by its length (2 bytes); then
//! the events as in format 1.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use journal::{NewEvent, Position, RecordedEvent, StreamId, TypedEvent, Version};
use kernel::{Origin, Timestamp, Uuid};
use storage::StorageError;

/// Format without an origin.
const FORMAT: u8 = 1;
/// Format with an origin.
const FORMAT_WITH_ORIGIN: u8 = 2;
/// Bytes of an event besides its name and data.
const FRAME_BYTES: usize = 16 + 4 + 8 + 4 + 4;

/// Row of the journal table: the events of one append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppendRow {
    pub(crate) stream: StreamId,
    /// Version of the first event.
    pub(crate) first_version: Version,
    /// Position of the first event.
    pub(crate) first_position: Position,
    /// Number of events; their versions and positions have no gaps.
    pub(crate) count: u64,
    /// Encoded events.
    pub(crate) events: Bytes,
    /// Typed events in memory, one for each event; empty when the row was read from the database.
    pub(crate) typed: Vec<TypedEvent>,
}

impl AppendRow {
    pub(crate) fn last_version(&self) -> Version {
        self.first_version + self.count - 1
    }

    pub(crate) fn last_position(&self) -> Position {
        self.first_position + self.count - 1
    }

    /// Decodes the events that `is_wanted` selects by position and version, until `into` has `limit`.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] when the bytes are not what [`encode`] writes.
    pub(crate) fn decode(
        &self,
        is_wanted: impl Fn(Position, Version) -> bool,
        limit: usize,
        into: &mut Vec<RecordedEvent>,
    ) -> Result<(), StorageError> {
        let mut rest = self.events.clone();
        let origin = match rest.try_get_u8() {
            Ok(FORMAT) => None,
            Ok(FORMAT_WITH_ORIGIN) => Some(decode_origin(&mut rest).ok_or_else(|| self.corrupt())?),
            _ => return Err(self.corrupt()),
        };
        for index in 0..self.count {
            let (position, version) = (self.first_position + index, self.first_version + index);
            if into.len() >= limit {
                break;
            }
            let (id, name, recorded_at, data) =
                decode_event(&mut rest).ok_or_else(|| self.corrupt())?;
            if is_wanted(position, version) {
                let name = String::from_utf8(name.to_vec()).map_err(|_| self.corrupt())?;
                let stream = self.stream.clone();
                let index =
                    usize::try_from(index).expect("an append has at most APPEND_EVENTS_MAX");
                let typed = self.typed.get(index).cloned().unwrap_or_default();
                into.push(RecordedEvent {
                    position,
                    stream,
                    version,
                    id,
                    name,
                    data,
                    recorded_at,
                    origin: origin.clone(),
                    typed,
                });
            }
        }
        Ok(())
    }

    fn corrupt(&self) -> StorageError {
        StorageError::Corrupt(format!("the events at position {} are damaged", self.first_position))
    }
}

/// Encodes the events of one append.
pub(crate) fn encode(events: &[NewEvent], origin: Option<&Origin>) -> Bytes {
    let bytes =
        events.iter().map(|event| FRAME_BYTES + event.name.len() + event.data.len()).sum::<usize>();
    let mut encoded = BytesMut::with_capacity(1 + bytes);
    match origin {
        None => encoded.put_u8(FORMAT),
        Some(origin) => {
            let text = origin.to_string();
            let length = u16::try_from(text.len()).expect("an origin has at most TEXT_BYTES_MAX");
            encoded.put_u8(FORMAT_WITH_ORIGIN);
            encoded.put_u16_le(length);
            encoded.put_slice(text.as_bytes());
        }
    }
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
    let length = u32::try_from(bytes.len()).expect("a record has at most RECORD_BYTES_MAX");
    encoded.put_u32_le(length);
    encoded.put_slice(bytes);
}

fn decode_origin(rest: &mut Bytes) -> Option<Origin> {
    let length = usize::from(rest.try_get_u16_le().ok()?);
    let text = (length <= rest.len()).then(|| rest.split_to(length))?;
    std::str::from_utf8(&text).ok()?.parse().ok()
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
    use kernel::Edge;

    fn row(origin: Option<&Origin>) -> AppendRow {
        let event = |id, time: &str, data| NewEvent {
            id: Uuid::from_u128(id),
            name: "thing_happened",
            data: Bytes::from_static(data),
            recorded_at: time.parse().unwrap(),
            typed: journal::TypedEvent::default(),
        };
        let events =
            [event(1, "2026-01-01T00:00:00.5Z", b"{}"), event(2, "1960-01-01T00:00:00.25Z", b"")];
        AppendRow {
            stream: "s".into(),
            first_version: 4,
            first_position: 9,
            count: 2,
            events: encode(&events, origin),
            typed: Vec::new(),
        }
    }

    fn operator() -> Origin {
        Origin::new(Edge::Operator, Some("ann"), "192.0.2.7".parse().ok(), Some("curl/8"))
    }

    fn decoded(row: &AppendRow) -> Result<Vec<RecordedEvent>, StorageError> {
        let mut events = Vec::new();
        row.decode(|_, _| true, 10, &mut events).map(|()| events)
    }

    #[test]
    fn events_survive_encoding_with_their_positions_and_versions() {
        for origin in [None, Some(Origin::of_edge(Edge::Shop)), Some(operator())] {
            let events = decoded(&row(origin.as_ref())).unwrap();
            let decoded: Vec<_> =
                events.iter().map(|event| (event.position, event.version, event.id)).collect();
            assert_eq!(decoded, [(9, 4, Uuid::from_u128(1)), (10, 5, Uuid::from_u128(2))]);
            assert_eq!(events[1].recorded_at.to_string(), "1960-01-01T00:00:00.25Z");
            assert!(events.iter().all(|event| event.origin == origin), "{origin:?}");
        }
    }

    #[test]
    fn an_origin_costs_its_text_once_and_its_absence_nothing() {
        let without = row(None).events;
        assert_eq!(without[0], 1, "the format that every release reads");
        let shop = row(Some(&Origin::of_edge(Edge::Shop))).events;
        assert_eq!(shop.len() - without.len(), 2 + "shop".len());
        assert_eq!(shop[2 + 1 + "shop".len()..], without[1..]);
        let operator = operator();
        let length = row(Some(&operator)).events.len() - without.len();
        assert_eq!(length, 2 + operator.to_string().len());
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        for whole in [row(None), row(Some(&operator()))] {
            for length in 0..whole.events.len() {
                let torn = AppendRow { events: whole.events.slice(..length), ..whole.clone() };
                assert!(matches!(decoded(&torn), Err(StorageError::Corrupt(_))), "{length} bytes");
            }
            for index in 0..whole.events.len() {
                let mut bytes = whole.events.to_vec();
                bytes[index] ^= 0xff;
                let _ = decoded(&AppendRow { events: bytes.into(), ..whole.clone() });
            }
        }
    }
}
