//! Price calculation: each amount is rounded once, and totals are sums of rounded amounts.

use super::tax::{self, PriceMode};
use kernel::{Currency, Decimal, Money, MoneyError, UnitPrice};

/// Upper bound of the sum of a cart's lines, in minor units: with delivery and tax on top, no sum overflows.
pub(crate) const CART_AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Sum of the lines of a cart, which stays within [`CART_AMOUNT_MAX`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct CartAmount(Money);

impl CartAmount {
    pub(crate) fn zero(currency: Currency) -> Self {
        Self(Money::zero(currency))
    }

    /// Adds a line, and returns its total; a line with which the cart would be over its limit is not added.
    pub(crate) fn add(&mut self, price: UnitPrice, quantity: i64) -> Option<Money> {
        let total = price.extend(quantity).ok()?;
        let sum = self.0.checked_add(total).ok()?;
        if sum.amount > CART_AMOUNT_MAX {
            return None;
        }
        self.0 = sum;
        Some(total)
    }
}

/// Price breakdown: lines, delivery, tax and total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PriceBreakdown {
    /// In the order of the given lines.
    pub(crate) lines: Vec<LineAmounts>,
    pub(crate) shipping: Money,
    pub(crate) shipping_tax: Money,
    pub(crate) items: Money,
    pub(crate) tax: Money,
    pub(crate) total: Money,
}

/// Amounts of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineAmounts {
    pub(crate) total: Money,
    pub(crate) tax: Money,
}

/// Line totals (price times quantity, rounded once) and their sum.
pub(crate) fn line_totals(
    currency: Currency,
    lines: &[(UnitPrice, i64)],
) -> Result<(Vec<Money>, Money), MoneyError> {
    let totals = lines
        .iter()
        .map(|(price, quantity)| price.extend(*quantity))
        .collect::<Result<Vec<_>, _>>()?;
    let items = Money::sum(currency, totals.iter().copied())?;
    Ok((totals, items))
}

/// Price breakdown of lines, delivery and tax.
pub(crate) fn calculate(
    totals: &[Money],
    items: Money,
    delivery: Option<Money>,
    rate: Decimal,
    mode: PriceMode,
) -> Result<PriceBreakdown, MoneyError> {
    let lines = totals
        .iter()
        .map(|&total| Ok(LineAmounts { total, tax: tax::tax_amount(total, rate, mode)? }))
        .collect::<Result<Vec<_>, MoneyError>>()?;
    let shipping = delivery.unwrap_or(Money::zero(items.currency));
    let shipping_tax = tax::tax_amount(shipping, rate, mode)?;
    let tax = Money::sum(items.currency, lines.iter().map(|line| line.tax).chain([shipping_tax]))?;
    let net_or_gross = items.checked_add(shipping)?;
    let total = match mode {
        PriceMode::Gross => net_or_gross,
        PriceMode::Net => net_or_gross.checked_add(tax)?,
    };
    Ok(PriceBreakdown { lines, shipping, shipping_tax, items, tax, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn priced(units: &[(i64, i64)], shipping: i64, mode: PriceMode) -> PriceBreakdown {
        let eur = |amount| Money::new(amount, Currency::EUR);
        let lines: Vec<_> = units
            .iter()
            .map(|&(price, units)| (UnitPrice::from_money(eur(price)).unwrap(), units))
            .collect();
        let (totals, items) = line_totals(Currency::EUR, &lines).unwrap();
        calculate(&totals, items, Some(eur(shipping)), "0.19".parse().unwrap(), mode).unwrap()
    }

    #[test]
    fn tax_is_included_in_gross_prices_and_added_to_net_prices() {
        let gross = priced(&[(1_999, 2)], 495, PriceMode::Gross);
        assert_eq!(
            (gross.items.amount, gross.total.amount, gross.tax.amount),
            (3_998, 4_493, 638 + 79)
        );
        let net = priced(&[(1_999, 2)], 495, PriceMode::Net);
        assert_eq!((net.total.amount, net.tax.amount), (3_998 + 495 + 760 + 94, 760 + 94));
    }

    #[test]
    fn a_cart_that_is_full_to_its_limit_can_be_priced_with_any_tax() {
        let eur = |amount| Money::new(amount, Currency::EUR);
        let price = |amount| UnitPrice::from_money(eur(amount)).unwrap();
        let mut amount = CartAmount::zero(Currency::EUR);
        assert_eq!(
            amount.add(price(CART_AMOUNT_MAX / 100_000), 100_000),
            Some(eur(CART_AMOUNT_MAX))
        );
        for (over, quantity) in [(1, 1), (CART_AMOUNT_MAX / 4, 100_000), (90_000_000_000_000, 99)] {
            assert_eq!(amount.add(price(over), quantity), None, "{over} x {quantity}");
        }
        assert_eq!(amount.add(price(0), 1), Some(eur(0)));
        let full = eur(CART_AMOUNT_MAX);
        for mode in [PriceMode::Gross, PriceMode::Net] {
            let rate = "99".parse().unwrap();
            assert!(calculate(&[full], full, None, rate, mode).is_ok(), "{mode:?}");
        }
    }

    proptest! {
        #[test]
        fn totals_add_up(units in prop::collection::vec((0_i64..1_000_000, 1_i64..1_000), 0..20), shipping in 0_i64..10_000) {
            for mode in [PriceMode::Gross, PriceMode::Net] {
                let priced = priced(&units, shipping, mode);
                let sum: i64 = priced.lines.iter().map(|line| line.total.amount).sum();
                let tax: i64 = priced.lines.iter().map(|line| line.tax.amount).sum();
                prop_assert_eq!(sum, priced.items.amount);
                prop_assert_eq!(tax + priced.shipping_tax.amount, priced.tax.amount);
                let added = if mode == PriceMode::Net { priced.tax.amount } else { 0 };
                prop_assert_eq!(sum + shipping + added, priced.total.amount);
            }
        }
    }
}
