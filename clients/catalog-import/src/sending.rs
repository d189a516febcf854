//! Sends products in batches and learns what became of each.

use crate::{
    failure::ImportFailure,
    gathering::Found,
    product::Prepared,
    row::{Remark, RowOutcome, RowReport},
};
use contracts::product::{
    IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct,
};
use kernel::Problem;
use shop_client::{CallError, Edge};

/// The most bytes of products in one batch, well below what the shop takes in one request.
const BATCH_BYTES_MAX: usize = 600 * 1024;

/// What is sent together, and the rows that were refused while it was gathered.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    products: Vec<Prepared>,
    bytes: usize,
    refused: Vec<RowReport>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) products: Vec<(NewProduct, RowOutcome)>,
    pub(crate) rows: Vec<RowReport>,
}

/// Puts what is found into batches.
pub(crate) struct Batches<I>(pub(crate) I);

impl<I: Iterator<Item = Result<Found, ImportFailure>>> Iterator for Batches<I> {
    type Item = Result<Batch, ImportFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch::default();
        while !batch.is_full() {
            match self.0.next() {
                Some(Ok(found)) => batch.take(found),
                Some(Err(failure)) => return Some(Err(failure)),
                None if batch.products.is_empty() && batch.refused.is_empty() => return None,
                None => break,
            }
        }
        Some(Ok(batch))
    }
}

impl Batch {
    fn take(&mut self, found: Found) {
        match found {
            Found::Product(prepared) => {
                self.bytes += serde_json::to_vec(&prepared.product).map_or(0, |text| text.len());
                self.products.push(*prepared);
            }
            Found::Rejected(row) => self.refused.push(row),
        }
    }

    /// Also rows without a product fill a batch, so that a file of nothing else needs no more memory.
    fn is_full(&self) -> bool {
        self.products.len() == IMPORT_PRODUCTS_MAX
            || self.bytes >= BATCH_BYTES_MAX
            || self.refused.len() >= IMPORT_PRODUCTS_MAX
    }

    /// Sends the batch.
    pub(crate) async fn send(self, operator: &Edge, dry_run: bool) -> Result<Sent, ImportFailure> {
        let mut sent = Sent { rows: self.refused, ..Sent::default() };
        // A batch that is refused as a whole is halved until it is known which product is to blame.
        let mut parts = vec![self.products];
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let products = part.iter().map(|prepared| prepared.product.clone()).collect();
            let outcomes = match import(operator, products, dry_run).await {
                Ok(report) => report.outcomes,
                Err(CallError::Problem(problem)) if problem.status < 500 => {
                    if part.len() > 1 {
                        let rest = part.split_off(part.len() / 2);
                        parts.extend([rest, part]);
                        continue;
                    }
                    vec![refusal(&problem)]
                }
                Err(error) => return Err(error.into()),
            };
            for (prepared, outcome) in part.into_iter().zip(outcomes) {
                sent.enter(prepared, outcome);
            }
        }
        sent.rows.sort_by_key(|row| (row.place.file, row.place.line));
        Ok(sent)
    }
}

impl Sent {
    fn enter(&mut self, prepared: Prepared, outcome: ImportOutcome) {
        let (outcome, remark) = match outcome {
            ImportOutcome::Created => (RowOutcome::Created, None),
            ImportOutcome::Updated => (RowOutcome::Updated, None),
            ImportOutcome::Unchanged => (RowOutcome::Unchanged, None),
            ImportOutcome::Rejected { field, message } => {
                (RowOutcome::Rejected, Some(Remark { field, reason: message }))
            }
        };
        let rows = prepared.rows.into_iter().map(|row| {
            let mut remarks: Vec<Remark> = remark.iter().cloned().collect();
            remarks.extend(row.remarks);
            RowReport { place: row.place, sku: row.sku, outcome, remarks }
        });
        self.rows.extend(rows);
        self.products.push((prepared.product, outcome));
    }
}

async fn import(
    operator: &Edge,
    products: Vec<NewProduct>,
    dry_run: bool,
) -> Result<ImportReport, CallError> {
    operator.post("/api/v1/products/import").json(&ImportBatch { products, dry_run }).send().await
}

fn refusal(problem: &Problem) -> ImportOutcome {
    let field = problem.errors.first().map_or_else(String::new, |error| error.field.clone());
    ImportOutcome::Rejected { field, message: problem.to_string() }
}
