//! Replays the invoices of a real shop through the public API of this one, and balances the books afterwards.
//!
//! The data is that of the UCI "Online Retail" set: CSV files, one line of an invoice per row. A replay has four parts.
//!
//! 1. *The books* (`books`): every line of the files is read and judged. It is part of an order, a cancellation that is
//!    settled with earlier orders or outside the shop, a correction of stock, or rejected with a reason.
//! 2. *The catalogue* (`catalogue`): every stock code becomes a product, with one variant for each price it sells at.
//! 3. *Selling* (`selling`): goods come in, invoices become orders, cancellations become refunds, in the order of time.
//! 4. *The proof* (`proof`): orders, payments and stock are read back from the shop and must agree with the books.
//!
//! A replay can be killed at any time and begun again: every request has a key that follows from the data, and a
//! progress file remembers what need not be asked again.

mod addresses;
mod balance;
mod books;
mod catalogue;
mod diary;
mod failure;
mod pounds;
mod proof;
mod report;
mod selling;
mod sheet;

pub use balance::Balance;
pub use diary::NoDiary;
pub use failure::ReplayFailure;
pub use sheet::UnreadableFile;

use addresses::Addresses;
use books::Books;
use contracts::cart::Countries;
use diary::Diary;
use kernel::codes;
use proof::Proof;
use selling::Selling;
use shop_client::{EdgeClient, Progress, Unit};
use std::{collections::BTreeSet, path::PathBuf};
use tokio::time::Instant;

/// How many requests are under way at the same time when nobody says: enough for flushes to be shared.
pub const PARALLEL_DEFAULT: usize = 16;
/// The most requests that may be under way at the same time.
pub const PARALLEL_MAX: usize = 256;
/// How many orders of a progress file are looked for in the shop before it is believed.
const SAMPLES: usize = 8;

/// What to replay and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files of invoices, plain or gzipped, best in the order of time.
    pub files: Vec<PathBuf>,
    /// How many requests are under way at the same time.
    pub parallel: usize,
    /// The most orders a second.
    pub rate: Option<u32>,
    /// Where to write what became of every line.
    pub report: Option<PathBuf>,
    /// Where to remember what is done. Without it a replay that goes on asks for everything again.
    pub progress_file: Option<PathBuf>,
}

/// Replays the files in the shop behind these edges.
pub async fn replay(
    options: &Options,
    shop: &EdgeClient,
    operator: &EdgeClient,
    progress: Progress,
) -> Result<Balance, ReplayFailure> {
    let began = Instant::now();
    let books = Books::open(&options.files)?;
    let parallel = options.parallel.clamp(1, PARALLEL_MAX);
    let mut diary = Diary::open(options.progress_file.as_deref())?;
    if !is_about(&diary, operator).await? {
        diary.begin_again().map_err(ReplayFailure::DiaryWrite)?;
    }
    let skus = {
        let work = progress.begin("catalogue", books.goods.codes.len() as u64, Unit::Things);
        catalogue::stock_catalogue(&books, operator, parallel, &work).await?
    };
    let addresses = Addresses::within(countries(shop).await?.as_ref());
    let sold = {
        let selling = Selling {
            books: &books,
            skus: &skus,
            addresses: &addresses,
            shop,
            operator,
            diary: &diary,
            parallel,
            rate: options.rate,
        };
        let work = progress.begin("orders", Selling::size(&books), Unit::Things);
        selling.sell(&work).await?
    };
    let findings = {
        let proof = Proof { books: &books, skus: &skus, operator, placed: &sold.placed, parallel };
        let work = progress.begin("reading back", Proof::size(&books), Unit::Things);
        proof.findings(&work).await?
    };
    if let Some(path) = &options.report {
        report::write(path, &books, &skus, &sold.placed)?;
    }
    Ok(Balance::of(&books, &findings, sold.refusals, began.elapsed()))
}

/// Whether the diary is about this shop: it knows the orders that the diary knows.
async fn is_about(diary: &Diary, operator: &EdgeClient) -> Result<bool, ReplayFailure> {
    for order in diary.samples(SAMPLES) {
        let known = operator.get(format!("/api/v1/orders/{order}")).send_raw().await;
        match known {
            Ok(_) => {}
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    // Without an order there is nothing to tell by, and little to lose.
    Ok(diary.entries() == 0 || !diary.samples(1).is_empty())
}

/// The countries the shop sends to; nothing if it does not say.
async fn countries(shop: &EdgeClient) -> Result<Option<BTreeSet<String>>, ReplayFailure> {
    let countries: Result<Countries, _> = shop.get("/api/v1/countries").send().await;
    match countries {
        Ok(countries) => {
            Ok(Some(countries.items.into_iter().map(|country| country.code).collect()))
        }
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
