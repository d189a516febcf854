//! What the audit service can be asked to do.

mod bundle;
mod losses;
mod retention;
mod summary;
mod trail;

pub(crate) use bundle::{activity_write, bundled};
pub(crate) use retention::keep_within;
pub(crate) use trail::{Filter, Place, Trail};
