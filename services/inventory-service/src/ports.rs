//! What the inventory needs from outside, in its own words.

mod log;
mod movements;

pub(crate) use log::{Entry, Log, LogError, Logged, Opening};
pub(crate) use movements::{MovementPlace, Movements, MovementsPage};
