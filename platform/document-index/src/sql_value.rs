//! Conversion of values to and from SQL.

use rusqlite::types::{ToSqlOutput, ValueRef};
use storage::FieldValue;

/// Stored number: a position, version or count as a column keeps it.
pub(crate) fn stored_number(number: u64) -> i64 {
    i64::try_from(number).expect("positions and versions count writes and never reach 2^63")
}

/// Bound of a search, which may come from outside. A bound beyond the largest column value saturates: it is beyond every
/// row, too.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Field value as SQL compares it: numbers before text, text byte by byte.
pub(crate) fn from_field(value: &FieldValue) -> ToSqlOutput<'_> {
    match value {
        FieldValue::Integer(number) => ToSqlOutput::from(*number),
        FieldValue::Text(text) => ToSqlOutput::from(text.as_str()),
    }
}

/// Field value of a column.
pub(crate) fn to_field(value: ValueRef<'_>) -> rusqlite::Result<FieldValue> {
    match value {
        ValueRef::Integer(number) => Ok(FieldValue::Integer(number)),
        _ => Ok(FieldValue::Text(value.as_str()?.to_owned())),
    }
}
