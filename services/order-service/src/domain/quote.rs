//! Quote: priced lines of the cart service, checked and converted into the lines of an order.

use super::{
    events::{Line, Shipping, Totals},
    rejection::Rejection,
};
use identifiers::{ProductId, Sku};
use kernel::{Currency, Money, UnitPrice, allocation};
use std::collections::BTreeMap;

/// Priced lines, delivery and totals, as the cart service quotes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) currency: Currency,
    pub(crate) lines: Vec<QuotedLine>,
    pub(crate) shipping: Shipping,
    pub(crate) totals: Totals,
}

/// Priced line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuotedLine {
    pub(crate) sku: Sku,
    pub(crate) product_id: ProductId,
    pub(crate) name: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) quantity: i64,
    pub(crate) unit_price: UnitPrice,
    pub(crate) total: Money,
    pub(crate) tax: Money,
    pub(crate) tax_rate: String,
}

impl Quote {
    /// Lines of the order, each with the amount paid for it: less its share of the discount, plus tax where prices
    /// exclude it; and the delivery. Together they add up to the total; otherwise the quote is rejected.
    pub(crate) fn paid_lines(self) -> Result<(Vec<Line>, Shipping), Rejection> {
        let weights: Vec<i64> = self.lines.iter().map(|line| line.total.amount).collect();
        let discounts = allocation::allocate(self.totals.discount.amount, &weights)
            .map_err(|_| Rejection::DoesNotAddUp)?;
        let lines = self.lines.into_iter().zip(discounts).map(|(line, discount)| {
            let mut paid = line.total.checked_sub(Money::new(discount, self.currency))?;
            if !self.totals.tax_included {
                paid = paid.checked_add(line.tax)?;
            }
            Ok(line.paid(paid))
        });
        let lines: Vec<Line> = lines.collect::<Result<_, Rejection>>()?;
        let mut delivery = self.shipping.price;
        if !self.totals.tax_included {
            delivery = delivery.checked_add(self.shipping.tax)?;
        }
        let paid = Money::sum(self.currency, lines.iter().map(|line| line.paid))?;
        let whole = lines.iter().all(|line| line.quantity > 0 && !line.paid.is_negative());
        if whole && !lines.is_empty() && paid.checked_add(delivery)? == self.totals.total {
            Ok((lines, self.shipping))
        } else {
            Err(Rejection::DoesNotAddUp)
        }
    }
}

impl QuotedLine {
    fn paid(self, paid: Money) -> Line {
        let Self { sku, product_id, name, options, quantity, .. } = self;
        let Self { unit_price, total, tax, tax_rate, .. } = self;
        Line { sku, product_id, name, options, quantity, unit_price, total, tax, tax_rate, paid }
    }
}
