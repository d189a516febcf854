//! What lines come to: each named amount is rounded once, totals are sums of rounded amounts.

use super::{
    shipping::Offer,
    tax::{self, PriceMode},
};
use kernel::{Currency, Decimal, Money, MoneyError, UnitPrice};

/// Lines, delivery and tax, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    /// In the order of the lines that were given.
    pub(crate) lines: Vec<PricedLine>,
    pub(crate) shipping: Money,
    pub(crate) shipping_tax: Money,
    pub(crate) items: Money,
    pub(crate) tax: Money,
    pub(crate) total: Money,
}

/// A line with its amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PricedLine {
    pub(crate) total: Money,
    pub(crate) tax: Money,
}

/// Price times quantity of each line, rounded once.
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

/// Adds lines, delivery and tax up.
pub(crate) fn price(
    totals: &[Money],
    items: Money,
    delivery: Option<&Offer>,
    rate: Decimal,
    mode: PriceMode,
) -> Result<Priced, MoneyError> {
    let lines = totals
        .iter()
        .map(|&total| Ok(PricedLine { total, tax: tax::tax(total, rate, mode)? }))
        .collect::<Result<Vec<_>, MoneyError>>()?;
    let shipping = delivery.map_or(Money::zero(items.currency), |offer| offer.price);
    let shipping_tax = tax::tax(shipping, rate, mode)?;
    let tax = Money::sum(items.currency, lines.iter().map(|line| line.tax).chain([shipping_tax]))?;
    let net_or_gross = items.checked_add(shipping)?;
    let total = match mode {
        PriceMode::Gross => net_or_gross,
        PriceMode::Net => net_or_gross.checked_add(tax)?,
    };
    Ok(Priced { lines, shipping, shipping_tax, items, tax, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn priced(units: &[(i64, i64)], shipping: i64, mode: PriceMode) -> Priced {
        let eur = |amount| Money::new(amount, Currency::EUR);
        let lines: Vec<_> = units
            .iter()
            .map(|&(price, units)| (UnitPrice::from_money(eur(price)).unwrap(), units))
            .collect();
        let (totals, items) = line_totals(Currency::EUR, &lines).unwrap();
        let (code, label, free_from, days) = (String::new(), String::new(), None, [1, 2]);
        let offer = Offer { code, label, price: eur(shipping), free_from, days };
        price(&totals, items, Some(&offer), "0.19".parse().unwrap(), mode).unwrap()
    }

    #[test]
    fn gross_prices_stand_and_net_prices_grow_by_the_tax() {
        let gross = priced(&[(1_999, 2)], 495, PriceMode::Gross);
        assert_eq!(
            (gross.items.amount, gross.total.amount, gross.tax.amount),
            (3_998, 4_493, 638 + 79)
        );
        let net = priced(&[(1_999, 2)], 495, PriceMode::Net);
        assert_eq!((net.total.amount, net.tax.amount), (3_998 + 495 + 760 + 94, 760 + 94));
    }

    proptest! {
        #[test]
        fn documents_add_up(units in prop::collection::vec((0_i64..1_000_000, 1_i64..1_000), 0..20), shipping in 0_i64..10_000) {
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
