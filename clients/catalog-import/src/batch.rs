//! Batches of products: filled up to a limit of items and bytes, sent, and bisected where the shop rejects one whole.

use crate::{
    error::ImportError,
    product::PreparedProduct,
    row::{Remark, RowOutcome, RowReport},
    row_grouping::ImportItem,
};
use contracts::product::{
    IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct,
};
use kernel::Problem;
use shop_client::{CallError, EdgeClient};

/// The most bytes of products in one batch, well below the size limit of a request.
const BATCH_BYTES_MAX: usize = 600 * 1024;

/// Products of one request, with the rows that were rejected meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    products: Vec<PreparedProduct>,
    bytes: usize,
    rejected: Vec<RowReport>,
}

/// Outcome of a batch, product by product and row by row.
#[derive(Debug, Default)]
pub(crate) struct BatchResult {
    pub(crate) products: Vec<(NewProduct, RowOutcome)>,
    pub(crate) rows: Vec<RowReport>,
}

/// Iterator adapter that collects import items into batches.
pub(crate) struct Batcher<I>(pub(crate) I);

impl<I: Iterator<Item = Result<ImportItem, ImportError>>> Iterator for Batcher<I> {
    type Item = Result<Batch, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch::default();
        while !batch.is_full() {
            match self.0.next() {
                Some(Ok(item)) => batch.push(item),
                Some(Err(error)) => return Some(Err(error)),
                None if batch.products.is_empty() && batch.rejected.is_empty() => return None,
                None => break,
            }
        }
        Some(Ok(batch))
    }
}

impl Batch {
    fn push(&mut self, item: ImportItem) {
        match item {
            ImportItem::Product(prepared) => {
                self.bytes += serde_json::to_vec(&prepared.product).map_or(0, |text| text.len());
                self.products.push(*prepared);
            }
            ImportItem::Rejected(row) => self.rejected.push(row),
        }
    }

    /// Whether the batch is full. Rejected rows count as well, so that a file of nothing else stays in bounded memory.
    fn is_full(&self) -> bool {
        self.products.len() == IMPORT_PRODUCTS_MAX
            || self.bytes >= BATCH_BYTES_MAX
            || self.rejected.len() >= IMPORT_PRODUCTS_MAX
    }

    /// Sends the batch. One that the shop rejects as a whole is bisected until the product to blame is known.
    ///
    /// # Errors
    ///
    /// [`ImportError::Shop`] where the shop fails or does not answer.
    pub(crate) async fn send(
        self,
        operator: &EdgeClient,
        dry_run: bool,
    ) -> Result<BatchResult, ImportError> {
        let mut result = BatchResult { rows: self.rejected, ..BatchResult::default() };
        let mut parts = vec![self.products];
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let products = part.iter().map(|prepared| prepared.product.clone()).collect();
            let outcomes = match post_import(operator, products, dry_run).await {
                Ok(report) => report.outcomes,
                Err(CallError::Problem(problem)) if problem.status < 500 => {
                    if part.len() > 1 {
                        let rest = part.split_off(part.len() / 2);
                        parts.extend([rest, part]);
                        continue;
                    }
                    vec![rejection(&problem)]
                }
                Err(error) => return Err(error.into()),
            };
            for (prepared, outcome) in part.into_iter().zip(outcomes) {
                result.record(prepared, outcome);
            }
        }
        result.rows.sort_by_key(|row| (row.origin.file, row.origin.line));
        Ok(result)
    }
}

impl BatchResult {
    fn record(&mut self, prepared: PreparedProduct, outcome: ImportOutcome) {
        let (outcome, remark) = match outcome {
            ImportOutcome::Created { .. } => (RowOutcome::Created, None),
            ImportOutcome::Updated { .. } => (RowOutcome::Updated, None),
            ImportOutcome::Unchanged { .. } => (RowOutcome::Unchanged, None),
            ImportOutcome::Rejected { field, message } => {
                (RowOutcome::Rejected, Some(Remark { field, reason: message }))
            }
        };
        let rows = prepared.rows.into_iter().map(|row| {
            let mut remarks: Vec<Remark> = remark.iter().cloned().collect();
            remarks.extend(row.remarks);
            RowReport { origin: row.origin, sku: row.sku, outcome, remarks }
        });
        self.rows.extend(rows);
        self.products.push((prepared.product, outcome));
    }
}

async fn post_import(
    operator: &EdgeClient,
    products: Vec<NewProduct>,
    dry_run: bool,
) -> Result<ImportReport, CallError> {
    let batch = ImportBatch { products, dry_run, keep_variants: false };
    operator.post("/api/v1/products/import").json(&batch).send().await
}

fn rejection(problem: &Problem) -> ImportOutcome {
    let field = problem.errors.first().map_or_else(String::new, |error| error.field.clone());
    ImportOutcome::Rejected { field, message: problem.to_string() }
}
