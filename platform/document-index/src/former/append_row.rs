//! Append row: the events of one append, encoded as one row of the journal table.
//!
//! Format 1: the byte 1; then for each event its id (16 bytes), its name, the seconds and the nanoseconds of its time, and
//! its data. Numbers are little-endian: 4 bytes for lengths and nanoseconds, 8 for seconds.
//!
//! Format 2, of an append whose origin is known: the byte 2; the text of the origin, prefixed by its length (2 bytes); then
//! the events as in format 1.

use super::{FormerAppend, FormerEvent};
use bytes::Buf;
use kernel::{Timestamp, Uuid};

/// Format without an origin.
const FORMAT: u8 = 1;
/// Format with an origin.
const FORMAT_WITH_ORIGIN: u8 = 2;

/// Row of the journal table: the events of one append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AppendRow {
    pub(super) stream: String,
    /// Version of the first event.
    pub(super) first_version: u64,
    /// Position of the first event.
    pub(super) first_position: u64,
    /// Number of events; their versions and positions have no gaps.
    pub(super) count: u64,
    /// Encoded events.
    pub(super) events: Vec<u8>,
}

impl AppendRow {
    /// Decodes the events; `None` means damage.
    pub(super) fn decode(&self) -> Option<FormerAppend<'_>> {
        let mut rest = &self.events[..];
        let origin = match rest.try_get_u8().ok()? {
            FORMAT => None,
            FORMAT_WITH_ORIGIN => {
                let length = usize::from(rest.try_get_u16_le().ok()?);
                Some(std::str::from_utf8(rest.split_off(..length)?).ok()?)
            }
            _ => return None,
        };
        let events = (0..self.count).map(|_| event(&mut rest)).collect::<Option<_>>()?;
        Some(FormerAppend {
            stream: &self.stream,
            first_version: self.first_version,
            last_position: (self.first_position + self.count).checked_sub(1)?,
            origin,
            events,
        })
    }
}

fn event<'row>(rest: &mut &'row [u8]) -> Option<FormerEvent<'row>> {
    let mut id = [0; 16];
    rest.try_copy_to_slice(&mut id).ok()?;
    let name = std::str::from_utf8(bytes(rest)?).ok()?;
    let second = rest.try_get_i64_le().ok()?;
    let nanosecond = rest.try_get_i32_le().ok()?;
    let recorded_at = Timestamp::new(second, nanosecond).ok()?;
    Some(FormerEvent { id: Uuid::from_bytes(id), name, recorded_at, data: bytes(rest)? })
}

fn bytes<'row>(rest: &mut &'row [u8]) -> Option<&'row [u8]> {
    let length = usize::try_from(rest.try_get_u32_le().ok()?).ok()?;
    rest.split_off(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two events of an operator, as format 4 has them.
    const EVENTS: &[u8] = b"\x02\x08\x00operator\
        \x01\x90\xa6\x99\xe8\xb2\x76\x9b\x87\xa5\xa7\xc9\x44\xbe\x95\x2f\
        \x06\x00\x00\x00filled\
        \x40\x89\x55\x69\x00\x00\x00\x00\x07\x00\x00\x00\
        \x0d\x00\x00\x00{\"litres\":40}\
        \x01\x90\xa6\x99\xe8\xb2\x76\x9b\x87\xa5\xa7\xc9\x44\xbe\x95\x30\
        \x07\x00\x00\x00emptied\
        \xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\
        \x00\x00\x00\x00";

    fn row() -> AppendRow {
        let (stream, events) = ("tank-1".to_owned(), EVENTS.to_vec());
        AppendRow { stream, first_version: 4, first_position: 9, count: 2, events }
    }

    #[test]
    fn events_come_with_their_origin_and_the_position_of_the_last() {
        let row = row();
        let append = row.decode().unwrap();
        assert_eq!((append.stream, append.first_version, append.last_position), ("tank-1", 4, 10));
        assert_eq!(append.origin, Some("operator"));
        let [filled, emptied] = &append.events[..] else { panic!("{append:?}") };
        assert_eq!((filled.name, filled.data), ("filled", &b"{\"litres\":40}"[..]));
        assert_eq!(filled.recorded_at.to_string(), "2025-12-31T20:36:16.000000007Z");
        assert_eq!((emptied.name, emptied.data), ("emptied", &b""[..]));
        assert_eq!(emptied.recorded_at.to_string(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        for length in 0..EVENTS.len() {
            let torn = AppendRow { events: EVENTS[..length].to_vec(), ..row() };
            assert!(torn.decode().is_none(), "{length} bytes");
        }
        for index in 0..EVENTS.len() {
            let mut events = EVENTS.to_vec();
            events[index] ^= 0xff;
            let _ = AppendRow { events, ..row() }.decode();
        }
    }
}
