//! Catalogue import through the public API: CSV files as shops export them, or JSON Lines with one product a line;
//! plain or gzipped, in UTF-8, UTF-16 or Windows-1252.
//!
//! Every row is accepted or reported with a reason, and memory does not grow with the file. Each file is read twice: the
//! first pass detects its format and the products whose rows are not contiguous (`file_scan`), the second groups rows
//! into products (`row_grouping`, `product`), which are sent in concurrent batches (`batch`). Products are matched
//! by handle and variants by SKU, given or derived, so importing the same file again changes nothing.

mod batch;
mod columns;
mod error;
mod fetched_pictures;
mod file_scan;
mod json_lines;
mod price;
mod product;
mod report;
mod row;
mod row_grouping;
mod summary;
mod text;
mod text_reader;

pub use error::ImportError;
pub use fetched_pictures::{FetchedPictures, wait_for_pictures};
pub use summary::Summary;

use batch::Batcher;
use file_scan::FileScan;
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::Currency;
use report::Report;
use row_grouping::ProductGrouper;
use shop_client::{EdgeClient, Progress, Unit};
use std::path::{Path, PathBuf};
use tokio::time::Instant;

/// Default number of concurrent batches.
pub const PARALLEL_DEFAULT: usize = 4;
/// The most concurrent batches.
pub const PARALLEL_MAX: usize = 64;

/// Options of an import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The files, in the order in which they are imported.
    pub files: Vec<PathBuf>,
    /// The currency of prices that name none, as in CSV files.
    pub currency: Currency,
    /// Number of concurrent batches; clamped to 1 to [`PARALLEL_MAX`].
    pub parallel: usize,
    /// The file for the report with the outcome of every row.
    pub report: Option<PathBuf>,
    /// Whether to report what an import would do, without changing anything.
    pub dry_run: bool,
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
    let mut report = Report::create(options.report.as_deref(), &options.files)?;
    let scan = scan_files(&options.files, progress)?;
    let mut summary = Summary { is_dry_run: options.dry_run, ..Summary::default() };
    {
        let meter = progress.begin("importing", total_bytes(&options.files)?, Unit::Bytes);
        let on_read = |bytes| meter.advance(bytes);
        let products = ProductGrouper::new(&options.files, &scan, options.currency, &on_read);
        let mut results = stream::iter(Batcher(products))
            .map_ok(|batch| batch.send(operator, options.dry_run))
            .map(|batch| async { batch?.await })
            // Ordered, so that the report has the order of the files.
            .buffered(options.parallel.clamp(1, PARALLEL_MAX));
        while let Some(result) = results.try_next().await? {
            for (product, outcome) in &result.products {
                summary.count_product(product, *outcome);
            }
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

fn scan_files(files: &[PathBuf], progress: Progress) -> Result<FileScan, ImportError> {
    let meter = progress.begin("scanning", total_bytes(files)?, Unit::Bytes);
    let mut scan = FileScan::default();
    for file in files {
        scan.scan_file(file, |bytes| meter.advance(bytes))?;
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
