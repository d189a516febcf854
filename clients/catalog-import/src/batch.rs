//! Batches of products: filled up to a limit of items and bytes, sent, and bisected where the shop rejects one whole.

mod repair;

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
use repair::repair;
use shop_client::{CallError, EdgeClient};

/// The most bytes of products in one batch, well below the size limit of a request.
const BATCH_BYTES_MAX: usize = 600 * 1024;
/// The most times that a product is repaired and sent again.
const REPAIRS_MAX: u32 = 16;

/// Products of one request, with the rows that are not part of one.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    products: Vec<PreparedProduct>,
    bytes: usize,
    rows: Vec<RowReport>,
}

/// Outcome of a batch, product by product and row by row.
#[derive(Debug, Default)]
pub(crate) struct BatchResult {
    pub(crate) products: Vec<(NewProduct, RowOutcome)>,
    pub(crate) rows: Vec<RowReport>,
    /// Number of variants that are new to products that existed.
    pub(crate) added: u64,
    /// Number of variants that are no longer for sale.
    pub(crate) withdrawn: u64,
}

/// Part of a batch that is sent in one request.
struct Part {
    products: Vec<PreparedProduct>,
    /// Whether variants that a product does not have stay on sale.
    keep_variants: bool,
    /// Number of repairs that its products had.
    repairs: u32,
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
                None if batch.products.is_empty() && batch.rows.is_empty() => return None,
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
            ImportItem::Row(row) => self.rows.push(row),
        }
    }

    /// Whether the batch is full. Rejected rows count as well, so that a file of nothing else stays in bounded memory.
    fn is_full(&self) -> bool {
        self.products.len() == IMPORT_PRODUCTS_MAX
            || self.bytes >= BATCH_BYTES_MAX
            || self.rows.len() >= IMPORT_PRODUCTS_MAX
    }

    /// Sends the batch. One that the shop rejects as a whole is bisected until the product to blame is known; a product
    /// that it rejects for one part of it is repaired, and sent again.
    ///
    /// # Errors
    ///
    /// [`ImportError::Shop`] where the shop fails or does not answer.
    pub(crate) async fn send(
        self,
        operator: &EdgeClient,
        dry_run: bool,
    ) -> Result<BatchResult, ImportError> {
        let mut result = BatchResult { rows: self.rows, ..BatchResult::default() };
        let (keeping, exact) = self.products.into_iter().partition(|it| it.has_refused_variants);
        let mut parts = vec![Part { products: keeping, keep_variants: true, repairs: 0 }];
        parts.push(Part { products: exact, keep_variants: false, repairs: 0 });
        while let Some(mut part) = parts.pop() {
            if part.products.is_empty() {
                continue;
            }
            let outcomes = match part.post(operator, dry_run).await {
                Ok(report) => report.outcomes,
                Err(CallError::Problem(problem)) if problem.status < 500 => {
                    if part.products.len() > 1 {
                        let products = part.products.split_off(part.products.len() / 2);
                        parts.extend([Part { products, ..part }, part]);
                        continue;
                    }
                    vec![rejection(&problem)]
                }
                Err(error) => return Err(error.into()),
            };
            let may_repair = part.repairs < REPAIRS_MAX;
            let mut repaired = Vec::new();
            for (mut prepared, outcome) in part.products.into_iter().zip(outcomes) {
                result.count(&prepared, &outcome);
                if repair(&mut prepared, &outcome, may_repair) {
                    repaired.push(prepared);
                } else {
                    result.record(prepared, outcome);
                }
            }
            parts.push(Part { products: repaired, repairs: part.repairs + 1, ..part });
        }
        result.rows.sort_by_key(|row| (row.origin.file, row.origin.line));
        Ok(result)
    }
}

impl Part {
    async fn post(&self, operator: &EdgeClient, dry_run: bool) -> Result<ImportReport, CallError> {
        let products = self.products.iter().map(|prepared| prepared.product.clone()).collect();
        let batch = ImportBatch { products, dry_run, keep_variants: self.keep_variants };
        operator.post("/api/v1/products/import").json(&batch).send().await
    }
}

impl BatchResult {
    fn count(&mut self, prepared: &PreparedProduct, outcome: &ImportOutcome) {
        if let ImportOutcome::Updated { added, withdrawn, .. } = outcome {
            // A product that this import created has no variants from before.
            if prepared.outcome != Some(RowOutcome::Created) {
                self.added += added.len() as u64;
            }
            self.withdrawn += withdrawn.len() as u64;
        }
    }

    fn record(&mut self, prepared: PreparedProduct, outcome: ImportOutcome) {
        let (outcome, remark) = match outcome {
            ImportOutcome::Rejected { field, message, .. } => {
                (RowOutcome::Rejected, Some(Remark { field, reason: message }))
            }
            _ => (prepared.outcome.unwrap_or(RowOutcome::Unchanged), None),
        };
        let rows = prepared.rows.into_iter().map(|row| {
            let mut remarks: Vec<Remark> = remark.iter().cloned().collect();
            remarks.extend(row.remarks);
            RowReport { origin: row.origin, sku: row.sku, outcome, remarks }
        });
        self.rows.extend(rows.chain(prepared.rejected));
        self.products.push((prepared.product, outcome));
    }
}

fn rejection(problem: &Problem) -> ImportOutcome {
    let field = problem.errors.first().map_or_else(String::new, |error| error.field.clone());
    ImportOutcome::Rejected {
        field,
        message: problem.to_string(),
        code: Some(problem.code.clone()),
        subject: problem.subject.clone(),
    }
}
