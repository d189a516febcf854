//! Stock as a ledger: what there is of each SKU in each location, and what is set aside for whom.
//!
//! Pure and synchronous: a command and the time go in, events come out, and the state is nothing but its events
//! folded. Whoever keeps a [`Ledger`] appends the events before applying them.

mod changing;
mod events;
mod hold;
mod holding;
mod ledger;
mod names;
mod rejection;
mod stock;
mod telling;

pub(crate) use events::{AVAILABILITY_CHANGED, Event, Moved, Turn, Units};
pub(crate) use hold::{Hold, Status};
pub(crate) use holding::NewHold;
pub(crate) use ledger::Ledger;
pub(crate) use names::{HoldId, Line, Location, OrderId, Place, Sku};
pub(crate) use rejection::Rejection;
pub(crate) use stock::{Shelf, Stock};
pub(crate) use telling::LOW_STOCK_UNITS;

/// The most units of one movement, count or line; far below where sums could overflow.
pub(crate) const UNITS_MAX: i64 = 1_000_000_000;
/// The most locations one SKU lies in.
pub(crate) const LOCATIONS_MAX: usize = 100;
/// The most lines of one hold. With what is told of each, they fit into one append.
pub(crate) const HOLD_LINES_MAX: usize = 1_000;
