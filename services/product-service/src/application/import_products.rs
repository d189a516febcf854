//! Importing products in batches: each is made, changed, left alone or refused by itself; the stock of all of them is
//! counted at once.

use super::{Catalogue, CatalogueError, Outcome, Wanted};
use crate::domain::{Command, Draft, Rejection};
use std::collections::HashSet;

/// What became of one product of a batch, or why nothing did.
pub(crate) type Imported = Result<Outcome, CatalogueError>;

/// Whether an import is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earnest {
    InEarnest,
    DryRun,
}

impl Catalogue {
    /// Makes or changes each of these products, found again by slug, and says what became of each. Fails as a whole
    /// only when the stock cannot be counted; then nothing was changed.
    pub(crate) async fn import(
        &self,
        drafts: Vec<Draft>,
        earnest: Earnest,
    ) -> Result<Vec<Imported>, CatalogueError> {
        let mut plans = Vec::with_capacity(drafts.len());
        let mut slugs = HashSet::new();
        for draft in drafts {
            if !slugs.insert(draft.slug.clone()) {
                let repeated = Rejection::Repeated { field: "slug".to_owned(), value: draft.slug };
                plans.push(Err(repeated.into()));
                continue;
            }
            let known = self.index.owner_of_slug(&draft.slug);
            let id = known.unwrap_or_else(|| self.ids.next());
            let wanted = Wanted { id, command: Command::Upsert(draft), seen: None };
            plans.push(self.plan(wanted).await);
        }
        if earnest == Earnest::DryRun {
            return Ok(plans.into_iter().map(|plan| plan.map(|planned| planned.outcome)).collect());
        }
        let counts = plans.iter().flatten().flat_map(|planned| planned.counts.clone()).collect();
        let available = self.count(counts).await?;
        let mut imported = Vec::with_capacity(plans.len());
        for plan in plans {
            imported.push(match plan {
                Ok(planned) => self.finish(planned, &available).await,
                Err(error) => Err(error),
            });
        }
        Ok(imported)
    }
}
