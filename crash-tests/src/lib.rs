//! Kills, pauses, starves and unplugs the real shop under the load of many customers, and looks each time whether it
//! kept its word: every acknowledged answer is there exactly once, nothing else is half there, and at rest nothing is
//! left over and nothing is missing.

mod books;
mod client;
mod customer;
mod kill;
mod rest;
mod shop;
mod town;
mod violation;
mod wish;

pub use client::Doors;
pub use customer::Tally;
pub use kill::{Kills, kill};
pub use rest::Depth;
pub use shop::{Program, Shape, Shop, Starting};
pub use town::Town;
pub use violation::{Checked, Violation};
