//! Retention of the contact details of orders for tax: until the end of a number of calendar years after that of the order.

use super::order::Order;
use kernel::Timestamp;
use std::collections::BTreeMap;

/// Years of retention, by country where one has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) years: u16,
    pub(crate) years_by_country: BTreeMap<String, u16>,
}

impl Retention {
    /// Time until which the contact details of an order are kept; `None` for one that was never confirmed, which is in no books.
    pub(crate) fn end(&self, order: &Order) -> Option<Timestamp> {
        if !order.was_confirmed() {
            return None;
        }
        let placed = &order.placed;
        let years = self.years_by_country.get(&placed.billing_address.country);
        let year: u16 = placed.at.to_string().get(..4)?.parse().ok()?;
        let end = year.checked_add(*years.unwrap_or(&self.years))?.checked_add(1)?;
        Some(format!("{end:04}-01-01T00:00:00Z").parse().unwrap_or(Timestamp::MAX))
    }
}
