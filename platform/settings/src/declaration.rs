//! Declaration of a section: the struct of its settings, with the ranges of its numbers and a check of the whole.

use serde::{Serialize, de::DeserializeOwned};

/// Settings of one section: a struct whose `Default` gives the defaults.
///
/// ```
/// use settings::{Allowed, InvalidSetting, SectionSettings};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct LampSettings {
///     watts: u32,
///     colour: String,
/// }
///
/// impl Default for LampSettings {
///     fn default() -> Self {
///         Self { watts: 5, colour: "white".to_owned() }
///     }
/// }
///
/// impl SectionSettings for LampSettings {
///     const ALLOWED: &'static [Allowed] = &[Allowed::range("watts", 1, 100)];
///
///     fn check(&self) -> Result<(), InvalidSetting> {
///         if self.colour.is_empty() { Err(InvalidSetting::new("colour", "expected a colour")) } else { Ok(()) }
///     }
/// }
/// ```
pub trait SectionSettings: Default + Serialize + DeserializeOwned {
    /// Ranges of the numbers. A number without one is refused when the settings are loaded, whatever its value.
    const ALLOWED: &'static [Allowed];

    /// Checks what neither a type nor a range can say, such as the form of a text. It runs when the settings are loaded,
    /// after types and ranges were checked.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting`] for the first setting that is wrong.
    fn check(&self) -> Result<(), InvalidSetting> {
        Ok(())
    }
}

/// Range of a number, from its smallest to its largest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    path: &'static str,
    min: i64,
    max: i64,
}

impl Allowed {
    /// Range of the whole number at this path below the section, such as `limits.bytes_max`; `*` stands for any one name,
    /// and for any position of a list. Both ends are allowed.
    pub const fn range(path: &'static str, min: i64, max: i64) -> Self {
        assert!(min <= max, "a range begins before it ends");
        Self { path, min, max }
    }

    pub(crate) fn is_for(&self, path: &str) -> bool {
        let (mut own, mut other) = (self.path.split('.'), path.split('.'));
        loop {
            match (own.next(), other.next()) {
                (None, None) => return true,
                (Some("*"), Some(_)) => {}
                (Some(name), Some(other)) if name == other => {}
                _ => return false,
            }
        }
    }

    pub(crate) fn contains(&self, number: i128) -> bool {
        (i128::from(self.min)..=i128::from(self.max)).contains(&number)
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} to {}", self.min, self.max)
    }
}

/// Setting that [`SectionSettings::check`] refuses: its path below the section, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    pub(crate) path: &'static str,
    pub(crate) expected: String,
}

impl InvalidSetting {
    /// Setting at this path below the section. `expected` follows the key and its value: "expected a country code".
    pub fn new(path: &'static str, expected: impl Into<String>) -> Self {
        Self { path, expected: expected.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_for_its_path_alone() {
        let fits = |path, other| Allowed::range(path, 0, 1).is_for(other);
        assert!(fits("a.b", "a.b") && fits("a.*", "a.b") && fits("*.b", "a.b"));
        assert!(
            !fits("a", "a.b") && !fits("a.b", "a") && !fits("a.*", "a") && !fits("a.*", "a.b.c")
        );
    }

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        let range = Allowed::range("a", -2, 3);
        let inside: Vec<_> = (-4..6).filter(|number| range.contains(*number)).collect();
        assert_eq!(inside, [-2, -1, 0, 1, 2, 3]);
        assert!(!range.contains(i128::from(u64::MAX)));
        assert_eq!(range.to_string(), "-2 to 3");
    }
}
