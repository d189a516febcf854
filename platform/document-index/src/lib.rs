//! Document index, which serves the queries of an engine whose data is in a log: the port, and the index on `SQLite`; and the
//! reader of the databases in which a former engine kept everything. No other crate of the program names `SQLite`.

#![warn(missing_docs)]

mod former;
mod index_scan;
mod open;
mod port;
mod reader_pool;
mod schema;
mod sql_value;
mod sqlite_index;

pub use data_folder::OpenError;
pub use former::{FormerAppend, FormerDatabase, FormerEvent, FormerRecord};
pub use port::{DocumentIndex, IndexStore, IndexedBody, IndexedDocuments, IndexedWrite};
pub use sqlite_index::SqliteIndexStore;
