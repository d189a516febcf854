//! The price of one unit, which may be finer than the smallest coin.

use crate::{Currency, Decimal, Money, MoneyError, Rounding, decimal, money, rounding};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The price of one unit: never negative, with up to four decimals of the major unit. It is rounded to money only
/// after it was multiplied by a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct UnitPrice {
    /// Ten-thousandths of the major unit.
    fine: i64,
    currency: Currency,
}

/// How many decimals of the major unit a unit price has at most; no currency has more.
const DECIMALS: u32 = 4;

impl UnitPrice {
    /// The price that is a whole number of minor units. Refuses a negative one.
    pub fn from_money(money: Money) -> Result<Self, MoneyError> {
        let fine =
            money.amount.checked_mul(fine_per_minor(money.currency)).ok_or(MoneyError::Overflow)?;
        Self::new(fine, money.currency)
    }

    /// The price that `text` writes in major units: `"0.0125"`.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(money::parse_units(text, currency, DECIMALS)?, currency)
    }

    /// A free unit.
    pub const fn zero(currency: Currency) -> Self {
        Self { fine: 0, currency }
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether a unit costs nothing.
    pub const fn is_zero(self) -> bool {
        self.fine == 0
    }

    /// The price of `quantity` units, rounded half up, once.
    pub fn extend(self, quantity: i64) -> Result<Money, MoneyError> {
        self.extend_rounding(quantity, Rounding::HalfUp)
    }

    /// The price of `quantity` units, rounded once the way a channel asks for.
    pub fn extend_rounding(self, quantity: i64, mode: Rounding) -> Result<Money, MoneyError> {
        // Two 64-bit numbers always fit into 128 bits.
        let exact = i128::from(self.fine) * i128::from(quantity);
        rounding::divide(exact, i128::from(fine_per_minor(self.currency)), mode)
            .and_then(|amount| i64::try_from(amount).ok())
            .map(|amount| Money::new(amount, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    /// The price of one unit as money, rounded half up.
    pub fn rounded(self) -> Money {
        let per_minor = fine_per_minor(self.currency);
        let (minor, rest) = (self.fine / per_minor, self.fine % per_minor);
        // Never negative, so half up is a plain comparison.
        Money::new(minor + i64::from(rest >= per_minor - rest), self.currency)
    }

    /// Whether the price is a whole number of minor units.
    pub fn is_whole(self) -> bool {
        self.fine % fine_per_minor(self.currency) == 0
    }

    /// The price in major units.
    pub fn to_decimal(self) -> Decimal {
        // Four decimals are always few enough.
        Decimal::new(i128::from(self.fine), DECIMALS).unwrap_or(Decimal::ZERO)
    }

    /// The order of two prices of one currency.
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        if self.currency == other.currency {
            Ok(self.fine.cmp(&other.fine))
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    fn new(fine: i64, currency: Currency) -> Result<Self, MoneyError> {
        if fine < 0 { Err(MoneyError::Negative) } else { Ok(Self { fine, currency }) }
    }
}

/// How many ten-thousandths of the major unit one minor unit has.
fn fine_per_minor(currency: Currency) -> i64 {
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

/// The price of one unit. It may be finer than the smallest coin; then `exact` has it in full.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The price in minor units of the currency, rounded half up.
    #[schemars(range(min = 0))]
    amount: i64,
    /// The currency.
    currency: Currency,
    /// The price in major units with up to four decimals; present only when it is not a whole number of minor
    /// units. When it is sent it counts, and `amount` must be the same price rounded half up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exact: Option<Decimal>,
}

impl From<UnitPrice> for Written {
    fn from(price: UnitPrice) -> Self {
        Self {
            amount: price.rounded().amount,
            currency: price.currency,
            exact: (!price.is_whole()).then(|| price.to_decimal()),
        }
    }
}

impl TryFrom<Written> for UnitPrice {
    type Error = MoneyError;

    fn try_from(written: Written) -> Result<Self, MoneyError> {
        let Written { amount, currency, exact } = written;
        let Some(exact) = exact else {
            return Self::from_money(Money::new(amount, currency));
        };
        if exact.scale() > DECIMALS {
            return Err(MoneyError::TooManyDecimals { currency, decimals: DECIMALS });
        }
        let fine =
            exact.rounded(DECIMALS, Rounding::Down).and_then(|fine| i64::try_from(fine).ok());
        let price = Self::new(fine.ok_or(MoneyError::Overflow)?, currency)?;
        if price.rounded().amount == amount { Ok(price) } else { Err(MoneyError::ExactDisagrees) }
    }
}

impl JsonSchema for UnitPrice {
    fn schema_name() -> Cow<'static, str> {
        "UnitPrice".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
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
        assert_eq!(low.compare(price("1", Currency::USD)).unwrap_err().word(), "currency_mismatch");
        assert_eq!(high.extend(i64::MAX).unwrap().amount, i64::MAX);
        assert_eq!(price("0.02", Currency::EUR).extend(i64::MAX), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn a_price_comes_back_from_json_and_one_unit_costs_the_rounded_price(fine in 0..i64::MAX) {
            for currency in [Currency::EUR, Currency::JPY, Currency::KWD, "CLF".parse().unwrap()] {
                let price = UnitPrice::new(fine, currency).unwrap();
                let text = serde_json::to_string(&price).unwrap();
                prop_assert_eq!(serde_json::from_str::<UnitPrice>(&text).unwrap(), price);
                prop_assert_eq!(price.extend(1).unwrap(), price.rounded());
            }
        }
    }
}
