//! Imports a catalogue from files through the public API: product files as shops export them (CSV), or JSON Lines with
//! one product a line; plain or gzipped, in UTF-8, UTF-16 or Windows-1252.
//!
//! Every row is accepted or reported with a reason, and memory does not grow with the file. A file is read twice: once
//! to see how it is written and which products come again later (`survey`), once to make products of its rows
//! (`gathering`, `product`), which are sent in batches side by side (`sending`). Products are found again by handle and
//! variants by SKU, given or derived, so importing the same file again changes nothing.

mod columns;
mod failure;
mod gathering;
mod json_lines;
mod price;
mod product;
mod reading;
mod report;
mod row;
mod sending;
mod summary;
mod survey;
mod words;

pub use failure::ImportFailure;
pub use summary::Summary;

use futures_util::{StreamExt, TryStreamExt, stream};
use gathering::Gathering;
use kernel::Currency;
use report::Report;
use sending::Batches;
use shop_client::{Edge, Progress, Unit};
use std::path::{Path, PathBuf};
use survey::Survey;
use tokio::time::Instant;

/// How many batches are under way at the same time when nobody says.
pub const PARALLEL_DEFAULT: usize = 4;
/// The most batches that may be under way at the same time.
pub const PARALLEL_MAX: usize = 64;

/// What to import and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The files, in the order in which they count.
    pub files: Vec<PathBuf>,
    /// The currency of prices in tables, which do not say it.
    pub currency: Currency,
    /// How many batches are under way at the same time.
    pub parallel: usize,
    /// Where to write what became of every row.
    pub report: Option<PathBuf>,
    /// Only say what an import would do.
    pub dry_run: bool,
}

/// Imports the files into the shop behind this operator edge.
pub async fn run(
    options: &Options,
    operator: &Edge,
    progress: Progress,
) -> Result<Summary, ImportFailure> {
    let began = Instant::now();
    let mut report = Report::begin(options.report.as_deref(), &options.files)?;
    let survey = survey(&options.files, progress)?;
    let mut summary = Summary { is_dry_run: options.dry_run, ..Summary::default() };
    {
        let work = progress.begin("importing", size(&options.files)?, Unit::Bytes);
        let counted = |bytes| work.advance(bytes);
        let gathering = Gathering::new(&options.files, &survey, options.currency, &counted);
        let mut sent = stream::iter(Batches(gathering))
            .map_ok(|batch| batch.send(operator, options.dry_run))
            .map(|batch| async { batch?.await })
            // In the order of the files, so that the report is too.
            .buffered(options.parallel.clamp(1, PARALLEL_MAX));
        while let Some(sent) = sent.try_next().await? {
            for (product, outcome) in &sent.products {
                summary.count_product(product, *outcome);
            }
            for row in &sent.rows {
                summary.count_row(row);
                report.write(row)?;
            }
        }
    }
    report.end()?;
    summary.took = began.elapsed();
    Ok(summary)
}

fn survey(files: &[PathBuf], progress: Progress) -> Result<Survey, ImportFailure> {
    let work = progress.begin("looking", size(files)?, Unit::Bytes);
    let mut survey = Survey::default();
    for file in files {
        survey.look_at(file, |bytes| work.advance(bytes))?;
    }
    Ok(survey)
}

fn size(files: &[PathBuf]) -> Result<u64, ImportFailure> {
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len());
    files
        .iter()
        .map(|path| size(path).map_err(|error| ImportFailure::File { path: path.clone(), error }))
        .sum()
}
