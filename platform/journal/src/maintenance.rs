//! Offline maintenance of a service's storage: visit every event of its journal, rebuild read models and snapshots or
//! compare them with the journal, and check invariants.
//!
//! Memory stays bounded: the journal is read in pages, and one stream at a time is held whole.

mod compare;
mod event_visitor;
mod facts;
mod invariant;
mod read_model;
mod rebuild;

pub use compare::{FoldComparison, ReadModelComparison};
pub use event_visitor::{EventVisitor, InvariantChecker, VisitResult, visit_events};
pub use facts::{Fact, Facts};
pub use invariant::Invariant;
pub use read_model::{Grain, ReadModel};
pub use rebuild::{clear, rebuild, rebuild_is_incomplete, refold};
