//! Looking after a journal that nobody serves: everything it says is gone through, what follows from it is folded
//! again or compared with what is kept, and what has to be true of it is checked.
//!
//! Memory stays bounded: the journal is read in parts, and of its streams one at a time is held whole.

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
pub use rebuild::{rebuild, rebuild_is_incomplete, refold};
