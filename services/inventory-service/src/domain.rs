//! Event-sourced stock domain: the units of each SKU at each location, and the holds on them.
//!
//! Pure and synchronous: a command and the time go in, events come out, and the state is the fold of its events. The
//! owner of a [`LedgerState`] appends events before applying them.

mod availability;
mod events;
mod hold;
mod hold_commands;
mod ledger_state;
mod location;
mod operator_commands;
mod rejection;
mod stock;

pub(crate) use availability::LOW_STOCK_UNITS;
pub(crate) use events::{
    AVAILABILITY_CHANGED, Event, LocationUnits, MovedUnits, MovementLink, POLICY_CHANGED,
    StockAlert, StockPolicy,
};
pub(crate) use hold::{Hold, HoldLine, HoldState};
pub(crate) use hold_commands::HoldRequest;
pub(crate) use ledger_state::LedgerState;
pub(crate) use location::{Location, SkuLocation};
pub(crate) use operator_commands::Count;
pub(crate) use rejection::Rejection;
pub(crate) use stock::{LocationStock, SkuStock};

/// Upper bound of the units of one movement, count or line; far below where sums could overflow.
pub(crate) const UNITS_MAX: i64 = 1_000_000_000;
/// Upper bound of the locations of one SKU.
pub(crate) const LOCATIONS_MAX: usize = 100;
/// Upper bound of the lines of one hold. With an availability event for each, they fit into one append.
pub(crate) const HOLD_LINES_MAX: usize = 1_000;
