//! Amounts of money in minor units, with arithmetic that refuses instead of wrapping.

use crate::{Currency, Decimal, DecimalError, Rounding, decimal, rounding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of money: whole minor units of one currency. 19.90 EUR is 1990.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in minor units of the currency: cents, yen, fils.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why an amount could not be computed or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies met.
    #[error("{left} and {right} cannot be computed together; convert one of them first")]
    CurrencyMismatch {
        /// The currency of the one.
        left: Currency,
        /// The currency of the other.
        right: Currency,
    },
    /// The result is larger than an amount can be.
    #[error("the amount is too large")]
    Overflow,
    /// The text has more decimals than may be written there.
    #[error("{currency} takes at most {decimals} decimals here")]
    TooManyDecimals {
        /// The currency.
        currency: Currency,
        /// How many decimals would be right.
        decimals: u32,
    },
    /// The text is no number.
    #[error("write the amount as a plain decimal number, such as 19.90")]
    NotANumber,
    /// A price below zero.
    #[error("a price is never negative")]
    Negative,
    /// The two forms of one unit price contradict each other.
    #[error(
        "`exact` says another price than `amount`; send one of them, or `amount` as `exact` rounded half up"
    )]
    ExactDisagrees,
    /// An exchange rate of zero or below.
    #[error("an exchange rate is greater than zero")]
    RateNotPositive,
    /// A step of cash below one minor unit.
    #[error("the smallest coin is at least one minor unit")]
    IncrementNotPositive,
}

impl MoneyError {
    /// A stable word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::Overflow => "overflow",
            Self::TooManyDecimals { .. } => "too_many_decimals",
            Self::NotANumber => "not_a_number",
            Self::Negative => "negative",
            Self::ExactDisagrees => "exact_disagrees",
            Self::RateNotPositive => "rate_not_positive",
            Self::IncrementNotPositive => "increment_not_positive",
        }
    }
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount that `text` writes in major units: `"19.9"` EUR is 1990. Never rounded.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let amount = parse_units(text, currency, currency.decimals())?;
        Ok(Self::new(amount, currency))
    }

    /// The amount in major units with all decimals of the currency: `"19.90"`.
    pub fn to_major_string(self) -> String {
        Major(self).to_string()
    }

    /// The sum of two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.amount.checked_add(other.amount))
    }

    /// The difference of two amounts of one currency.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.amount.checked_sub(other.amount))
    }

    /// The exact negative: what gives this back.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        self.with(self.amount.checked_neg())
    }

    /// This many times the amount.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        self.with(self.amount.checked_mul(count))
    }

    /// The part of the amount that `rate` says (0.19 for 19 %), rounded once.
    pub fn portion(self, rate: Decimal, rounding: Rounding) -> Result<Self, MoneyError> {
        let product =
            i128::from(self.amount).checked_mul(rate.mantissa()).ok_or(MoneyError::Overflow)?;
        let part = rounding::divide(product, rate.denominator(), rounding);
        self.with(part.and_then(|part| i64::try_from(part).ok()))
    }

    /// The sum of amounts, all of `currency`; zero if there are none.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Whether it is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.amount < 0
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.amount > 0
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    fn with(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        amount.map(|amount| Self::new(amount, self.currency)).ok_or(MoneyError::Overflow)
    }
}

/// Reads a decimal number of major units as whole units of 10^-`decimals`, refusing what does not fit.
pub(crate) fn parse_units(
    text: &str,
    currency: Currency,
    decimals: u32,
) -> Result<i64, MoneyError> {
    let too_many = MoneyError::TooManyDecimals { currency, decimals };
    let number = Decimal::parse(text).map_err(|error| match error {
        DecimalError::NotANumber => MoneyError::NotANumber,
        DecimalError::TooManyDecimals => too_many,
        DecimalError::Overflow => MoneyError::Overflow,
    })?;
    if number.scale() > decimals {
        return Err(too_many);
    }
    let units = number.rounded(decimals, Rounding::Down);
    units.and_then(|units| i64::try_from(units).ok()).ok_or(MoneyError::Overflow)
}

/// An amount written in major units, without the currency.
struct Major(Money);

impl fmt::Display for Major {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_scaled(out, i128::from(self.0.amount), self.0.currency.decimals())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", Major(*self), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_written_with_the_decimals_of_its_currency() {
        assert_eq!(Money::new(1990, Currency::EUR).to_string(), "19.90 EUR");
        assert_eq!(Money::new(-5, Currency::EUR).to_major_string(), "-0.05");
        assert_eq!(Money::new(1999, Currency::JPY).to_major_string(), "1999");
        assert_eq!(Money::new(i64::MIN, Currency::KWD).to_major_string(), "-9223372036854775.808");
    }

    #[test]
    fn json_has_two_fields_and_no_other() {
        let money = Money::new(1990, Currency::EUR);
        let text = json!({"amount": 1990, "currency": "EUR"});
        assert_eq!(serde_json::to_value(money).unwrap(), text);
        assert_eq!(serde_json::from_value::<Money>(text).unwrap(), money);
        for junk in [
            json!({"amount": 19.9, "currency": "EUR"}),
            json!({"amount": "1990", "currency": "EUR"}),
            json!({"amount": 1990}),
            json!({"amount": 1990, "currency": "EUR", "cents": 1}),
        ] {
            assert!(serde_json::from_value::<Money>(junk.clone()).is_err(), "{junk}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_refused() {
        let least = Money::new(i64::MIN, Currency::EUR);
        assert_eq!(least.checked_neg(), Err(MoneyError::Overflow));
        assert_eq!(least.checked_sub(Money::new(1, Currency::EUR)), Err(MoneyError::Overflow));
        assert_eq!(least.times(2), Err(MoneyError::Overflow));
        assert_eq!(
            Money::parse_major("92233720368547758.08", Currency::EUR),
            Err(MoneyError::Overflow)
        );
        let huge = Decimal::new(i128::MAX, 0).unwrap();
        assert_eq!(least.portion(huge, Rounding::HalfUp), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_sum_has_one_currency() {
        let euros = [Money::new(1, Currency::EUR), Money::new(2, Currency::EUR)];
        assert_eq!(Money::sum(Currency::EUR, euros), Ok(Money::new(3, Currency::EUR)));
        assert_eq!(Money::sum(Currency::EUR, []), Ok(Money::zero(Currency::EUR)));
        assert_eq!(Money::sum(Currency::USD, euros).unwrap_err().word(), "currency_mismatch");
    }

    #[test]
    fn a_portion_is_rounded_once() {
        let rate = Decimal::parse("0.19").unwrap();
        assert_eq!(
            Money::new(1250, Currency::EUR).portion(rate, Rounding::HalfUp).unwrap().amount,
            238
        );
        assert_eq!(
            Money::new(-1250, Currency::EUR).portion(rate, Rounding::HalfUp).unwrap().amount,
            -238
        );
    }
}
