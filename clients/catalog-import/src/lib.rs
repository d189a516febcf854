//! Catalogue import through the public API: tables as shops export them, or JSON Lines with one product a line; plain or
//! gzipped, in UTF-8, UTF-16 or Windows-1252.
//!
//! A mapping file says what the columns of a table mean (`mapping`); those of other shop systems are built in. Every row is
//! accepted or reported with a reason, and memory does not grow with the file. Each file is read twice: the first pass
//! detects its format, its number notation and the products whose rows are not contiguous (`file_scan`), the second groups
//! rows into products (`row_grouping`, `product`), which are sent in concurrent batches (`batch`). Products are matched by
//! slug and variants by SKU, given or derived, so importing the same file again changes nothing.

mod batch;
mod columns;
mod error;
mod fetched_pictures;
mod file_scan;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod html;
mod json_lines;
mod limits;
mod mapping;
mod number;
mod product;
mod report;
mod row;
mod row_grouping;
mod summary;
mod text;
mod text_reader;

pub use error::ImportError;
pub use fetched_pictures::{FetchedPictures, wait_for_pictures};
pub use mapping::{Mapping, MappingError};
pub use number::DecimalSeparator;
pub use summary::Summary;

use batch::Batcher;
use contracts::cart::CartClient;
use file_scan::{FileScan, ScanSettings};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{Currency, Timestamp, codes};
use product::BuildSettings;
use report::Report;
use row_grouping::ProductGrouper;
use shop_client::{EdgeClient, Progress, Unit};
use std::path::{Path, PathBuf};
use tokio::time::Instant;

/// Default number of concurrent batches.
pub const PARALLEL_DEFAULT: usize = 4;
/// The most concurrent batches.
pub const PARALLEL_MAX: usize = 64;
/// The most units that an uncounted stock can get.
pub const UNCOUNTED_STOCK_MAX: i64 = limits::UNITS_MAX;
/// Length of a date such as `2026-11-28`.
const DATE_LENGTH: usize = 10;

/// Options of an import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The files, in the order in which they are imported.
    pub files: Vec<PathBuf>,
    /// What the columns of tables mean.
    pub columns: Mapping,
    /// The currency of prices that name none; the shop's own when absent.
    pub currency: Option<Currency>,
    /// Decimal separator of the numbers in tables; decided by the numbers of each file when absent.
    pub decimal: Option<DecimalSeparator>,
    /// Stock of variants that are in stock, by a file that does not say how many; sold out when absent.
    pub uncounted_stock: Option<i64>,
    /// Number of concurrent batches; clamped to 1 to [`PARALLEL_MAX`].
    pub parallel: usize,
    /// The file for the report with the outcome of every row.
    pub report: Option<PathBuf>,
    /// Whether to report what an import would do, without changing anything.
    pub dry_run: bool,
    /// Current time: sale prices have dates.
    pub now: Timestamp,
}

/// Imports the files into the shop behind this operator edge.
///
/// # Errors
///
/// [`ImportError`] where a file, the report or the shop ends the import; a row that is rejected does not.
pub async fn import_catalogue(
    options: &ImportOptions,
    operator: &EdgeClient,
    progress: Progress,
) -> Result<Summary, ImportError> {
    let started_at = Instant::now();
    let currency = match (options.currency, shop_currency(operator).await?) {
        (Some(named), Some(own)) if named != own => {
            return Err(ImportError::OtherCurrency { named, own });
        }
        (named, own) => named.or(own).ok_or(ImportError::UnknownCurrency)?,
    };
    let mut report = Report::create(options.report.as_deref(), &options.files)?;
    let scan = scan_files(options, currency, progress)?;
    let mut summary = Summary { is_dry_run: options.dry_run, ..Summary::default() };
    {
        let meter = progress.begin("importing", total_bytes(&options.files)?, Unit::Bytes);
        let on_read = |bytes| meter.advance(bytes);
        let today = options.now.to_string().chars().take(DATE_LENGTH).collect();
        let settings = BuildSettings { currency, uncounted_stock: options.uncounted_stock, today };
        let products = ProductGrouper::new(&options.files, &scan, settings, &on_read);
        let mut results = stream::iter(Batcher(products))
            .map_ok(|batch| batch.send(operator, options.dry_run))
            .map(|batch| async { batch?.await })
            // Ordered, so that the report has the order of the files.
            .buffered(options.parallel.clamp(1, PARALLEL_MAX));
        while let Some(result) = results.try_next().await? {
            for (product, outcome) in &result.products {
                summary.count_product(product, *outcome);
            }
            summary.added += result.added;
            summary.withdrawn += result.withdrawn;
            for row in &result.rows {
                summary.count_row(row);
                report.write(row)?;
            }
        }
    }
    report.finish()?;
    summary.took = started_at.elapsed();
    Ok(summary)
}

/// Currency in which the shop sells; `None` where it does not tell.
async fn shop_currency(operator: &EdgeClient) -> Result<Option<Currency>, ImportError> {
    match CartClient::new(operator.channel()).shop_terms().await {
        Ok(terms) => Ok(Some(terms.currency)),
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn scan_files(
    options: &ImportOptions,
    currency: Currency,
    progress: Progress,
) -> Result<FileScan, ImportError> {
    let meter = progress.begin("scanning", total_bytes(&options.files)?, Unit::Bytes);
    let settings = ScanSettings { mapping: &options.columns, currency, decimal: options.decimal };
    let mut scan = FileScan::default();
    for file in &options.files {
        scan.scan_file(file, settings, |bytes| meter.advance(bytes))?;
    }
    Ok(scan)
}

fn total_bytes(files: &[PathBuf]) -> Result<u64, ImportError> {
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len());
    files
        .iter()
        .map(|path| size(path).map_err(|error| ImportError::File { path: path.clone(), error }))
        .sum()
}
