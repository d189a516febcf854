//! How engines keep counters: as decimal text, so that a counter is a value like any other.

use crate::StorageError;
use bytes::Bytes;

/// The sum of the counter `old` (0 when it is not there) and `by`; it stays at the ends of its range.
pub fn add(old: Option<&Bytes>, by: i64) -> Result<i64, StorageError> {
    Ok(old.map_or(Ok(0), decode)?.saturating_add(by))
}

/// A counter as a value.
pub fn encode(count: i64) -> Bytes {
    Bytes::from(count.to_string())
}

/// A value as a counter.
pub fn decode(value: &Bytes) -> Result<i64, StorageError> {
    let count = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    count.ok_or_else(|| {
        StorageError::Corrupt("a value that is not a number was used as a counter".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_begins_at_zero_and_stays_in_its_range() {
        assert_eq!(add(None, -3).unwrap(), -3);
        assert_eq!(add(Some(&encode(40)), 2).unwrap(), 42);
        assert_eq!(add(Some(&encode(i64::MAX)), 1).unwrap(), i64::MAX);
    }

    #[test]
    fn what_is_not_a_number_is_no_counter() {
        assert!(matches!(
            add(Some(&Bytes::from_static(b"blue")), 1),
            Err(StorageError::Corrupt(_))
        ));
    }
}
