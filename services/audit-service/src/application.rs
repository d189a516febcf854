//! What the audit service can be asked to do.

mod losses;
mod retention;
mod trail;

pub(crate) use retention::keep_within;
pub(crate) use trail::{Filter, Place, Trail, activity_write};
