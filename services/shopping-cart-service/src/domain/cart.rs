//! A cart, from the first article until it is an order or forgotten.

use super::{
    events::{CartEvent, Line},
    rejection::Rejection,
};
use kernel::{Currency, Timestamp, Uuid};
use std::{collections::VecDeque, time::Duration};

/// The most lines of a cart.
pub(crate) const LINES_MAX: usize = 1_000;
/// The most units of one SKU in a cart.
pub(crate) const LINE_UNITS_MAX: i64 = 100_000;
/// How many operations a cart remembers, so that a repeated one changes nothing.
const OPERATIONS_MAX: usize = 32;

/// How many orders a cart remembers that gave it up, so that a late beginning of theirs does not freeze it. The
/// beginning can only be as late as the network lets a request be, and only a few checkouts go wrong in that time.
const GIVEN_UP_MAX: usize = 32;

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cart {
    pub(crate) currency: Currency,
    /// Oldest first; one per SKU.
    pub(crate) lines: Vec<Line>,
    pub(crate) status: Status,
    /// Grows with every change.
    pub(crate) version: u64,
    /// When somebody last changed it.
    pub(crate) touched_at: Timestamp,
    operations: VecDeque<Uuid>,
    /// The orders that will not come of it, latest last.
    given_up: VecDeque<Uuid>,
}

/// Where a cart stands. Whether it expired depends on the time and so is asked, not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    CheckingOut { order_id: Uuid },
    Ordered { order_id: Uuid },
}

/// What somebody wants of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Create { currency: Currency, lines: Vec<Line> },
    AddLine { sku: String, quantity: i64, operation: Option<Uuid> },
    ChangeLine { sku: String, quantity: i64 },
    RemoveLine { sku: String },
    BeginCheckout { order_id: Uuid },
    AbandonCheckout { order_id: Uuid },
    Order { order_id: Uuid },
}

/// The circumstances a decision depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) at: Timestamp,
    /// How long an untouched cart is kept.
    pub(crate) keep: Duration,
}

impl Cart {
    /// Decides what `command` leads to. Repeating a command that already took effect leads to nothing.
    pub(crate) fn decide(
        cart: Option<&Self>,
        command: &Command,
        now: Now,
    ) -> Result<Vec<CartEvent>, Rejection> {
        let Some(cart) = cart else { return create(command, now.at) };
        match command {
            Command::Create { .. } => Ok(vec![]),
            Command::AddLine { sku, quantity, operation } => {
                cart.add(sku, *quantity, *operation, now.at)
            }
            Command::ChangeLine { sku, quantity } => cart.change(sku, *quantity, now.at),
            Command::RemoveLine { sku } => cart.remove(sku, now.at),
            Command::BeginCheckout { order_id } => cart.begin_checkout(*order_id, now),
            Command::AbandonCheckout { order_id } => cart.abandon_checkout(*order_id, now.at),
            Command::Order { order_id } => cart.order(*order_id, now.at),
        }
    }

    /// Folds one more event in.
    pub(crate) fn apply(cart: Option<Self>, event: &CartEvent) -> Self {
        let mut cart = cart.unwrap_or_else(|| Self::empty(event));
        match event {
            CartEvent::Created { .. } => {}
            CartEvent::LineAdded { sku, quantity, operation, at } => {
                match cart.lines.iter_mut().find(|line| line.sku == *sku) {
                    Some(line) => line.quantity += quantity,
                    None => cart.lines.push(Line { sku: sku.clone(), quantity: *quantity }),
                }
                if let Some(operation) = operation {
                    remember(&mut cart.operations, *operation, OPERATIONS_MAX);
                }
                cart.touched_at = *at;
            }
            CartEvent::LineChanged { sku, quantity, at } => {
                for line in cart.lines.iter_mut().filter(|line| line.sku == *sku) {
                    line.quantity = *quantity;
                }
                cart.touched_at = *at;
            }
            CartEvent::LineRemoved { sku, at } => {
                cart.lines.retain(|line| line.sku != *sku);
                cart.touched_at = *at;
            }
            CartEvent::CheckoutBegun { order_id, .. } => {
                cart.status = Status::CheckingOut { order_id: *order_id }
            }
            CartEvent::CheckoutAbandoned { order_id, at } => {
                if cart.status == (Status::CheckingOut { order_id: *order_id }) {
                    cart.status = Status::Open;
                    cart.touched_at = *at;
                }
                remember(&mut cart.given_up, *order_id, GIVEN_UP_MAX);
            }
            CartEvent::Ordered { order_id, .. } => {
                cart.status = Status::Ordered { order_id: *order_id }
            }
        }
        cart.version += 1;
        cart
    }

    /// Refuses whoever believes it to be at another version, where that matters to them.
    pub(crate) fn is_at(&self, seen: Option<u64>) -> Result<(), Rejection> {
        match seen {
            Some(seen) if seen != self.version => {
                Err(Rejection::VersionChanged { actual: self.version })
            }
            _ => Ok(()),
        }
    }

    /// When it expires if nobody touches it.
    pub(crate) fn expires_at(&self, keep: Duration) -> Timestamp {
        self.touched_at.checked_add(keep).unwrap_or(Timestamp::MAX)
    }

    /// Whether nobody touched it for so long that it counts as forgotten.
    pub(crate) fn is_expired(&self, now: Now) -> bool {
        self.status == Status::Open && now.at >= self.expires_at(now.keep)
    }

    fn empty(event: &CartEvent) -> Self {
        let (currency, lines, at) = match event {
            CartEvent::Created { currency, lines, at } => (*currency, lines.clone(), *at),
            // A stream begins with `created`; anything else would be damage, and an empty cart shows it best.
            _ => (Currency::EUR, Vec::new(), Timestamp::UNIX_EPOCH),
        };
        Self {
            currency,
            lines,
            status: Status::Open,
            version: 0,
            touched_at: at,
            operations: VecDeque::new(),
            given_up: VecDeque::new(),
        }
    }

    fn may_change(&self) -> Result<(), Rejection> {
        match self.status {
            Status::Open => Ok(()),
            Status::CheckingOut { .. } => Err(Rejection::CheckingOut),
            Status::Ordered { order_id } => Err(Rejection::Ordered { order_id }),
        }
    }

    fn units_of(&self, sku: &str) -> Option<i64> {
        self.lines.iter().find(|line| line.sku == sku).map(|line| line.quantity)
    }

    fn add(
        &self,
        sku: &str,
        quantity: i64,
        operation: Option<Uuid>,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        if operation.is_some_and(|operation| self.operations.contains(&operation)) {
            return Ok(vec![]);
        }
        self.may_change()?;
        check_units("quantity", quantity, 1)?;
        let there = self.units_of(sku);
        if there.is_none() && self.lines.len() >= LINES_MAX {
            return Err(Rejection::TooManyLines { max: LINES_MAX });
        }
        check_sum(sku, there.unwrap_or(0) + quantity)?;
        Ok(vec![CartEvent::LineAdded { sku: sku.to_owned(), quantity, at, operation }])
    }

    fn change(&self, sku: &str, quantity: i64, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        self.may_change()?;
        check_units("quantity", quantity, 0)?;
        match self.units_of(sku) {
            None if quantity == 0 => Ok(vec![]),
            None => Err(Rejection::NotInCart { sku: sku.to_owned() }),
            Some(there) if there == quantity => Ok(vec![]),
            Some(_) if quantity == 0 => {
                Ok(vec![CartEvent::LineRemoved { sku: sku.to_owned(), at }])
            }
            Some(_) => Ok(vec![CartEvent::LineChanged { sku: sku.to_owned(), quantity, at }]),
        }
    }

    fn remove(&self, sku: &str, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        self.may_change()?;
        match self.units_of(sku) {
            Some(_) => Ok(vec![CartEvent::LineRemoved { sku: sku.to_owned(), at }]),
            None => Ok(vec![]),
        }
    }

    fn begin_checkout(&self, order_id: Uuid, now: Now) -> Result<Vec<CartEvent>, Rejection> {
        match self.status {
            Status::CheckingOut { order_id: same } if same == order_id => Ok(vec![]),
            Status::Ordered { order_id: same } if same == order_id => Ok(vec![]),
            Status::CheckingOut { .. } => Err(Rejection::CheckingOut),
            Status::Ordered { order_id } => Err(Rejection::Ordered { order_id }),
            Status::Open
                if self.given_up.contains(&order_id)
                    && !kernel::defects::planted("given_up_cart_freezes") =>
            {
                Err(Rejection::GivenUp)
            }
            Status::Open if self.is_expired(now) => Err(Rejection::Expired),
            Status::Open if self.lines.is_empty() => Err(Rejection::Empty),
            Status::Open => Ok(vec![CartEvent::CheckoutBegun { order_id, at: now.at }]),
        }
    }

    fn abandon_checkout(&self, order_id: Uuid, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        match self.status {
            Status::Ordered { order_id: same } if same == order_id => {
                Err(Rejection::Ordered { order_id })
            }
            // Nobody can begin any more.
            Status::Ordered { .. } => Ok(vec![]),
            // Giving back twice is no error.
            Status::Open | Status::CheckingOut { .. } if self.given_up.contains(&order_id) => {
                Ok(vec![])
            }
            // Also when it was never begun: its beginning may still be on the way.
            Status::Open | Status::CheckingOut { .. } => {
                Ok(vec![CartEvent::CheckoutAbandoned { order_id, at }])
            }
        }
    }

    fn order(&self, order_id: Uuid, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        match self.status {
            Status::CheckingOut { order_id: same } if same == order_id => {
                Ok(vec![CartEvent::Ordered { order_id, at }])
            }
            Status::Ordered { order_id: same } if same == order_id => Ok(vec![]),
            Status::Ordered { order_id } => Err(Rejection::Ordered { order_id }),
            Status::Open | Status::CheckingOut { .. } => Err(Rejection::NotInCheckout),
        }
    }
}

/// Remembers one more, and forgets the oldest for it when there are `max`.
fn remember(known: &mut VecDeque<Uuid>, id: Uuid, max: usize) {
    if known.len() == max {
        known.pop_front();
    }
    known.push_back(id);
}

fn create(command: &Command, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
    let Command::Create { currency, lines } = command else { return Err(Rejection::Unknown) };
    let mut merged: Vec<Line> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        check_units(&format!("lines[{index}].quantity"), line.quantity, 1)?;
        match merged.iter_mut().find(|known| known.sku == line.sku) {
            Some(known) => known.quantity += line.quantity,
            None => merged.push(line.clone()),
        }
    }
    if merged.len() > LINES_MAX {
        return Err(Rejection::TooManyLines { max: LINES_MAX });
    }
    for line in &merged {
        check_sum(&line.sku, line.quantity)?;
    }
    Ok(vec![CartEvent::Created { currency: *currency, lines: merged, at }])
}

fn check_units(field: &str, quantity: i64, min: i64) -> Result<(), Rejection> {
    if (min..=LINE_UNITS_MAX).contains(&quantity) {
        return Ok(());
    }
    Err(Rejection::Quantity { field: field.to_owned(), min, max: LINE_UNITS_MAX })
}

fn check_sum(sku: &str, quantity: i64) -> Result<(), Rejection> {
    if quantity <= LINE_UNITS_MAX {
        return Ok(());
    }
    Err(Rejection::TooManyUnits { sku: sku.to_owned(), quantity, max: LINE_UNITS_MAX })
}

#[cfg(test)]
mod tests;
