//! Batch import of products: each product is created, updated, left unchanged or rejected independently of the others,
//! and their stock is counted together.

use super::{Catalogue, CatalogueError, ChangeOutcome, ChangeRequest};
use crate::domain::{ProductCommand, ProductDraft, Rejection};
use std::collections::HashSet;

/// Result for one product of a batch.
pub(crate) type ImportResult = Result<ChangeOutcome, CatalogueError>;

/// Mode of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportMode {
    /// The changes are made.
    Apply,
    /// The outcomes are determined, but nothing is changed.
    DryRun,
}

impl Catalogue {
    /// Upsert of products by slug, with a result for each. The batch fails as a whole only if the stock cannot be
    /// counted; then nothing has changed.
    pub(crate) async fn import(
        &self,
        drafts: Vec<ProductDraft>,
        mode: ImportMode,
    ) -> Result<Vec<ImportResult>, CatalogueError> {
        let mut plans = Vec::with_capacity(drafts.len());
        let mut slugs = HashSet::new();
        for draft in drafts {
            if !slugs.insert(draft.slug.clone()) {
                let duplicate =
                    Rejection::Duplicate { field: "slug".to_owned(), value: draft.slug };
                plans.push(Err(duplicate.into()));
                continue;
            }
            let existing = self.index.owner_of_slug(&draft.slug);
            let id = existing.unwrap_or_else(|| self.ids.next());
            let command = ProductCommand::Upsert(draft);
            plans.push(self.plan(ChangeRequest { id, command, if_match: None }).await);
        }
        if mode == ImportMode::DryRun {
            return Ok(plans.into_iter().map(|plan| plan.map(|planned| planned.outcome)).collect());
        }
        let counts = plans.iter().flatten().flat_map(|planned| planned.counts.clone()).collect();
        let available = self.count_stock(counts).await?;
        let mut results = Vec::with_capacity(plans.len());
        for plan in plans {
            results.push(match plan {
                Ok(planned) => self.commit(planned, &available).await,
                Err(error) => Err(error),
            });
        }
        Ok(results)
    }
}
