//! What can be asked of the inventory: each use case decides on the books and writes down what it decided.

mod books;
mod change_stock;
mod hold_stock;
mod housekeeping;

pub(crate) use books::{Books, Refused};
pub(crate) use change_stock::{Movement, MovementKind};
pub(crate) use hold_stock::Standing;
pub(crate) use housekeeping::keep_house;
