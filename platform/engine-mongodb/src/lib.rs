//! Document store on MongoDB 5 or later.
//!
//! It asks the server for nothing but atomic changes of one document: no transactions and no change streams. The writes of one
//! call are applied in the order of the list, each of them whole, and a crash may leave the first of them alone. So it serves what
//! consumers of feeds write, whose position comes last in the list: what was applied in part is applied again. A position
//! is replaced by compare-and-swap, so that a server that has lost its data does not get one that stands for them. A
//! collection that is written in the commit of an event stays with the journal.

#![warn(missing_docs)]

mod documents;
mod engine;
mod error;
mod options;
mod update;

pub use engine::MongoEngine;
pub use error::MongoError;
pub use options::{MongoOptions, MongoUrlError};
