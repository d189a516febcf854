//! Range of a number, checked when the setting is read.

use serde::{Deserialize, Deserializer, de::Error};

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
/// assert!(error.to_string().starts_with("0 is not between 1 and 100"));
/// ```
///
/// # Errors
///
/// The value is no number, or outside the range.
pub fn within<'de, const MIN: u64, const MAX: u64, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let value = u64::deserialize(deserializer)?;
    let refused = || D::Error::custom(format_args!("{value} is not between {MIN} and {MAX}"));
    if !(MIN..=MAX).contains(&value) {
        return Err(refused());
    }
    T::try_from(value).map_err(|_| refused())
}
