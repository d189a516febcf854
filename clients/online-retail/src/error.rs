//! Errors that end a replay.

use crate::{invoice_file::InvoiceFileError, progress_log::ProgressLogError};
use shop_client::CallError;
use std::{io, path::PathBuf};

/// Error that ends a replay. What was done before it stays; the same replay, started again, resumes from there.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file of invoices cannot be used.
    #[error(transparent)]
    File(#[from] InvoiceFileError),
    /// The progress log cannot be opened.
    #[error(transparent)]
    ProgressLog(#[from] ProgressLogError),
    /// The progress log cannot be written.
    #[error("the progress file cannot be written: {0}")]
    ProgressLogWrite(io::Error),
    /// The report cannot be written.
    #[error("the report {} cannot be written: {error}", path.display())]
    Report {
        /// The path of the report.
        path: PathBuf,
        /// The cause.
        error: csv::Error,
    },
    /// The shop failed or did not answer.
    #[error("{0}; run the same command again to go on")]
    Shop(#[from] CallError),
    /// The shop rejected a product or a movement of stock, without which the replay cannot continue.
    #[error("the shop refused {what}")]
    Refused {
        /// The thing that was rejected, and the reason.
        what: String,
    },
}
