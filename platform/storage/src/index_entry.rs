//! Index entry: the position of a document in an index, as bytes that sort as positions do.
//!
//! A number is its tag and eight bytes, big-endian, with the sign bit turned over. A text is its tag and its bytes, ended by a zero; a
//! zero within it is followed by 255, so that a text sorts before every longer one that begins with it. The key comes last, as it
//! is. (The same idea as FoundationDB's tuples.)

use crate::{Direction, FieldValue, IndexPosition, Query};

const INTEGER: u8 = 1;
const TEXT: u8 = 2;
const END: u8 = 0;
/// What follows a zero that belongs to a text.
const ESCAPE: u8 = 0xff;
/// Sorts after every field and every byte of UTF-8.
const AFTER_ALL: u8 = 0xff;

/// Entry of a document at this position.
pub fn encode(position: &IndexPosition) -> Vec<u8> {
    let IndexPosition(values, key) = position;
    let mut entry = fields(values);
    entry.extend(key.as_bytes());
    entry
}

/// Position of an entry in an index of so many fields; `None` when it is none.
pub fn decode(entry: &[u8], fields: usize) -> Option<IndexPosition> {
    let mut rest = entry;
    let mut values = Vec::with_capacity(fields);
    for _ in 0..fields {
        let (tag, value) = rest.split_first()?;
        match *tag {
            INTEGER => {
                let (number, after) = value.split_first_chunk::<8>()?;
                values.push(FieldValue::Integer(i64::from_be_bytes(*number) ^ i64::MIN));
                rest = after;
            }
            TEXT => {
                let (text, after) = text(value)?;
                values.push(FieldValue::Text(text));
                rest = after;
            }
            _ => return None,
        }
    }
    Some(IndexPosition(values, String::from_utf8(rest.to_vec()).ok()?))
}

/// Text up to its end, and what comes after.
fn text(mut bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    loop {
        let zero = bytes.iter().position(|byte| *byte == END)?;
        text.extend(&bytes[..zero]);
        bytes = &bytes[zero + 1..];
        if bytes.first() != Some(&ESCAPE) {
            return Some((String::from_utf8(text).ok()?, bytes));
        }
        text.push(END);
        bytes = &bytes[1..];
    }
}

fn fields(values: &[FieldValue]) -> Vec<u8> {
    let mut entry = Vec::new();
    for value in values {
        match value {
            FieldValue::Integer(number) => {
                entry.push(INTEGER);
                entry.extend((number ^ i64::MIN).to_be_bytes());
            }
            FieldValue::Text(text) => {
                entry.push(TEXT);
                for byte in text.bytes() {
                    entry.push(byte);
                    if byte == END {
                        entry.push(ESCAPE);
                    }
                }
                entry.push(END);
            }
        }
    }
    entry
}

/// Range of entries: from the first one, inclusive, to the second, exclusive.
#[derive(Debug, PartialEq, Eq)]
pub struct EntryRange {
    /// First entry.
    pub from: Vec<u8>,
    /// Entry that the range ends before.
    pub until: Vec<u8>,
}

impl EntryRange {
    /// Entries of the page that a query asks for, and of those after it.
    pub fn of_page(query: &Query) -> Self {
        let mut range = Self::of(query);
        if let Some(after) = query.after.as_ref().map(encode) {
            match query.direction {
                // The range begins after the position: with the next longer entry.
                Direction::Ascending => range.from = range.from.max([&after[..], &[0]].concat()),
                Direction::Descending => range.until = range.until.min(after),
            }
        }
        range
    }

    /// Entries that a query asks for, its position set aside.
    fn of(query: &Query) -> Self {
        let prefix = fields(&query.equals);
        let bound =
            |value: &FieldValue| [&prefix[..], &fields(std::slice::from_ref(value))].concat();
        let from = query.from.as_ref().map_or_else(|| prefix.clone(), bound);
        let until = query.until.as_ref().map(bound);
        let until = until.unwrap_or_else(|| [&prefix[..], &[AFTER_ALL]].concat());
        Self { from, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<FieldValue> {
        let texts =
            ["", "\0", "\0\0", "\0\u{1}", "a", "a\0", "a\0b", "a\u{1}", "ab", "ä", "\u{10ffff}"];
        let numbers = [i64::MIN, -256, -1, 0, 1, 255, 256, i64::MAX];
        let mut values: Vec<_> = numbers.into_iter().map(FieldValue::Integer).collect();
        values.extend(texts.into_iter().map(|text| FieldValue::Text(text.to_owned())));
        values
    }

    #[test]
    fn entries_sort_as_their_positions_and_come_back() {
        let mut positions = Vec::new();
        for first in values() {
            for second in values() {
                for key in ["", "\0", "k", "k\0", "kk"] {
                    positions
                        .push(IndexPosition(vec![first.clone(), second.clone()], key.to_owned()));
                }
            }
        }
        let entries: Vec<_> = positions.iter().map(encode).collect();
        for (one, entry) in positions.iter().zip(&entries) {
            assert_eq!(decode(entry, 2).as_ref(), Some(one));
            for (other, other_entry) in positions.iter().zip(&entries) {
                assert_eq!(one.cmp(other), entry.cmp(other_entry), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_entry_are_refused() {
        for wrong in [&[][..], &[INTEGER, 1, 2], &[TEXT, b'a'], &[9], &[TEXT, END, 0xc3]] {
            assert_eq!(decode(wrong, 1), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_range_has_what_the_query_asks_for() {
        let query = Query {
            equals: vec![FieldValue::Text("red".to_owned())],
            from: Some(FieldValue::Integer(2)),
            until: Some(FieldValue::Integer(4)),
            ..Query::all("by_colour_and_size", 10)
        };
        let range = EntryRange::of(&query);
        let has = |colour: &str, size| {
            let values = vec![FieldValue::Text(colour.to_owned()), FieldValue::Integer(size)];
            let entry = encode(&IndexPosition(values, "key".to_owned()));
            range.from <= entry && entry < range.until
        };
        let found: Vec<_> = (0..6).filter(|size| has("red", *size)).collect();
        assert_eq!(found, [2, 3]);
        assert!(!has("re", 3) && !has("redder", 3) && !has("red\0", 3));
    }

    #[test]
    fn a_page_begins_after_the_position_of_the_one_before_it() {
        let position = |size| IndexPosition(vec![FieldValue::Integer(size)], "key".to_owned());
        let found = |direction| {
            let query = Query { direction, after: Some(position(3)), ..Query::all("by_size", 10) };
            let range = EntryRange::of_page(&query);
            let has = |size: &i64| {
                let entry = encode(&position(*size));
                range.from <= entry && entry < range.until
            };
            (0..6).filter(has).collect::<Vec<_>>()
        };
        assert_eq!(found(Direction::Ascending), [4, 5]);
        assert_eq!(found(Direction::Descending), [0, 1, 2]);
    }
}
