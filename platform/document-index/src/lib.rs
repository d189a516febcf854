//! Document index on `SQLite`, which serves the queries of an engine whose data is in a log, and the reader of the databases in
//! which a former engine kept everything. No other crate of the program names `SQLite`.

#![warn(missing_docs)]

mod document_index;
mod former;
mod index_scan;
mod open;
mod reader_pool;
mod schema;
mod sql_value;

pub use data_folder::OpenError;
pub use document_index::{DocumentIndex, IndexedBody, IndexedDocuments, IndexedWrite};
pub use former::{FormerAppend, FormerDatabase, FormerEvent, FormerRecord};
