//! Money in minor units, with checked arithmetic that never wraps, rounds silently or mixes currencies.

use crate::{Currency, Decimal, DecimalError, Rounding, decimal, rounding};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Amount of money: whole minor units of one currency, so 19.90 EUR is 1990. In JSON it is
/// `{"amount": 1990, "currency": "EUR"}`.
///
/// ```
/// use kernel::{Currency, Decimal, Money, MoneyError, Rounding};
///
/// let amount = Money::parse_major("19.90", Currency::EUR)?;
/// assert_eq!(amount, Money::new(1990, Currency::EUR));
/// assert_eq!(amount.times(3)?.to_string(), "59.70 EUR");
/// assert_eq!(Money::new(1999, Currency::JPY).to_major_string(), "1999");
///
/// let rate = Decimal::parse("0.19").unwrap();
/// assert_eq!(amount.portion(rate, Rounding::HalfUp)?.amount, 378);
///
/// let mixed = amount.checked_add(Money::new(1, Currency::USD));
/// assert!(matches!(mixed, Err(MoneyError::CurrencyMismatch { .. })));
/// # Ok::<(), MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[schemars(description = "Amount of money: whole minor units of one currency. 19.90 EUR is 1990.")]
pub struct Money {
    /// Amount in minor units of the currency: cents, yen, fils. Negative for what is given back.
    #[n(0)]
    pub amount: i64,
    /// Currency of the amount.
    #[n(1)]
    pub currency: Currency,
}

/// Reasons why an amount cannot be computed or parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Arithmetic with two currencies.
    #[error("{left} and {right} cannot be computed together; convert one of them first")]
    CurrencyMismatch {
        /// Currency of the left operand.
        left: Currency,
        /// Currency of the right operand.
        right: Currency,
    },
    /// Result beyond the range of an amount, which is 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// Text with more decimals than are allowed there.
    #[error("{currency} takes at most {decimals} decimals here")]
    TooManyDecimals {
        /// Currency of the amount.
        currency: Currency,
        /// Number of decimals allowed.
        decimals: u32,
    },
    /// Text that is not a plain decimal number.
    #[error("write the amount as a plain decimal number, such as 19.90")]
    NotANumber,
    /// Unit price below zero.
    #[error("a price is never negative")]
    Negative,
    /// Unit price whose `amount` is not its `exact` rounded half up.
    #[error(
        "`exact` says another price than `amount`; send one of them, or `amount` as `exact` rounded half up"
    )]
    ExactDisagrees,
}

impl MoneyError {
    /// Stable code for programs, such as `currency_mismatch`.
    pub fn code(self) -> &'static str {
        match self {
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::Overflow => "overflow",
            Self::TooManyDecimals { .. } => "too_many_decimals",
            Self::NotANumber => "not_a_number",
            Self::Negative => "negative",
            Self::ExactDisagrees => "exact_disagrees",
        }
    }
}

impl Money {
    /// Amount in minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Amount of zero.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Parses an amount in major units: `"19.9"` EUR is 1990. Never rounded.
    ///
    /// # Errors
    ///
    /// * [`MoneyError::NotANumber`] for text that is not a plain decimal number.
    /// * [`MoneyError::TooManyDecimals`] for more decimals than the currency has, but for zeros at the end.
    /// * [`MoneyError::Overflow`] for an amount that does not fit.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let amount = parse_units(text, currency, currency.decimals())?;
        Ok(Self::new(amount, currency))
    }

    /// Amount in major units with all decimals of the currency: `"19.90"`.
    pub fn to_major_string(self) -> String {
        MajorUnits(self).to_string()
    }

    /// Adds an amount of the same currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_amount(self.amount.checked_add(other.amount))
    }

    /// Subtracts an amount of the same currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_amount(self.amount.checked_sub(other.amount))
    }

    /// Multiplies by a whole number.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_mul(count))
    }

    /// Multiplies by a rate (0.19 for 19 %), rounded once.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn portion(self, rate: Decimal, rounding: Rounding) -> Result<Self, MoneyError> {
        let product =
            i128::from(self.amount).checked_mul(rate.mantissa()).ok_or(MoneyError::Overflow)?;
        let portion = rounding::divide(product, rate.denominator(), rounding);
        self.with_amount(portion.and_then(|portion| i64::try_from(portion).ok()))
    }

    /// Adds up amounts of `currency`; zero for none.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`], also when only a partial sum does not fit.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.amount < 0
    }

    /// Whether the amount is above zero.
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

    fn with_amount(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        amount.map(|amount| Self::new(amount, self.currency)).ok_or(MoneyError::Overflow)
    }
}

/// Parses a decimal number of major units as whole units of 10^-`decimals`, without rounding.
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

/// Display of an amount in major units, without the currency.
struct MajorUnits(Money);

impl fmt::Display for MajorUnits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_scaled(out, i128::from(self.0.amount), self.0.currency.decimals())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", MajorUnits(*self), self.currency)
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
    fn an_amount_is_written_with_the_decimals_of_its_currency() {
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
    fn results_beyond_the_range_are_refused() {
        let least = Money::new(i64::MIN, Currency::EUR);
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
        assert_eq!(Money::sum(Currency::USD, euros).unwrap_err().code(), "currency_mismatch");
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
