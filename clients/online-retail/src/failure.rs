//! Why a replay could not go on.

use crate::{diary::NoDiary, sheet::UnreadableFile};
use shop_client::CallError;
use std::{io, path::PathBuf};

/// Why a replay could not go on. What it did is done; beginning it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFailure {
    /// A file of invoices cannot be used.
    #[error(transparent)]
    File(#[from] UnreadableFile),
    /// The progress file cannot be used.
    #[error(transparent)]
    Diary(#[from] NoDiary),
    /// The progress file cannot be written.
    #[error("the progress file cannot be written: {0}")]
    DiaryWrite(io::Error),
    /// The report cannot be written.
    #[error("the report {} cannot be written: {error}", path.display())]
    Report {
        /// Where it should be.
        path: PathBuf,
        /// What went wrong.
        error: csv::Error,
    },
    /// The shop does not answer, or not as expected.
    #[error("{0}; run the same command again to go on")]
    Shop(#[from] CallError),
    /// The shop refused something without which there is nothing to replay.
    #[error("the shop refused {what}")]
    Refused {
        /// What, and why.
        what: String,
    },
}
