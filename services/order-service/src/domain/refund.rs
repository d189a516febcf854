//! Refunds of an order: for units, exactly the amount paid for them; as a sum; or everything that is left. Concurrent
//! refunds never exceed the captured amount.

use super::{
    events::{Line, OrderEvent, Refund, RefundScope, UnitRange},
    order::Order,
    order_state::OrderState,
    rejection::Rejection,
    unit_shares::{FreeUnits, TakeFrom, UnitShares},
};
use identifiers::{RefundId, Sku};
use kernel::{Money, Timestamp, allocation};

/// Request for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRequest {
    pub(crate) id: RefundId,
    pub(crate) scope: RefundScope,
    pub(crate) restock: bool,
    pub(crate) reason: String,
    /// Reference of the bank transfer by which an operator gave the money back.
    pub(crate) reference: Option<String>,
}

/// Refund of an order, with its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRecord {
    pub(crate) refund: Refund,
    pub(crate) state: RefundState,
    pub(crate) at: Timestamp,
}

/// Progress of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundState {
    /// The amount is reserved.
    Reserved,
    /// The amount was refunded.
    Done,
    /// The refund failed.
    Dropped,
}

impl Order {
    /// Decides a refund and reserves its amount in the same step, so that concurrent refunds cannot exceed what is left.
    pub(crate) fn reserve_refund(
        &self,
        request: &RefundRequest,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        if self.refund(request.id).is_some() {
            return Ok(vec![]);
        }
        match &self.state {
            OrderState::Pending { .. } | OrderState::Aborting { .. } => {
                return Err(Rejection::Pending);
            }
            OrderState::Cancelled { .. } => return Err(Rejection::Cancelled),
            OrderState::Cancelling { .. } => return Err(Rejection::BeingCancelled),
            // What is being shipped is settled first.
            OrderState::Fulfilling if !self.authorised.is_positive() => {
                return Err(Rejection::Pending);
            }
            OrderState::Confirmed
            | OrderState::Fulfilling
            | OrderState::Shipped
            | OrderState::Completed => {}
        }
        if self.authorised.is_positive() {
            return Err(Rejection::NotCaptured);
        }
        self.check_reference(request.reference.as_deref())?;
        let refundable = self.refundable();
        let units = self.units_for(&request.scope)?;
        let amount = match &request.scope {
            RefundScope::Units(_) => self.share(&units, |line| line.paid.amount),
            RefundScope::Sum(sum) => sum.checked_sub(Money::zero(refundable.currency))?.amount,
            RefundScope::Rest => refundable.amount,
        };
        if amount < 0 || (amount == 0 && units.is_empty()) {
            return Err(Rejection::field("amount", "must be greater than 0"));
        }
        if amount > refundable.amount {
            return Err(Rejection::ExceedsRefundable { refundable });
        }
        let tax = self.tax_in(&request.scope, &units, amount);
        let currency = refundable.currency;
        let refund = Refund {
            id: request.id,
            amount: Money::new(amount, currency),
            tax: Money::new(tax, currency),
            units,
            restock: request.restock,
            reason: request.reason.clone(),
            reference: request.reference.clone(),
        };
        Ok(vec![OrderEvent::RefundReserved { refund, at }])
    }

    /// A refund has a reference where an operator makes the transfer, and only there.
    fn check_reference(&self, reference: Option<&str>) -> Result<(), Rejection> {
        match (self.placed.terms.is_processor(), reference) {
            (true, None) | (false, Some(_)) => Ok(()),
            (true, Some(_)) => {
                Err(Rejection::field("reference", "is for refunds that no processor makes"))
            }
            (false, None) => {
                let message = "names the bank transfer by which the money was given back";
                Err(Rejection::field("reference", message))
            }
        }
    }

    pub(crate) fn settle_refund(
        &self,
        id: RefundId,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let record = self.refund(id).ok_or(Rejection::UnknownRefund { id })?;
        match record.state {
            RefundState::Reserved => {
                let (amount, of) = (record.refund.amount, self.event_summary(self.status()));
                Ok(vec![OrderEvent::Refunded { id, amount, of, at }])
            }
            RefundState::Done => Ok(vec![]),
            RefundState::Dropped => Err(Rejection::UnknownRefund { id }),
        }
    }

    /// Releases the reserved amount of a refund. A refund that was never reserved, or is done, stays as it is.
    #[expect(clippy::unnecessary_wraps, reason = "reads like its neighbours in `decide`")]
    pub(crate) fn drop_refund(
        &self,
        id: RefundId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let reserved = self.refund(id).filter(|record| record.state == RefundState::Reserved);
        let dropped = |_| OrderEvent::RefundDropped { id, reason: reason.to_owned(), at };
        Ok(reserved.map(dropped).into_iter().collect())
    }

    /// Refund with this id.
    pub(crate) fn refund(&self, id: RefundId) -> Option<&RefundRecord> {
        self.refunds.iter().find(|record| record.refund.id == id)
    }

    /// Whether a refund has its amount reserved and is neither paid nor dropped yet.
    pub(crate) fn has_reserved_refund(&self) -> bool {
        self.refunds.iter().any(|record| record.state == RefundState::Reserved)
    }

    /// Amount that can still be refunded.
    pub(crate) fn refundable(&self) -> Money {
        let refunded = self.refund_total(|state| state != RefundState::Dropped);
        Money::new(self.captured.amount - refunded, self.captured.currency)
    }

    /// Sum of the refunds in the given states, in minor units. At most the captured amount, so it cannot overflow.
    pub(crate) fn refund_total(&self, counts: impl Fn(RefundState) -> bool) -> i64 {
        let counted = self.refunds.iter().filter(|record| counts(record.state));
        counted.map(|record| record.refund.amount.amount).sum()
    }

    /// Number of units that are refunded or reserved for a refund, over all lines.
    pub(crate) fn units_in_refunds(&self) -> i64 {
        self.refunded_ranges().map(UnitRange::count).sum()
    }

    /// Number of units of this SKU that were refunded.
    pub(crate) fn units_refunded(&self, sku: &Sku) -> i64 {
        let done = self.refunds.iter().filter(|record| record.state == RefundState::Done);
        done.flat_map(|record| &record.refund.units)
            .filter(|units| units.sku == *sku)
            .map(UnitRange::count)
            .sum()
    }

    /// Ranges of units that are refunded or reserved for a refund.
    fn refunded_ranges(&self) -> impl Iterator<Item = &UnitRange> {
        let counted = self.refunds.iter().filter(|record| record.state != RefundState::Dropped);
        counted.flat_map(|record| &record.refund.units)
    }

    /// Units of a line that are not in a refund.
    fn unrefunded(&self, line: &Line) -> FreeUnits {
        FreeUnits::of(line.quantity, self.refunded_ranges().filter(|units| units.sku == line.sku))
    }

    fn units_for(&self, scope: &RefundScope) -> Result<Vec<UnitRange>, Rejection> {
        let end = if self.state.has_shipped() { TakeFrom::First } else { TakeFrom::Last };
        let take = |line: &Line, count: i64| {
            let taken = self.unrefunded(line).take(count, end);
            let sku = line.sku.clone();
            taken.into_iter().map(move |(from, until)| UnitRange { sku: sku.clone(), from, until })
        };
        match scope {
            RefundScope::Sum(_) => Ok(vec![]),
            RefundScope::Rest => {
                Ok(self.placed.lines.iter().flat_map(|line| take(line, line.quantity)).collect())
            }
            RefundScope::Units(requested) => {
                let mut units = Vec::new();
                for (index, (sku, count)) in requested.iter().enumerate() {
                    let line = self.checked_line(index, requested, sku, *count)?;
                    units.extend(take(line, *count));
                }
                Ok(units)
            }
        }
    }

    fn checked_line(
        &self,
        index: usize,
        requested: &[(Sku, i64)],
        sku: &Sku,
        count: i64,
    ) -> Result<&Line, Rejection> {
        let line = self.placed.lines.iter().find(|line| line.sku == *sku).ok_or_else(|| {
            Rejection::field(format!("lines[{index}].sku"), format!("the order has no {sku}"))
        })?;
        if requested[..index].iter().any(|(earlier, _)| earlier == sku) {
            return Err(Rejection::field(
                format!("lines[{index}].sku"),
                format!("names {sku} again"),
            ));
        }
        let left = self.unrefunded(line).count();
        if count < 1 || count > left {
            let message = format!(
                "is a number from 1 to {left}, the units of {sku} that are not refunded yet"
            );
            return Err(Rejection::field(format!("lines[{index}].quantity"), message));
        }
        Ok(line)
    }

    /// Shares of these units in an amount of their lines.
    fn share(&self, units: &[UnitRange], amount: impl Fn(&Line) -> i64) -> i64 {
        let share = |units: &UnitRange| {
            let line = self.placed.lines.iter().find(|line| line.sku == units.sku);
            line.map_or(0, |line| {
                UnitShares::of(amount(line), line.quantity).sum(units.from, units.until)
            })
        };
        units.iter().map(share).sum()
    }

    /// Tax in a refund: the shares of units, the proportion of a sum, or what is left. Never more than is left.
    fn tax_in(&self, scope: &RefundScope, units: &[UnitRange], amount: i64) -> i64 {
        let (tax, total) = (self.placed.totals.tax.amount, self.placed.totals.total.amount);
        let before = self.refunds.iter().filter(|record| record.state != RefundState::Dropped);
        let left = tax - before.map(|record| record.refund.tax.amount).sum::<i64>();
        let tax = match scope {
            RefundScope::Units(_) => self.share(units, |line| line.tax.amount),
            RefundScope::Sum(_) => {
                let parts = allocation::allocate(tax, &[amount, total.saturating_sub(amount)]);
                parts.ok().and_then(|parts| parts.first().copied()).unwrap_or(0)
            }
            RefundScope::Rest => left,
        };
        tax.min(left)
    }
}
