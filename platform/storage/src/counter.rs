//! Encoding of counters as decimal text, shared by the engines, so that a counter is a value like any other.

use crate::StorageError;
use bytes::Bytes;

/// Adds `by` to the encoded counter `old` (0 when there is none). The sum saturates at the ends of `i64`.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when `old` is not a decimal number.
pub fn add(old: Option<&Bytes>, by: i64) -> Result<i64, StorageError> {
    Ok(old.map_or(Ok(0), decode)?.saturating_add(by))
}

/// Encodes a counter as a value.
pub fn encode(count: i64) -> Bytes {
    Bytes::from(count.to_string())
}

/// Decodes a value as a counter.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when the value is not a decimal number within the range of `i64`.
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
    fn a_counter_starts_at_zero_and_saturates() {
        assert_eq!(add(None, -3).unwrap(), -3);
        assert_eq!(add(Some(&encode(40)), 2).unwrap(), 42);
        assert_eq!(add(Some(&encode(i64::MAX)), 1).unwrap(), i64::MAX);
    }

    #[test]
    fn text_that_is_not_a_number_is_not_a_counter() {
        assert!(matches!(
            add(Some(&Bytes::from_static(b"blue")), 1),
            Err(StorageError::Corrupt(_))
        ));
    }
}
