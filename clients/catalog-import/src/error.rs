//! Errors that end an import.

use kernel::Currency;
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
    /// A file has no column that groups its rows into products, so it is not a product file.
    #[error(
        "{} has no column {names}, which groups the rows of a product; name its format with --columns, \
         or a mapping file that says what its columns mean", path.display()
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The names of such columns.
        names: String,
    },
    /// A number of a file has two readings, and no other one of the file tells which is right.
    #[error(
        "{}, line {line}: {text} can have a decimal separator or one of thousands, and no other number of the file \
         tells which; say --decimal point or --decimal comma", path.display()
    )]
    AmbiguousNumber {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The number.
        text: String,
    },
    /// A file is no table and no JSON Lines.
    #[error("{} {reason}", path.display())]
    NoProducts {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
    },
    /// The named currency is not the shop's.
    #[error(
        "--currency: the shop sells in {own}, not in {named}; its currency is the setting shopping-cart-service.currency"
    )]
    OtherCurrency {
        /// Currency that was named.
        named: Currency,
        /// Currency of the shop.
        own: Currency,
    },
    /// The shop does not tell its currency.
    #[error("the shop does not tell its currency; name it with --currency")]
    UnknownCurrency,
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
