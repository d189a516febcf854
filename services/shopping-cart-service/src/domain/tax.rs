//! Tax calculation: one rate per country, included in the price or added to it.
//!
//! Each line and the delivery are rounded once, half up; the document's tax is the sum of the rounded parts.

use kernel::{Decimal, Money, MoneyError, Rounding, rounding};

/// Price mode: whether prices include tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceMode {
    /// Tax included: tax = round(gross × r / (1 + r)).
    Gross,
    /// Tax added: tax = round(net × r).
    Net,
}

/// Tax included in or added to `amount` at `rate`.
pub(crate) fn tax_amount(
    amount: Money,
    rate: Decimal,
    mode: PriceMode,
) -> Result<Money, MoneyError> {
    let whole = rate.denominator();
    let share = rate.mantissa();
    let base = match mode {
        PriceMode::Gross => whole.checked_add(share).ok_or(MoneyError::Overflow)?,
        PriceMode::Net => whole,
    };
    let numerator = i128::from(amount.amount).checked_mul(share).ok_or(MoneyError::Overflow)?;
    let tax = rounding::divide(numerator, base, Rounding::HalfUp).ok_or(MoneyError::Overflow)?;
    let tax = i64::try_from(tax).map_err(|_| MoneyError::Overflow)?;
    Ok(Money::new(tax, amount.currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Currency;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    #[test]
    fn tax_is_extracted_from_gross_and_added_to_net_prices() {
        let rate = |text: &str| text.parse::<Decimal>().unwrap();
        // TAX-01, TAX-02 and the discounted lines of TAX-14 of the rule book.
        assert_eq!(tax_amount(eur(11_900), rate("0.19"), PriceMode::Gross), Ok(eur(1_900)));
        assert_eq!(tax_amount(eur(1_999), rate("0.19"), PriceMode::Net), Ok(eur(380)));
        let lines = [2_783, 2_321, 1_391, 495]
            .map(|gross| tax_amount(eur(gross), rate("0.19"), PriceMode::Gross));
        assert_eq!(lines, [Ok(eur(444)), Ok(eur(371)), Ok(eur(222)), Ok(eur(79))]);
        assert_eq!(tax_amount(eur(5_000), rate("0"), PriceMode::Gross), Ok(eur(0)));
    }
}
