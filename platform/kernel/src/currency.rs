//! Currencies of ISO 4217 and their minor units.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Currency in use, by its ISO 4217 code. In JSON it is the code.
///
/// ```
/// use kernel::Currency;
///
/// let yen = Currency::parse("JPY")?;
/// assert_eq!((yen.code(), yen.decimals()), ("JPY", 0));
/// assert_eq!(Currency::KWD.decimals(), 3);
/// assert!(Currency::parse("eur").is_err(), "codes are in capitals");
/// # Ok::<(), kernel::UnknownCurrency>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(
    // The index in `CODES`: one byte keeps an amount of money at two machine words.
    u8,
);

/// Error of a code that no currency in use has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{code:?} is not the code of a currency in use; write three capital letters of ISO 4217, such as EUR"
)]
pub struct UnknownCurrency {
    /// Code as written, cut to 12 characters.
    pub code: String,
}

impl Currency {
    /// Swiss franc.
    pub const CHF: Self = Self::listed("CHF");
    /// Euro.
    pub const EUR: Self = Self::listed("EUR");
    /// Pound sterling.
    pub const GBP: Self = Self::listed("GBP");
    /// Japanese yen, which has no decimals.
    pub const JPY: Self = Self::listed("JPY");
    /// Kuwaiti dinar, which has three decimals.
    pub const KWD: Self = Self::listed("KWD");
    /// US dollar.
    pub const USD: Self = Self::listed("USD");

    /// Parses an ISO 4217 code, which has three capital letters.
    ///
    /// # Errors
    ///
    /// [`UnknownCurrency`] for any other text.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let index = CODES.binary_search_by(|(listed, _)| (*listed).cmp(code)).ok();
        index
            .and_then(|index| u8::try_from(index).ok())
            .map(Self)
            .ok_or_else(|| UnknownCurrency { code: code.chars().take(12).collect() })
    }

    /// ISO 4217 code: three capital letters.
    pub fn code(self) -> &'static str {
        CODES[usize::from(self.0)].0
    }

    /// Number of decimals of an amount in major units (the ISO 4217 exponent): 2 for EUR, 0 for JPY, 3 for KWD; at most 4.
    pub fn decimals(self) -> u32 {
        CODES[usize::from(self.0)].1
    }

    /// Every currency in use, in the order of the codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(CODES.len()).map(Self)
    }

    /// Constant for a code in the list; any other stops the compiler.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the list has fewer than 256 rows, which a test checks"
    )]
    const fn listed(code: &str) -> Self {
        let wanted = code.as_bytes();
        let mut index = 0;
        loop {
            let listed = CODES[index].0.as_bytes();
            if listed[0] == wanted[0] && listed[1] == wanted[1] && listed[2] == wanted[2] {
                return Self(index as u8);
            }
            index += 1;
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::parse(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeVisitor;

        impl de::Visitor<'_> for CodeVisitor {
            type Value = Currency;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the code of a currency, such as \"EUR\"")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::parse(code).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(CodeVisitor)
    }
}

impl<C> Encode<C> for Currency {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.str(self.code())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Currency {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::parse(decoder.str()?).map_err(decode::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "Currency by its ISO 4217 code.",
            "examples": ["EUR"],
        })
    }
}

/// Code and decimals of every currency in use, by code (ISO 4217 list one). Metals, bonds, drawing rights and test codes,
/// which have no minor unit, are left out: nothing is sold in them.
#[rustfmt::skip]
const CODES: &[(&str, u32)] = &[
    ("AED", 2), ("AFN", 2), ("ALL", 2), ("AMD", 2), ("AOA", 2), ("ARS", 2), ("AUD", 2), ("AWG", 2), ("AZN", 2),
    ("BAM", 2), ("BBD", 2), ("BDT", 2), ("BHD", 3), ("BIF", 0), ("BMD", 2), ("BND", 2), ("BOB", 2), ("BOV", 2),
    ("BRL", 2), ("BSD", 2), ("BTN", 2), ("BWP", 2), ("BYN", 2), ("BZD", 2), ("CAD", 2), ("CDF", 2), ("CHE", 2),
    ("CHF", 2), ("CHW", 2), ("CLF", 4), ("CLP", 0), ("CNY", 2), ("COP", 2), ("COU", 2), ("CRC", 2), ("CUP", 2),
    ("CVE", 2), ("CZK", 2), ("DJF", 0), ("DKK", 2), ("DOP", 2), ("DZD", 2), ("EGP", 2), ("ERN", 2), ("ETB", 2),
    ("EUR", 2), ("FJD", 2), ("FKP", 2), ("GBP", 2), ("GEL", 2), ("GHS", 2), ("GIP", 2), ("GMD", 2), ("GNF", 0),
    ("GTQ", 2), ("GYD", 2), ("HKD", 2), ("HNL", 2), ("HTG", 2), ("HUF", 2), ("IDR", 2), ("ILS", 2), ("INR", 2),
    ("IQD", 3), ("IRR", 2), ("ISK", 0), ("JMD", 2), ("JOD", 3), ("JPY", 0), ("KES", 2), ("KGS", 2), ("KHR", 2),
    ("KMF", 0), ("KPW", 2), ("KRW", 0), ("KWD", 3), ("KYD", 2), ("KZT", 2), ("LAK", 2), ("LBP", 2), ("LKR", 2),
    ("LRD", 2), ("LSL", 2), ("LYD", 3), ("MAD", 2), ("MDL", 2), ("MGA", 2), ("MKD", 2), ("MMK", 2), ("MNT", 2),
    ("MOP", 2), ("MRU", 2), ("MUR", 2), ("MVR", 2), ("MWK", 2), ("MXN", 2), ("MXV", 2), ("MYR", 2), ("MZN", 2),
    ("NAD", 2), ("NGN", 2), ("NIO", 2), ("NOK", 2), ("NPR", 2), ("NZD", 2), ("OMR", 3), ("PAB", 2), ("PEN", 2),
    ("PGK", 2), ("PHP", 2), ("PKR", 2), ("PLN", 2), ("PYG", 0), ("QAR", 2), ("RON", 2), ("RSD", 2), ("RUB", 2),
    ("RWF", 0), ("SAR", 2), ("SBD", 2), ("SCR", 2), ("SDG", 2), ("SEK", 2), ("SGD", 2), ("SHP", 2), ("SLE", 2),
    ("SOS", 2), ("SRD", 2), ("SSP", 2), ("STN", 2), ("SVC", 2), ("SYP", 2), ("SZL", 2), ("THB", 2), ("TJS", 2),
    ("TMT", 2), ("TND", 3), ("TOP", 2), ("TRY", 2), ("TTD", 2), ("TWD", 2), ("TZS", 2), ("UAH", 2), ("UGX", 0),
    ("USD", 2), ("USN", 2), ("UYI", 0), ("UYU", 2), ("UYW", 4), ("UZS", 2), ("VED", 2), ("VES", 2), ("VND", 0),
    ("VUV", 0), ("WST", 2), ("XAD", 2), ("XAF", 0), ("XCD", 2), ("XCG", 2), ("XOF", 0), ("XPF", 0), ("YER", 2),
    ("ZAR", 2), ("ZMW", 2), ("ZWG", 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_code_parses_to_itself() {
        assert!(CODES.is_sorted_by(|one, two| one.0 < two.0));
        assert!(CODES.len() < 256);
        assert_eq!(Currency::all().count(), CODES.len());
        for currency in Currency::all() {
            assert_eq!(Currency::parse(currency.code()), Ok(currency));
            assert!(currency.decimals() <= 4);
        }
    }

    #[test]
    fn decimals_come_from_the_standard() {
        let decimals = [Currency::EUR, Currency::JPY, Currency::KWD].map(Currency::decimals);
        assert_eq!(decimals, [2, 0, 3]);
        assert_eq!(Currency::parse("ISK").unwrap().decimals(), 0);
    }

    #[test]
    fn only_the_exact_code_is_accepted() {
        for code in ["eur", "EU", "EURO", "", "XXX", "€", "EUR "] {
            assert!(Currency::parse(code).is_err(), "{code:?}");
            assert!(serde_json::from_value::<Currency>(code.into()).is_err(), "{code:?}");
        }
        assert_eq!(serde_json::to_string(&Currency::GBP).unwrap(), "\"GBP\"");
        assert_eq!(serde_json::from_str::<Currency>("\"GBP\"").unwrap(), Currency::GBP);
    }
}
