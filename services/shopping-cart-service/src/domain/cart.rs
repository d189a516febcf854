//! Cart aggregate: its commands, its state, and its expiry.

use super::{
    events::{CartEvent, Line},
    merge_strategy::MergeStrategy,
    rejection::Rejection,
};
use identifiers::{AccountId, CartId, OrderId, Sku};
use kernel::{Currency, Timestamp, UnitPrice, Uuid};
pub(crate) use merge::CartAccess;
use merge::MergedLines;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

mod merge;

/// Upper bound of the lines of a cart.
pub(crate) const LINES_MAX: usize = 1_000;
/// Upper bound of the units of one SKU in a cart.
pub(crate) const LINE_UNITS_MAX: i64 = 100_000;
/// Upper bound of the changes of a cart, each of which is read whenever the cart is. Only shoppers' changes are refused
/// beyond it: the outcome of a checkout is recorded in any case.
pub(crate) const CHANGES_MAX: u64 = 10_000;
/// Number of operation identifiers a cart remembers for deduplication.
const OPERATIONS_MAX: usize = 32;
/// Number of guests' carts a cart remembers that were merged into it. One is forgotten by its own cart as well when the merge has ended,
/// which is at once but for a crash.
const MERGED_CARTS_MAX: usize = 32;

/// Number of abandoned orders a cart remembers, so that a delayed `BeginCheckout` of theirs does not freeze it. A request
/// is only delayed as long as the network keeps it, and only a few checkouts fail in that time.
const ABANDONED_ORDERS_MAX: usize = 32;

/// Cart aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cart {
    pub(crate) currency: Currency,
    /// Oldest first; one per SKU.
    pub(crate) lines: Vec<Line>,
    pub(crate) state: CartState,
    /// Stream version: the number of its events.
    pub(crate) version: u64,
    /// Time of the last change.
    pub(crate) updated_at: Timestamp,
    operations: VecDeque<Uuid>,
    /// Orders whose checkout of this cart was abandoned, latest last.
    abandoned_orders: VecDeque<OrderId>,
    /// Account of the customer whose cart it is; none of a guest.
    pub(crate) owner: Option<AccountId>,
    /// Whether that customer was erased.
    pub(crate) is_owner_erased: bool,
    /// Carts of guests that were merged into this one, latest last.
    merged_carts: VecDeque<CartId>,
}

/// State of a cart. Expiry depends on the time, so it is computed and not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartState {
    Open,
    CheckingOut {
        order_id: OrderId,
    },
    Ordered {
        order_id: OrderId,
    },
    /// Closed, because its lines belong to another cart.
    Merged {
        into: CartId,
        /// Whether the other cart has them.
        has_ended: bool,
    },
}

/// Command to a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Create {
        currency: Currency,
        lines: Vec<Line>,
        owner: Option<AccountId>,
    },
    /// `price` is that of one unit, as the shopper sees it now.
    AddLine {
        sku: Sku,
        quantity: i64,
        operation: Option<Uuid>,
        price: Option<UnitPrice>,
    },
    /// Adds all of these lines to the cart of this customer, which it creates if there is none, or none of them.
    AddLines {
        currency: Currency,
        lines: Vec<Line>,
        owner: AccountId,
    },
    ChangeLine {
        sku: Sku,
        quantity: i64,
        price: Option<UnitPrice>,
    },
    RemoveLine {
        sku: Sku,
    },
    BeginCheckout {
        order_id: OrderId,
    },
    AbandonCheckout {
        order_id: OrderId,
    },
    Order {
        order_id: OrderId,
    },
    /// Closes the cart of a guest, whose lines go into this cart.
    CloseForMerge {
        into: CartId,
    },
    /// Merges the lines of a guest's cart into the cart of this customer.
    Merge {
        from: CartId,
        lines: Vec<Line>,
        currency: Currency,
        owner: AccountId,
        strategy: MergeStrategy,
    },
    /// Ends the merge of the cart of a guest.
    EndMerge,
    /// Erases the customer whose cart it is; one that there is not yet is closed before it begins.
    EraseOwner {
        owner: AccountId,
        currency: Currency,
    },
}

/// Context of a decision: the time and the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecisionContext {
    pub(crate) at: Timestamp,
    /// Time until an unchanged cart expires.
    pub(crate) ttl: Duration,
}

impl Cart {
    /// Decides a command: its events or a rejection. A command that already took effect has no events; removing a line
    /// that is not there is a rejection.
    pub(crate) fn decide(
        cart: Option<&Self>,
        command: &Command,
        now: DecisionContext,
    ) -> Result<Vec<CartEvent>, Rejection> {
        let Some(cart) = cart else { return create(command, now.at) };
        match command {
            Command::CloseForMerge { into } => cart.close_for_merge(*into, now.at),
            Command::Merge { from, lines, currency, owner, strategy } => {
                let lines = MergedLines { from: *from, lines, currency: *currency };
                cart.merge(&lines, *owner, *strategy, now.at)
            }
            Command::EndMerge => Ok(cart.end_merge(now.at)),
            Command::EraseOwner { owner, .. } => cart.erase_owner(*owner, now.at),
            Command::Create { .. } => Ok(vec![]),
            Command::AddLine { sku, quantity, operation, price } => {
                cart.add(sku, *quantity, *operation, *price, now.at)
            }
            Command::AddLines { lines, .. } => cart.add_all(lines, now.at),
            Command::ChangeLine { sku, quantity, price } => {
                cart.change(sku, *quantity, *price, now.at)
            }
            Command::RemoveLine { sku } => cart.remove(sku, now.at),
            Command::BeginCheckout { order_id } => cart.begin_checkout(*order_id, now),
            Command::AbandonCheckout { order_id } => cart.abandon_checkout(*order_id, now.at),
            Command::Order { order_id } => cart.order(*order_id, now.at),
        }
    }

    /// Folds one more event.
    pub(crate) fn apply(cart: Option<Self>, event: &CartEvent) -> Self {
        let mut cart = cart.unwrap_or_else(|| Self::empty(event));
        match event {
            CartEvent::Created { .. } => {}
            CartEvent::LineAdded { sku, quantity, operation, price, at } => {
                if let Some(line) = cart.lines.iter_mut().find(|line| line.sku == *sku) {
                    line.quantity += quantity;
                    line.price = price.or(line.price);
                } else {
                    let (sku, quantity, price) = (sku.clone(), *quantity, *price);
                    cart.lines.push(Line { sku, quantity, price });
                }
                if let Some(operation) = operation {
                    push_bounded(&mut cart.operations, *operation, OPERATIONS_MAX);
                }
                cart.updated_at = *at;
            }
            CartEvent::LineChanged { sku, quantity, price, at } => {
                for line in cart.lines.iter_mut().filter(|line| line.sku == *sku) {
                    line.quantity = *quantity;
                    line.price = price.or(line.price);
                }
                cart.updated_at = *at;
            }
            CartEvent::LineRemoved { sku, at } => {
                cart.lines.retain(|line| line.sku != *sku);
                cart.updated_at = *at;
            }
            CartEvent::CheckoutBegun { order_id, .. } => {
                cart.state = CartState::CheckingOut { order_id: *order_id }
            }
            CartEvent::CheckoutAbandoned { order_id, at } => {
                if cart.state == (CartState::CheckingOut { order_id: *order_id }) {
                    cart.state = CartState::Open;
                    cart.updated_at = *at;
                    cart.forget_lines_of_the_erased();
                }
                push_bounded(&mut cart.abandoned_orders, *order_id, ABANDONED_ORDERS_MAX);
            }
            CartEvent::Ordered { order_id, .. } => {
                cart.state = CartState::Ordered { order_id: *order_id }
            }
            CartEvent::MergedInto { into, .. } => {
                cart.state = CartState::Merged { into: *into, has_ended: false }
            }
            CartEvent::LinesMerged { from, lines, at } => {
                cart.lines.clone_from(lines);
                push_bounded(&mut cart.merged_carts, *from, MERGED_CARTS_MAX);
                cart.updated_at = *at;
            }
            CartEvent::MergedFrom { from, changed, removed, at } => {
                cart.lines = merge::with_changes(&cart.lines, changed, removed);
                push_bounded(&mut cart.merged_carts, *from, MERGED_CARTS_MAX);
                cart.updated_at = *at;
            }
            CartEvent::OwnerErased { at } => {
                cart.is_owner_erased = true;
                cart.updated_at = *at;
                cart.forget_lines_of_the_erased();
            }
            CartEvent::MergeEnded { .. } => {
                if let CartState::Merged { has_ended, .. } = &mut cart.state {
                    *has_ended = true;
                }
            }
        }
        cart.version += 1;
        cart
    }

    /// Rejects a conditional change that expects another version.
    pub(crate) fn check_version(&self, if_version: Option<u64>) -> Result<(), Rejection> {
        match if_version {
            Some(expected) if expected != self.version => {
                Err(Rejection::VersionChanged { actual: self.version })
            }
            _ => Ok(()),
        }
    }

    /// Expiry time if the cart stays unchanged.
    pub(crate) fn expires_at(&self, ttl: Duration) -> Timestamp {
        self.updated_at.checked_add(ttl).unwrap_or(Timestamp::MAX)
    }

    /// Whether the cart has expired.
    pub(crate) fn is_expired(&self, now: DecisionContext) -> bool {
        self.state == CartState::Open && now.at >= self.expires_at(now.ttl)
    }

    /// Memory that the cart occupies, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.lines.iter().map(|line| line.sku.as_str().len()).sum();
        // A shared text has two counters in front.
        let lines = self.lines.capacity() * size_of::<Line>() + self.lines.len() * 16 + texts;
        let ids = self.operations.capacity()
            + self.abandoned_orders.capacity()
            + self.merged_carts.capacity();
        size_of::<Self>() + lines + ids * size_of::<Uuid>()
    }

    fn empty(event: &CartEvent) -> Self {
        let (currency, lines, at, owner) = match event {
            CartEvent::Created { currency, lines, at, owner } => {
                (*currency, lines.clone(), *at, *owner)
            }
            // A stream begins with `created`; anything else is corruption, and an empty cart exposes it best.
            _ => (Currency::EUR, Vec::new(), Timestamp::UNIX_EPOCH, None),
        };
        Self {
            currency,
            lines,
            state: CartState::Open,
            version: 0,
            updated_at: at,
            operations: VecDeque::new(),
            abandoned_orders: VecDeque::new(),
            owner,
            is_owner_erased: false,
            merged_carts: VecDeque::new(),
        }
    }

    /// Rejects a change by a shopper to a cart that takes none.
    fn ensure_changeable(&self) -> Result<(), Rejection> {
        match self.state {
            _ if self.is_owner_erased => Err(Rejection::Unknown),
            CartState::Open if self.version >= CHANGES_MAX => {
                Err(Rejection::TooManyChanges { max: CHANGES_MAX })
            }
            CartState::Open => Ok(()),
            CartState::CheckingOut { .. } => Err(Rejection::CheckingOut),
            CartState::Ordered { .. } => Err(Rejection::Ordered),
            CartState::Merged { .. } => Err(Rejection::Merged),
        }
    }

    /// Erases the customer; again is no change.
    fn erase_owner(&self, owner: AccountId, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        if self.owner != Some(owner) {
            return Err(Rejection::Unknown);
        }
        let erased = (!self.is_owner_erased).then_some(CartEvent::OwnerErased { at });
        Ok(erased.into_iter().collect())
    }

    /// Removes the lines of a customer who was erased, once no order is being placed from them.
    fn forget_lines_of_the_erased(&mut self) {
        if self.is_owner_erased && self.state == CartState::Open {
            self.lines.clear();
        }
    }

    fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    fn add(
        &self,
        sku: &Sku,
        quantity: i64,
        operation: Option<Uuid>,
        price: Option<UnitPrice>,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        if operation.is_some_and(|operation| self.operations.contains(&operation)) {
            return Ok(vec![]);
        }
        self.ensure_changeable()?;
        check_quantity("quantity", quantity, 1)?;
        // A line keeps the spelling of its SKU, in its events as well.
        let (sku, current) = match self.line(sku) {
            Some(line) => (&line.sku, line.quantity),
            None if self.lines.len() >= LINES_MAX => {
                return Err(Rejection::TooManyLines { max: LINES_MAX });
            }
            None => (sku, 0),
        };
        check_line_quantity(sku, current + quantity)?;
        Ok(vec![CartEvent::LineAdded { sku: sku.clone(), quantity, at, operation, price }])
    }

    fn add_all(&self, lines: &[Line], at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        let lines = merge_lines(lines)?;
        let new = lines.iter().filter(|line| self.line(&line.sku).is_none()).count();
        if self.lines.len() + new > LINES_MAX {
            return Err(Rejection::TooManyLines { max: LINES_MAX });
        }
        let added =
            lines.iter().map(|line| self.add(&line.sku, line.quantity, None, line.price, at));
        Ok(added.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn change(
        &self,
        sku: &Sku,
        quantity: i64,
        price: Option<UnitPrice>,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        self.ensure_changeable()?;
        check_quantity("quantity", quantity, 0)?;
        if quantity == 0 {
            return self.remove(sku, at);
        }
        match self.line(sku) {
            None => Err(Rejection::NotInCart { sku: sku.clone() }),
            Some(line) if line.quantity == quantity => Ok(vec![]),
            Some(line) => {
                Ok(vec![CartEvent::LineChanged { sku: line.sku.clone(), quantity, at, price }])
            }
        }
    }

    fn remove(&self, sku: &Sku, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        self.ensure_changeable()?;
        match self.line(sku) {
            Some(line) => Ok(vec![CartEvent::LineRemoved { sku: line.sku.clone(), at }]),
            None => Err(Rejection::NotInCart { sku: sku.clone() }),
        }
    }

    fn begin_checkout(
        &self,
        order_id: OrderId,
        now: DecisionContext,
    ) -> Result<Vec<CartEvent>, Rejection> {
        match self.state {
            CartState::CheckingOut { order_id: same } if same == order_id => Ok(vec![]),
            CartState::Ordered { order_id: same } if same == order_id => Ok(vec![]),
            CartState::CheckingOut { .. } => Err(Rejection::CheckingOut),
            CartState::Ordered { .. } => Err(Rejection::Ordered),
            CartState::Merged { .. } => Err(Rejection::Merged),
            CartState::Open if self.is_owner_erased => Err(Rejection::Unknown),
            CartState::Open if self.version >= CHANGES_MAX => {
                Err(Rejection::TooManyChanges { max: CHANGES_MAX })
            }
            CartState::Open if self.abandoned_orders.contains(&order_id) => {
                Err(Rejection::CheckoutAbandoned)
            }
            CartState::Open if self.is_expired(now) => Err(Rejection::Expired),
            CartState::Open if self.lines.is_empty() => Err(Rejection::Empty),
            CartState::Open => Ok(vec![CartEvent::CheckoutBegun { order_id, at: now.at }]),
        }
    }

    fn abandon_checkout(
        &self,
        order_id: OrderId,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        match self.state {
            CartState::Ordered { order_id: same } if same == order_id => Err(Rejection::Ordered),
            // No checkout can begin any more.
            CartState::Ordered { .. } | CartState::Merged { .. } => Ok(vec![]),
            // Idempotent: abandoning twice is no error.
            CartState::Open | CartState::CheckingOut { .. }
                if self.abandoned_orders.contains(&order_id) =>
            {
                Ok(vec![])
            }
            // Also when the checkout never began: its request may still be in flight.
            CartState::Open | CartState::CheckingOut { .. } => {
                Ok(vec![CartEvent::CheckoutAbandoned { order_id, at }])
            }
        }
    }

    fn order(&self, order_id: OrderId, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
        match self.state {
            CartState::CheckingOut { order_id: same } if same == order_id => {
                Ok(vec![CartEvent::Ordered { order_id, at }])
            }
            CartState::Ordered { order_id: same } if same == order_id => Ok(vec![]),
            CartState::Ordered { .. } => Err(Rejection::Ordered),
            CartState::Merged { .. } => Err(Rejection::Merged),
            CartState::Open | CartState::CheckingOut { .. } => Err(Rejection::NotInCheckout),
        }
    }
}

/// Pushes an identifier into a bounded queue; the oldest is dropped when there are `max`.
fn push_bounded<T>(known: &mut VecDeque<T>, id: T, max: usize) {
    if known.len() == max {
        known.pop_front();
    }
    known.push_back(id);
}

fn create(command: &Command, at: Timestamp) -> Result<Vec<CartEvent>, Rejection> {
    match command {
        Command::Create { currency, lines, owner } => {
            let (currency, lines, owner) = (*currency, merge_lines(lines)?, *owner);
            Ok(vec![CartEvent::Created { currency, lines, at, owner }])
        }
        Command::AddLines { currency, lines, owner } => {
            let (currency, lines, owner) = (*currency, merge_lines(lines)?, Some(*owner));
            Ok(vec![CartEvent::Created { currency, lines, at, owner }])
        }
        Command::Merge { from, lines, currency, owner, strategy } => {
            let merged = merge::merged_from(*from, &[], &strategy.merged(None, lines), at);
            let (currency, owner) = (*currency, Some(*owner));
            Ok(vec![CartEvent::Created { currency, lines: Vec::new(), at, owner }, merged])
        }
        Command::EraseOwner { owner, currency } => {
            let (currency, lines, owner) = (*currency, Vec::new(), Some(*owner));
            let created = CartEvent::Created { currency, lines, at, owner };
            Ok(vec![created, CartEvent::OwnerErased { at }])
        }
        _ => Err(Rejection::Unknown),
    }
}

/// Lines as a cart would have them if they were added one by one: one per SKU, in order of appearance.
pub(crate) fn merge_lines(lines: &[Line]) -> Result<Vec<Line>, Rejection> {
    let mut merged: Vec<Line> = Vec::with_capacity(lines.len());
    let mut places: BTreeMap<&Sku, usize> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        check_quantity(&format!("lines[{index}].quantity"), line.quantity, 1)?;
        if let Some(&place) = places.get(&line.sku) {
            // Quantities are within their bounds, and a body has less than 2^40 lines.
            merged[place].quantity += line.quantity;
        } else {
            places.insert(&line.sku, merged.len());
            merged.push(line.clone());
        }
    }
    if merged.len() > LINES_MAX {
        return Err(Rejection::TooManyLines { max: LINES_MAX });
    }
    for line in &merged {
        check_line_quantity(&line.sku, line.quantity)?;
    }
    Ok(merged)
}

fn check_quantity(field: &str, quantity: i64, min: i64) -> Result<(), Rejection> {
    if (min..=LINE_UNITS_MAX).contains(&quantity) {
        return Ok(());
    }
    Err(Rejection::Quantity { field: field.to_owned(), min, max: LINE_UNITS_MAX })
}

fn check_line_quantity(sku: &Sku, quantity: i64) -> Result<(), Rejection> {
    if quantity <= LINE_UNITS_MAX {
        return Ok(());
    }
    Err(Rejection::TooManyUnits { sku: sku.clone(), quantity, max: LINE_UNITS_MAX })
}

#[cfg(test)]
mod tests;
