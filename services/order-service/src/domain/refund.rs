//! Giving money back: for units, exactly what was paid for them; as a sum; or all that is left. Never more than was
//! taken, whoever asks at the same time.

use super::{
    events::{Line, OrderEvent, Refund, Status, Units},
    order::{Order, Shipment},
    rejection::Rejection,
    shares::{End, Free, Shares},
};
use kernel::{Money, Timestamp, Uuid, allocation};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRequest {
    pub(crate) id: Uuid,
    pub(crate) what: RefundOf,
    pub(crate) restock: bool,
    pub(crate) reason: String,
}

/// What the money is given back for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundOf {
    /// So many units of these SKUs.
    Units(Vec<(String, i64)>),
    Sum(Money),
    /// Everything that is left: all units, the delivery, whatever was not given back.
    Rest,
}

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) refund: Refund,
    pub(crate) state: RefundState,
    pub(crate) at: Timestamp,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundState {
    /// The money is promised to it.
    Reserved,
    Done,
    /// It did not come about.
    Dropped,
}

impl Order {
    /// Decides a refund and reserves its money in the same step, so that two at once cannot exceed what is left.
    pub(crate) fn reserve_refund(
        &self,
        request: &RefundRequest,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        if self.refund(request.id).is_some() {
            return Ok(vec![]);
        }
        match (self.status, &self.cancel) {
            (Status::Pending, _) => return Err(Rejection::Pending),
            (Status::Cancelled, _) => return Err(Rejection::Cancelled),
            (_, Some(_)) => return Err(Rejection::BeingCancelled),
            (Status::Confirmed | Status::Completed, None) => {}
        }
        if self.authorised.is_positive() {
            return Err(Rejection::NotCaptured);
        }
        let refundable = self.refundable();
        let units = self.units_for(&request.what)?;
        let amount = match &request.what {
            RefundOf::Units(_) => self.share(&units, |line| line.paid.amount),
            RefundOf::Sum(sum) => sum.checked_sub(Money::zero(refundable.currency))?.amount,
            RefundOf::Rest => refundable.amount,
        };
        if amount < 0 || (amount == 0 && units.is_empty()) {
            return Err(Rejection::field("amount", "must be greater than 0"));
        }
        if amount > refundable.amount {
            return Err(Rejection::ExceedsRefundable { refundable });
        }
        let tax = self.tax_in(&request.what, &units, amount);
        let currency = refundable.currency;
        let refund = Refund {
            id: request.id,
            amount: Money::new(amount, currency),
            tax: Money::new(tax, currency),
            units,
            restock: request.restock,
            reason: request.reason.clone(),
        };
        Ok(vec![OrderEvent::RefundReserved { refund, at }])
    }

    pub(crate) fn settle_refund(
        &self,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let given = self.refund(id).ok_or(Rejection::UnknownRefund { id })?;
        match given.state {
            RefundState::Reserved => {
                let (amount, of) = (given.refund.amount, self.reference(self.status));
                Ok(vec![OrderEvent::Refunded { id, amount, of, at }])
            }
            RefundState::Done => Ok(vec![]),
            RefundState::Dropped => Err(Rejection::UnknownRefund { id }),
        }
    }

    /// Frees what a refund has reserved. One that nobody reserved, or that is done, is left as it is.
    #[expect(clippy::unnecessary_wraps, reason = "reads like its neighbours in `decide`")]
    pub(crate) fn drop_refund(
        &self,
        id: Uuid,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let reserved = self.refund(id).filter(|given| given.state == RefundState::Reserved);
        let dropped = |_| OrderEvent::RefundDropped { id, reason: reason.to_owned(), at };
        Ok(reserved.map(dropped).into_iter().collect())
    }

    /// The refund with this id.
    pub(crate) fn refund(&self, id: Uuid) -> Option<&Given> {
        self.refunds.iter().find(|given| given.refund.id == id)
    }

    /// What can still be given back.
    pub(crate) fn refundable(&self) -> Money {
        let given = self.given_back(|state| state != RefundState::Dropped);
        Money::new(self.captured.amount - given, self.captured.currency)
    }

    /// The sum of the refunds in such a state, in minor units. Never more than was captured, so it cannot overflow.
    pub(crate) fn given_back(&self, counts: impl Fn(RefundState) -> bool) -> i64 {
        let counted = self.refunds.iter().filter(|given| counts(given.state));
        counted.map(|given| given.refund.amount.amount).sum()
    }

    /// Units that were given back, or are about to be, over all lines.
    pub(crate) fn units_given_back(&self) -> i64 {
        self.taken().map(Units::count).sum()
    }

    /// Units of this SKU that were given back.
    pub(crate) fn units_refunded(&self, sku: &str) -> i64 {
        let done = self.refunds.iter().filter(|given| given.state == RefundState::Done);
        done.flat_map(|given| &given.refund.units)
            .filter(|units| units.sku == sku)
            .map(Units::count)
            .sum()
    }

    fn taken(&self) -> impl Iterator<Item = &Units> {
        let counted = self.refunds.iter().filter(|given| given.state != RefundState::Dropped);
        counted.flat_map(|given| &given.refund.units)
    }

    fn free(&self, line: &Line) -> Free {
        Free::of(line.quantity, self.taken().filter(|units| units.sku == line.sku))
    }

    fn units_for(&self, what: &RefundOf) -> Result<Vec<Units>, Rejection> {
        let end = match self.shipment {
            Shipment::Left => End::First,
            Shipment::NotYet | Shipment::Leaving => End::Last,
        };
        let take = |line: &Line, count: i64| {
            let taken = self.free(line).take(count, end);
            let sku = line.sku.clone();
            taken.into_iter().map(move |(from, until)| Units { sku: sku.clone(), from, until })
        };
        match what {
            RefundOf::Sum(_) => Ok(vec![]),
            RefundOf::Rest => {
                Ok(self.placed.lines.iter().flat_map(|line| take(line, line.quantity)).collect())
            }
            RefundOf::Units(wanted) => {
                let mut units = Vec::new();
                for (index, (sku, count)) in wanted.iter().enumerate() {
                    let line = self.checked_line(index, wanted, sku, *count)?;
                    units.extend(take(line, *count));
                }
                Ok(units)
            }
        }
    }

    fn checked_line(
        &self,
        index: usize,
        wanted: &[(String, i64)],
        sku: &str,
        count: i64,
    ) -> Result<&Line, Rejection> {
        let line = self.placed.lines.iter().find(|line| line.sku == sku).ok_or_else(|| {
            Rejection::field(format!("lines[{index}].sku"), format!("the order has no {sku}"))
        })?;
        if wanted[..index].iter().any(|(earlier, _)| earlier == sku) {
            return Err(Rejection::field(
                format!("lines[{index}].sku"),
                format!("names {sku} again"),
            ));
        }
        let left = self.free(line).count();
        if count < 1 || count > left {
            let message =
                format!("is a number from 1 to {left}, the units of {sku} not given back yet");
            return Err(Rejection::field(format!("lines[{index}].quantity"), message));
        }
        Ok(line)
    }

    /// The shares that these units have of an amount of their lines.
    fn share(&self, units: &[Units], amount: impl Fn(&Line) -> i64) -> i64 {
        let share = |units: &Units| {
            let line = self.placed.lines.iter().find(|line| line.sku == units.sku);
            line.map_or(0, |line| {
                Shares::of(amount(line), line.quantity).sum(units.from, units.until)
            })
        };
        units.iter().map(share).sum()
    }

    /// The tax in what is given back: of units their shares, of a sum its proportion, of the rest what is left. Never
    /// more than is left.
    fn tax_in(&self, what: &RefundOf, units: &[Units], amount: i64) -> i64 {
        let (tax, total) = (self.placed.totals.tax.amount, self.placed.totals.total.amount);
        let before = self.refunds.iter().filter(|given| given.state != RefundState::Dropped);
        let left = tax - before.map(|given| given.refund.tax.amount).sum::<i64>();
        let wanted = match what {
            RefundOf::Units(_) => self.share(units, |line| line.tax.amount),
            RefundOf::Sum(_) => {
                let parts = allocation::allocate(tax, &[amount, total.saturating_sub(amount)]);
                parts.ok().and_then(|parts| parts.first().copied()).unwrap_or(0)
            }
            RefundOf::Rest => left,
        };
        wanted.min(left)
    }
}
