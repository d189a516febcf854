//! Exact decimal numbers for rates and factors: never a binary fraction.

use crate::rounding::{self, Rounding};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An exact decimal number with up to [`Decimal::SCALE_MAX`] decimals, written as text: `"0.0125"`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    // Always without trailing zeros after the point, so that equal numbers are equal values.
    mantissa: i128,
    scale: u32,
}

/// Why something is no [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is no plain decimal number.
    #[error(
        "write a plain decimal number, such as 0.0125: digits, at most one point, no exponent and no spaces"
    )]
    NotANumber,
    /// More decimals than can be kept.
    #[error("the number has more than {} decimals", Decimal::SCALE_MAX)]
    TooManyDecimals,
    /// Too large to be kept exactly.
    #[error("the number is too large")]
    Overflow,
}

impl Decimal {
    /// 1.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };
    /// The most decimals kept.
    pub const SCALE_MAX: u32 = 18;
    /// 0.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// `mantissa` × 10^-`scale`.
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

    /// The number that `text` writes: an optional minus, digits, an optional point with digits after it.
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

    /// The digits as a whole number; with [`Decimal::scale`] the exact fraction `mantissa / 10^scale`.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many decimals it has.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// What the mantissa is divided by: 10^scale.
    pub fn denominator(self) -> i128 {
        10_i128.pow(self.scale)
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is below 0.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// The exact sum.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        let sum = self
            .at_scale(scale)
            .zip(other.at_scale(scale))
            .and_then(|(one, two)| one.checked_add(two));
        Self::new(sum.ok_or(DecimalError::Overflow)?, scale)
    }

    /// The exact difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalError> {
        let negated = other.mantissa.checked_neg().ok_or(DecimalError::Overflow)?;
        self.checked_add(Self { mantissa: negated, scale: other.scale })
    }

    /// The exact product; refused when it has too many decimals, never rounded.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalError> {
        let product = self.mantissa.checked_mul(other.mantissa).ok_or(DecimalError::Overflow)?;
        Self::new(product, self.scale + other.scale)
    }

    /// The number in units of 10^-`decimals`, rounded once: 12.345 with 2 decimals is 1235. `None` if too large.
    pub fn rounded(self, decimals: u32, mode: Rounding) -> Option<i128> {
        if decimals >= self.scale {
            self.at_scale(decimals)
        } else {
            rounding::divide(self.mantissa, 10_i128.checked_pow(self.scale - decimals)?, mode)
        }
    }

    /// The mantissa at a scale at least as large as its own.
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
        struct TextVisitor;

        impl de::Visitor<'_> for TextVisitor {
            type Value = Decimal;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a decimal number as a string, such as \"0.0125\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                Decimal::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TextVisitor)
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
            "description": "An exact decimal number as text, with at most 18 decimals.",
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
    fn equal_numbers_are_equal_and_written_shortest() {
        assert_eq!(decimal("1.50"), decimal("001.5"));
        assert_eq!(decimal("-0.00"), Decimal::ZERO);
        assert_eq!(decimal("-0.0125").to_string(), "-0.0125");
        assert_eq!(decimal("100").to_string(), "100");
        assert_eq!(serde_json::to_string(&decimal("0.190")).unwrap(), "\"0.19\"");
    }

    #[test]
    fn junk_is_refused() {
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
    fn arithmetic_is_exact_or_refused() {
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
        fn order_is_the_order_of_the_numbers(
            one in -100_000_i128..100_000, two in -100_000_i128..100_000, scale_one in 0_u32..6, scale_two in 0_u32..6,
        ) {
            let common = |mantissa: i128, scale: u32| mantissa * 10_i128.pow(6 - scale);
            let order = Decimal::new(one, scale_one).unwrap().cmp(&Decimal::new(two, scale_two).unwrap());
            prop_assert_eq!(order, common(one, scale_one).cmp(&common(two, scale_two)));
        }
    }
}
