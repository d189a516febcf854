//! Errors that end an import.

use shop_client::CallError;
use std::{io, path::PathBuf};

/// Error that ends an import. Products imported before it stay; a second import only changes what is missing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A file has no column of handles, so it is not a product file.
    #[error(
        "{} has no column Handle, which groups the rows of a product; \
         is it a product file as shops export it, or one JSON object a line?", path.display()
    )]
    MissingHandleColumn {
        /// The file.
        path: PathBuf,
    },
    /// The report cannot be written.
    #[error("the report {} cannot be written: {error}", path.display())]
    Report {
        /// The path of the report.
        path: PathBuf,
        /// The cause.
        error: csv::Error,
    },
    /// The shop failed or did not answer.
    #[error("{0}; import again to go on")]
    Shop(#[from] CallError),
}
