//! Unit price, which may be finer than the minor unit.

use crate::{Currency, Decimal, Money, MoneyError, Rounding, decimal, money, rounding};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// Price of one unit: never negative, with up to four decimals of the major unit. It is rounded to money only after it was
/// multiplied by a quantity.
///
/// ```
/// use kernel::{Currency, Money, MoneyError, UnitPrice};
///
/// let price = UnitPrice::parse_major("0.0125", Currency::EUR)?;
/// assert_eq!(price.extend(1_001)?, Money::new(1251, Currency::EUR));
/// assert_eq!(price.rounded(), Money::new(1, Currency::EUR));
/// # Ok::<(), MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "UnitPriceJson", into = "UnitPriceJson")]
pub struct UnitPrice {
    /// Price in ten-thousandths of the major unit.
    ten_thousandths: i64,
    currency: Currency,
}

/// Limit of decimals of the major unit; no currency has more.
const DECIMALS: u32 = 4;

impl UnitPrice {
    /// Unit price of a whole number of minor units.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Negative`] or [`MoneyError::Overflow`].
    pub fn from_money(money: Money) -> Result<Self, MoneyError> {
        let ten_thousandths =
            money.amount.checked_mul(per_minor_unit(money.currency)).ok_or(MoneyError::Overflow)?;
        Self::new(ten_thousandths, money.currency)
    }

    /// Parses a price in major units, such as `"0.0125"`. Never rounded.
    ///
    /// # Errors
    ///
    /// * [`MoneyError::NotANumber`] for text that is not a plain decimal number.
    /// * [`MoneyError::TooManyDecimals`] for more than four decimals.
    /// * [`MoneyError::Negative`] or [`MoneyError::Overflow`].
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(money::parse_units(text, currency, DECIMALS)?, currency)
    }

    /// Price of zero.
    pub const fn zero(currency: Currency) -> Self {
        Self { ten_thousandths: 0, currency }
    }

    /// Currency of the price.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the price is zero.
    pub const fn is_zero(self) -> bool {
        self.ten_thousandths == 0
    }

    /// Extended price: the price of `quantity` units, rounded half up, once.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn extend(self, quantity: i64) -> Result<Money, MoneyError> {
        // Two 64-bit numbers always fit into 128 bits.
        let exact = i128::from(self.ten_thousandths) * i128::from(quantity);
        rounding::divide(exact, i128::from(per_minor_unit(self.currency)), Rounding::HalfUp)
            .and_then(|amount| i64::try_from(amount).ok())
            .map(|amount| Money::new(amount, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    /// Price of one unit as money, rounded half up.
    pub fn rounded(self) -> Money {
        let per_minor = per_minor_unit(self.currency);
        let (minor, rest) = (self.ten_thousandths / per_minor, self.ten_thousandths % per_minor);
        // Never negative, so half up is a plain comparison.
        Money::new(minor + i64::from(rest >= per_minor - rest), self.currency)
    }

    /// Whether the price is a whole number of minor units.
    pub fn is_whole(self) -> bool {
        self.ten_thousandths % per_minor_unit(self.currency) == 0
    }

    /// Price in major units, exactly.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(i128::from(self.ten_thousandths), DECIMALS).expect("four decimals fit")
    }

    /// Compares two prices of one currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        if self.currency == other.currency {
            Ok(self.ten_thousandths.cmp(&other.ten_thousandths))
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    fn new(ten_thousandths: i64, currency: Currency) -> Result<Self, MoneyError> {
        if ten_thousandths < 0 {
            Err(MoneyError::Negative)
        } else {
            Ok(Self { ten_thousandths, currency })
        }
    }
}

/// Ten-thousandths of the major unit in one minor unit.
fn per_minor_unit(currency: Currency) -> i64 {
    10_i64.pow(DECIMALS - currency.decimals())
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            return fmt::Display::fmt(&self.rounded(), out);
        }
        let exact = self.to_decimal();
        decimal::write_scaled(out, exact.mantissa(), exact.scale())?;
        write!(out, " {}", self.currency)
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Price of one unit. It may be finer than the minor unit; then `exact` has it in full.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `amount` and `currency`")]
struct UnitPriceJson {
    /// Price in minor units of the currency, rounded half up.
    #[schemars(range(min = 0))]
    amount: i64,
    /// Currency of the price.
    currency: Currency,
    /// Price in major units with up to four decimals; present only when it is not a whole number of minor
    /// units. When it is sent it counts, and `amount` must be the same price rounded half up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exact: Option<Decimal>,
}

impl From<UnitPrice> for UnitPriceJson {
    fn from(price: UnitPrice) -> Self {
        Self {
            amount: price.rounded().amount,
            currency: price.currency,
            exact: (!price.is_whole()).then(|| price.to_decimal()),
        }
    }
}

impl TryFrom<UnitPriceJson> for UnitPrice {
    type Error = MoneyError;

    fn try_from(json: UnitPriceJson) -> Result<Self, MoneyError> {
        let UnitPriceJson { amount, currency, exact } = json;
        let Some(exact) = exact else {
            return Self::from_money(Money::new(amount, currency));
        };
        if exact.scale() > DECIMALS {
            return Err(MoneyError::TooManyDecimals { currency, decimals: DECIMALS });
        }
        let ten_thousandths = exact
            .rounded(DECIMALS, Rounding::Down)
            .and_then(|ten_thousandths| i64::try_from(ten_thousandths).ok());
        let price = Self::new(ten_thousandths.ok_or(MoneyError::Overflow)?, currency)?;
        if price.rounded().amount == amount { Ok(price) } else { Err(MoneyError::ExactDisagrees) }
    }
}

impl<C> Encode<C> for UnitPrice {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        (self.ten_thousandths, self.currency).encode(encoder, context)
    }
}

impl<'b, C> Decode<'b, C> for UnitPrice {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let (ten_thousandths, currency) = Decode::decode(decoder, context)?;
        Self::new(ten_thousandths, currency).map_err(decode::Error::custom)
    }
}

impl JsonSchema for UnitPrice {
    fn schema_name() -> Cow<'static, str> {
        "UnitPrice".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        UnitPriceJson::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn price(text: &str, currency: Currency) -> UnitPrice {
        UnitPrice::parse_major(text, currency).unwrap()
    }

    #[test]
    fn exact_is_written_only_when_needed() {
        let written = |price: UnitPrice| serde_json::to_value(price).unwrap();
        assert_eq!(
            written(price("19.9", Currency::GBP)),
            json!({"amount": 1990, "currency": "GBP"})
        );
        assert_eq!(
            written(price("0.001", Currency::GBP)),
            json!({"amount": 0, "currency": "GBP", "exact": "0.001"})
        );
        assert_eq!(
            written(price("0.5", Currency::JPY)),
            json!({"amount": 1, "currency": "JPY", "exact": "0.5"})
        );
        assert_eq!(price("0.001", Currency::GBP).to_string(), "0.001 GBP");
        assert_eq!(price("19.9", Currency::GBP).to_string(), "19.90 GBP");
    }

    #[test]
    fn contradictions_and_negative_prices_are_refused() {
        let read = |value: Value| {
            serde_json::from_value::<UnitPrice>(value).map_err(|error| error.to_string())
        };
        assert!(read(json!({"amount": 1, "currency": "GBP", "exact": "0.005"})).is_ok());
        assert!(read(json!({"amount": 1990, "currency": "GBP", "exact": "19.90"})).is_ok());
        for (value, word) in [
            (json!({"amount": 2, "currency": "GBP", "exact": "0.005"}), "another price"),
            (json!({"amount": -1, "currency": "GBP"}), "negative"),
            (json!({"amount": 0, "currency": "GBP", "exact": "-0.001"}), "negative"),
            (json!({"amount": 0, "currency": "GBP", "exact": "0.00001"}), "decimals"),
            (json!({"amount": i64::MAX, "currency": "GBP"}), "too large"),
            (json!({"currency": "GBP", "exact": "0.005"}), "amount"),
        ] {
            let refusal = read(value.clone()).unwrap_err();
            assert!(refusal.contains(word), "{value}: {refusal}");
        }
    }

    #[test]
    fn prices_compare_within_one_currency() {
        let (low, high) = (price("0.0099", Currency::EUR), price("0.01", Currency::EUR));
        assert_eq!(low.compare(high), Ok(Ordering::Less));
        assert_eq!(low.compare(price("1", Currency::USD)).unwrap_err().code(), "currency_mismatch");
        assert_eq!(high.extend(i64::MAX).unwrap().amount, i64::MAX);
        assert_eq!(price("0.02", Currency::EUR).extend(i64::MAX), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn a_price_survives_json_and_one_unit_costs_the_rounded_price(ten_thousandths in 0..i64::MAX) {
            for currency in [Currency::EUR, Currency::JPY, Currency::KWD, "CLF".parse().unwrap()] {
                let price = UnitPrice::new(ten_thousandths, currency).unwrap();
                let text = serde_json::to_string(&price).unwrap();
                prop_assert_eq!(serde_json::from_str::<UnitPrice>(&text).unwrap(), price);
                prop_assert_eq!(price.extend(1).unwrap(), price.rounded());
            }
        }
    }
}
