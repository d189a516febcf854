//! Range of a number, checked when the setting is read.

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Deserializes a number within a range, for `#[serde(deserialize_with = …)]`: a value outside of it is refused at the
/// start, with the key and the range.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Limits {
///     #[serde(deserialize_with = "settings::within::<1, 100, _, _>")]
///     guests_max: usize,
/// }
///
/// assert_eq!(serde_json::from_str::<Limits>(r#"{"guests_max": 100}"#).unwrap().guests_max, 100);
/// let error = serde_json::from_str::<Limits>(r#"{"guests_max": 0}"#).err().unwrap();
/// assert!(error.to_string().contains("expected a whole number between 1 and 100"));
/// ```
///
/// # Errors
///
/// The value is no whole number, or outside the range.
pub fn within<'de, const MIN: u64, const MAX: u64, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    deserializer.deserialize_u64(RangeVisitor::<MIN, MAX, T>(PhantomData))
}

struct RangeVisitor<const MIN: u64, const MAX: u64, T>(PhantomData<T>);

impl<const MIN: u64, const MAX: u64, T: TryFrom<u64>> Visitor<'_> for RangeVisitor<MIN, MAX, T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a whole number between {MIN} and {MAX}")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        let within = Some(value).filter(|value| (MIN..=MAX).contains(value));
        within
            .and_then(|value| T::try_from(value).ok())
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(value), &self))
    }
}
