//! Kills, pauses, starves and unplugs the real shop under the load of many customers, and looks each time whether it
//! kept its word: every acknowledged answer is there exactly once, nothing else is half there, and at rest nothing is
//! left over and nothing is missing.

mod books;
mod client;
mod customer;
mod disk;
mod full_disk;
mod kill;
mod pause;
mod power;
mod rest;
mod shop;
mod town;
mod trial;
mod violation;
mod wish;

pub use client::Doors;
pub use customer::{Circumstance, Tally};
pub use disk::{Disk, FileSystem, Missing};
pub use full_disk::{DISK_BYTES, Warning, full_disk};
pub use kill::kill;
pub use pause::pause;
pub use power::power;
pub use rest::Depth;
pub use shop::{Program, Shape, Shop, Starting};
pub use town::Town;
pub use trial::{Record, Terms};
pub use violation::{Checked, Violation};
