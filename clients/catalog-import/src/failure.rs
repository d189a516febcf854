//! Why an import could not go on.

use shop_client::CallError;
use std::{io, path::PathBuf};

/// Why an import could not go on. What was taken is taken; importing again changes only what is missing.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// A file is no product file.
    #[error(
        "{} has no column Handle, by which rows of one product belong together; \
         is it a product file as shops export it, or one JSON object a line?", path.display()
    )]
    NoHandles {
        /// Which file.
        path: PathBuf,
    },
    /// The report cannot be written.
    #[error("the report {} cannot be written: {error}", path.display())]
    Report {
        /// Where it should be.
        path: PathBuf,
        /// What went wrong.
        error: csv::Error,
    },
    /// The shop does not answer, or not as expected.
    #[error("{0}; import again to go on")]
    Shop(#[from] CallError),
}
