//! Replay of a real shop's invoices through the public API, with a reconciliation of the books afterwards.
//!
//! The data is that of the UCI "Online Retail" set: CSV files, one line of an invoice per row. A replay has four parts.
//!
//! 1. *The books* (`books`): every line of the files is read and classified. It is part of an order, a cancellation
//!    that is settled with earlier orders or outside the shop, a correction of stock, or rejected with a reason.
//! 2. *The catalogue* (`catalogue`): every stock code becomes a product, with one variant for each price it sells at.
//! 3. *The replay* (`replayer`): goods are received, invoices become orders, cancellations become refunds, in
//!    chronological order.
//! 4. *The reconciliation* (`reconciliation`): orders, payments and stock are read back from the shop and must match
//!    the books.
//!
//! A replay can be killed at any time and restarted: every request has an idempotency key that is derived from the data,
//! and a progress log (`progress_log`) records what need not be requested again.

mod address_book;
mod balance;
mod books;
mod catalogue;
mod error;
mod invoice_file;
mod pounds;
mod progress_log;
mod reconciliation;
mod replayer;
mod report;

pub use balance::Balance;
pub use error::ReplayError;
pub use invoice_file::InvoiceFileError;
pub use progress_log::ProgressLogError;
pub use replayer::SHIPPING_METHOD;

use address_book::AddressBook;
use books::Books;
use contracts::cart::Countries;
use kernel::codes;
use progress_log::ProgressLog;
use reconciliation::Reconciliation;
use replayer::Replayer;
use shop_client::{EdgeClient, Progress, Unit};
use std::{collections::BTreeSet, path::PathBuf};
use tokio::time::Instant;

/// Default number of concurrent requests: enough for them to share flushes.
pub const PARALLEL_DEFAULT: usize = 16;
/// The most concurrent requests.
pub const PARALLEL_MAX: usize = 256;
/// Number of orders of a progress log that are looked up in the shop before the log is trusted.
const SAMPLE_ORDERS: usize = 8;

/// Options of a replay.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// Files of invoices, plain or gzipped, best in chronological order.
    pub files: Vec<PathBuf>,
    /// Number of concurrent requests; clamped to 1 to [`PARALLEL_MAX`].
    pub parallel: usize,
    /// The most orders per second.
    pub rate: Option<u32>,
    /// The file for the report with the outcome of every line.
    pub report: Option<PathBuf>,
    /// The file of the progress log. A replay that is resumed without it sends every request again.
    pub progress_file: Option<PathBuf>,
}

/// Replays the files in the shop behind these edges, and reconciles the shop with the books.
///
/// # Errors
///
/// [`ReplayError`] where a file, the progress log, the report or the shop ends the replay. Rejected orders and refunds do
/// not: they are differences in the [`Balance`].
pub async fn replay(
    options: &ReplayOptions,
    shop: &EdgeClient,
    operator: &EdgeClient,
    progress: Progress,
) -> Result<Balance, ReplayError> {
    let started_at = Instant::now();
    let books = Books::open(&options.files)?;
    let parallel = options.parallel.clamp(1, PARALLEL_MAX);
    let mut progress_log = ProgressLog::open(options.progress_file.as_deref())?;
    if !is_log_of(&progress_log, operator).await? {
        progress_log.reset().map_err(ReplayError::ProgressLogWrite)?;
    }
    let skus = {
        let meter = progress.begin("catalogue", books.goods.codes.len() as u64, Unit::Things);
        catalogue::import_catalogue(&books, operator, parallel, &meter).await?
    };
    let address_book = AddressBook::for_countries(delivery_countries(shop).await?.as_ref());
    let outcome = {
        let replayer = Replayer {
            books: &books,
            skus: &skus,
            address_book: &address_book,
            shop,
            operator,
            progress_log: &progress_log,
            parallel,
            rate: options.rate,
        };
        let meter = progress.begin("orders", Replayer::step_count(&books), Unit::Things);
        replayer.execute(&meter).await?
    };
    let findings = {
        let reconciliation = Reconciliation {
            books: &books,
            skus: &skus,
            operator,
            placed: &outcome.placed,
            parallel,
        };
        let meter =
            progress.begin("reading back", Reconciliation::record_count(&books), Unit::Things);
        reconciliation.run(&meter).await?
    };
    if let Some(path) = &options.report {
        report::write(path, &books, &skus, &outcome.placed)?;
    }
    Ok(Balance::of(&books, &findings, outcome.rejections, started_at.elapsed()))
}

/// Whether the progress log belongs to this shop: a sample of its orders exists there.
async fn is_log_of(progress_log: &ProgressLog, operator: &EdgeClient) -> Result<bool, ReplayError> {
    for order in progress_log.sample_orders(SAMPLE_ORDERS) {
        let known = operator.get(format!("/api/v1/orders/{order}")).send_raw().await;
        match known {
            Ok(_) => {}
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    // A log without orders cannot be verified, and little is lost by discarding it.
    Ok(progress_log.entry_count() == 0 || !progress_log.sample_orders(1).is_empty())
}

/// Countries that the shop delivers to; `None` if it does not list them.
async fn delivery_countries(shop: &EdgeClient) -> Result<Option<BTreeSet<String>>, ReplayError> {
    let countries: Result<Countries, _> = shop.get("/api/v1/countries").send().await;
    match countries {
        Ok(countries) => {
            Ok(Some(countries.items.into_iter().map(|country| country.code).collect()))
        }
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
