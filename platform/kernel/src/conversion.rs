//! From one currency to another, and from an exact amount to what coins can pay.

use crate::{Currency, Decimal, Money, MoneyError, Rounding, rounding};

/// The amount in another currency at `rate`, which is units of `to` per unit of the amount's own currency.
pub fn convert(
    money: Money,
    to: Currency,
    rate: Decimal,
    rounding: Rounding,
) -> Result<Money, MoneyError> {
    if rate.is_zero() || rate.is_negative() {
        return Err(MoneyError::RateNotPositive);
    }
    let numerator = i128::from(money.amount)
        .checked_mul(rate.mantissa())
        .and_then(|product| product.checked_mul(i128::from(to.minor_per_major())))
        .ok_or(MoneyError::Overflow)?;
    // 10^18 × 10^4 at most: far from the end of the range.
    let denominator = rate.denominator() * i128::from(money.currency.minor_per_major());
    rounding::divide(numerator, denominator, rounding)
        .and_then(|amount| i64::try_from(amount).ok())
        .map(|amount| Money::new(amount, to))
        .ok_or(MoneyError::Overflow)
}

/// An amount as coins pay it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashAmount {
    /// What is to be paid.
    pub due: Money,
    /// The rounding line that leads from the exact amount to the due one.
    pub rounding: Money,
}

/// The amount in steps of the smallest coin: CHF 19.98 in steps of 0.05 (`increment` 5) is 20.00.
pub fn cash_round(
    money: Money,
    increment: i64,
    rounding: Rounding,
) -> Result<CashAmount, MoneyError> {
    if increment <= 0 {
        return Err(MoneyError::IncrementNotPositive);
    }
    let steps = rounding::divide(i128::from(money.amount), i128::from(increment), rounding);
    let due = steps
        .and_then(|steps| steps.checked_mul(i128::from(increment)))
        .and_then(|due| i64::try_from(due).ok())
        .map(|due| Money::new(due, money.currency))
        .ok_or(MoneyError::Overflow)?;
    Ok(CashAmount { due, rounding: due.checked_sub(money)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        let money = Money::new(i64::MAX, Currency::JPY);
        let convert =
            |rate: &str| convert(money, Currency::KWD, rate.parse().unwrap(), Rounding::HalfUp);
        assert_eq!(convert("0"), Err(MoneyError::RateNotPositive));
        assert_eq!(convert("-1"), Err(MoneyError::RateNotPositive));
        assert_eq!(convert("1"), Err(MoneyError::Overflow));
        assert_eq!(cash_round(money, 0, Rounding::HalfUp), Err(MoneyError::IncrementNotPositive));
        assert_eq!(cash_round(money, 10, Rounding::Up), Err(MoneyError::Overflow));
    }
}
