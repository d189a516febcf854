//! Exact decimal numbers for rates and factors, never binary floating point.

use crate::rounding::{self, Rounding};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Exact decimal number with up to [`Decimal::SCALE_MAX`] decimals: a 128-bit mantissa and a decimal scale. In JSON it is a
/// string such as `"0.0125"`.
///
/// ```
/// use kernel::{Decimal, DecimalError, Rounding};
///
/// let rate = Decimal::parse("0.0125")?;
/// assert_eq!(rate.checked_add(Decimal::ONE)?.to_string(), "1.0125");
/// assert_eq!(Decimal::parse("12.345")?.rounded(2, Rounding::HalfUp), Some(1235));
/// assert_eq!(Decimal::parse("1e3"), Err(DecimalError::NotANumber));
/// # Ok::<(), DecimalError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    // Always without trailing zeros after the point, so that equal numbers are equal values.
    mantissa: i128,
    scale: u32,
}

/// Reasons why a number cannot be a [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Text that is not a plain decimal number.
    #[error(
        "write a plain decimal number, such as 0.0125: digits, at most one point, no exponent and no spaces"
    )]
    NotANumber,
    /// More than [`Decimal::SCALE_MAX`] decimals.
    #[error("the number has more than {} decimals", Decimal::SCALE_MAX)]
    TooManyDecimals,
    /// Mantissa beyond 128 bits.
    #[error("the number is too large")]
    Overflow,
}

impl Decimal {
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };
    /// Limit of decimals: 18.
    pub const SCALE_MAX: u32 = 18;
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// Number `mantissa` × 10^-`scale`.
    ///
    /// # Errors
    ///
    /// [`DecimalError::TooManyDecimals`] when more than [`Decimal::SCALE_MAX`] decimals remain without trailing zeros.
    pub fn new(mantissa: i128, scale: u32) -> Result<Self, DecimalError> {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            if mantissa == 0 {
                return Ok(Self::ZERO);
            }
            mantissa /= 10;
            scale -= 1;
        }
        if scale > Self::SCALE_MAX {
            Err(DecimalError::TooManyDecimals)
        } else {
            Ok(Self { mantissa, scale })
        }
    }

    /// Parses an optional minus, digits, and an optional point with digits after it.
    ///
    /// # Errors
    ///
    /// Each variant of [`DecimalError`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError::NotANumber),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() {
            return Err(DecimalError::NotANumber);
        }
        let mut mantissa = 0_i128;
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > Self::SCALE_MAX as usize
            && decimals.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(DecimalError::TooManyDecimals);
        }
        for digit in whole.bytes().chain(decimals.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(DecimalError::NotANumber);
            }
            let digit = i128::from(digit - b'0');
            let digit = if negative { -digit } else { digit };
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|it| it.checked_add(digit))
                .ok_or(DecimalError::Overflow)?;
        }
        let scale = u32::try_from(decimals.len()).map_err(|_| DecimalError::TooManyDecimals)?;
        Self::new(mantissa, scale)
    }

    /// Mantissa: the number is `mantissa / 10^scale`, without trailing zeros.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Scale: the number of decimals.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// Denominator of the mantissa: 10^scale.
    pub fn denominator(self) -> i128 {
        10_i128.pow(self.scale)
    }

    /// Whether the number is 0.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether the number is below 0.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Adds exactly.
    ///
    /// # Errors
    ///
    /// [`DecimalError::Overflow`] when the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        let sum = self
            .at_scale(scale)
            .zip(other.at_scale(scale))
            .and_then(|(one, two)| one.checked_add(two));
        Self::new(sum.ok_or(DecimalError::Overflow)?, scale)
    }

    /// Subtracts exactly.
    ///
    /// # Errors
    ///
    /// [`DecimalError::Overflow`] when the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalError> {
        let negated = other.mantissa.checked_neg().ok_or(DecimalError::Overflow)?;
        self.checked_add(Self { mantissa: negated, scale: other.scale })
    }

    /// Multiplies exactly, without rounding.
    ///
    /// # Errors
    ///
    /// * [`DecimalError::TooManyDecimals`] when the result has too many decimals.
    /// * [`DecimalError::Overflow`] when it does not fit.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalError> {
        let product = self.mantissa.checked_mul(other.mantissa).ok_or(DecimalError::Overflow)?;
        Self::new(product, self.scale + other.scale)
    }

    /// Number in units of 10^-`decimals`, rounded once: 12.345 with 2 decimals is 1235. `None` when it does not fit.
    pub fn rounded(self, decimals: u32, mode: Rounding) -> Option<i128> {
        if decimals >= self.scale {
            self.at_scale(decimals)
        } else {
            rounding::divide(self.mantissa, 10_i128.checked_pow(self.scale - decimals)?, mode)
        }
    }

    /// Mantissa at a scale at least as large as its own.
    fn at_scale(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self { mantissa: i128::from(whole), scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Whole part first, then the decimals at one scale: bringing both mantissas to one scale could overflow.
        let parts = |it: &Self| {
            let unit = it.denominator();
            (it.mantissa / unit, it.mantissa % unit * 10_i128.pow(Self::SCALE_MAX - it.scale))
        };
        parts(self).cmp(&parts(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(out, self.mantissa, self.scale)
    }
}

/// Writes `mantissa` × 10^-`scale` with exactly `scale` decimals.
pub(crate) fn write_scaled(
    out: &mut fmt::Formatter<'_>,
    mantissa: i128,
    scale: u32,
) -> fmt::Result {
    let unit = 10_u128.pow(scale);
    let sign = if mantissa < 0 { "-" } else { "" };
    let (whole, decimals) = (mantissa.unsigned_abs() / unit, mantissa.unsigned_abs() % unit);
    if scale == 0 {
        write!(out, "{sign}{whole}")
    } else {
        write!(out, "{sign}{whole}.{decimals:0width$}", width = scale as usize)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecimalVisitor;

        impl de::Visitor<'_> for DecimalVisitor {
            type Value = Decimal;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a decimal number as a string, such as \"0.0125\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                Decimal::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(DecimalVisitor)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
            "description": "Exact decimal number as text, with at most 18 decimals.",
            "examples": ["0.0125"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_are_equal_values_and_have_one_text() {
        assert_eq!(decimal("1.50"), decimal("001.5"));
        assert_eq!(decimal("-0.00"), Decimal::ZERO);
        assert_eq!(decimal("-0.0125").to_string(), "-0.0125");
        assert_eq!(decimal("100").to_string(), "100");
        assert_eq!(serde_json::to_string(&decimal("0.190")).unwrap(), "\"0.19\"");
    }

    #[test]
    fn text_that_is_no_plain_decimal_number_is_refused() {
        for text in [
            "", "-", ".5", "5.", "1e3", "+1", " 1", "1,5", "1.2.3", "--1", "NaN", "१", "0x1",
            "1.0z", "1.00 ",
        ] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::NotANumber), "{text:?}");
        }
        assert_eq!(Decimal::parse("0.0000000000000000001"), Err(DecimalError::TooManyDecimals));
        assert_eq!(Decimal::parse(&"9".repeat(60)), Err(DecimalError::Overflow));
        assert!(serde_json::from_str::<Decimal>("0.5").is_err());
    }

    #[test]
    fn arithmetic_is_exact_or_an_error() {
        assert_eq!(decimal("0.1").checked_add(decimal("0.2")), Ok(decimal("0.3")));
        assert_eq!(decimal("0.1").checked_sub(decimal("0.25")), Ok(decimal("-0.15")));
        assert_eq!(decimal("9.99").checked_mul(decimal("1.0847")), Ok(decimal("10.836153")));
        let small = decimal("0.0000000001");
        assert_eq!(small.checked_mul(small), Err(DecimalError::TooManyDecimals));
        let large = Decimal::new(i128::MAX, 0).unwrap();
        assert_eq!(large.checked_mul(decimal("2")), Err(DecimalError::Overflow));
        assert_eq!(large.checked_add(decimal("0.1")), Err(DecimalError::Overflow));
        assert_eq!(decimal("12.345").rounded(2, Rounding::HalfUp), Some(1235));
        assert_eq!(decimal("12.345").rounded(4, Rounding::HalfUp), Some(123_450));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_without_panic(text in "\\PC{0,24}") {
            if let Ok(number) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
            }
        }

        #[test]
        fn the_order_is_the_numerical_order(
            one in -100_000_i128..100_000, two in -100_000_i128..100_000, scale_one in 0_u32..6, scale_two in 0_u32..6,
        ) {
            let common = |mantissa: i128, scale: u32| mantissa * 10_i128.pow(6 - scale);
            let order = Decimal::new(one, scale_one).unwrap().cmp(&Decimal::new(two, scale_two).unwrap());
            prop_assert_eq!(order, common(one, scale_one).cmp(&common(two, scale_two)));
        }
    }
}
