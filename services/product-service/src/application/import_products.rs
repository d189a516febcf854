//! Batch import of products: each product is created, updated, left unchanged or rejected independently of the others,
//! and their stock is counted together.
//!
//! A product that exists has the variants of its draft afterwards and no others. A variant that cannot be taken is
//! refused by itself, and so is a picture: what concerns the whole product does not depend on them.

use super::execute::{PlannedChange, VariantSetChanges};
use super::{Catalogue, CatalogueError, ChangeOutcome, ChangeRequest};
use crate::domain::{MissingVariants, ProductCommand, ProductDraft, RefusedDraft, Rejection};
use crate::index::NameConflict;
use contracts::shared::{ProductId, Sku};
use std::collections::HashSet;

/// Refused variants and pictures of one product, at most: beyond, the product is rejected.
const REFUSED_PARTS_MAX: usize = 100;

/// Result for one product of a batch.
pub(crate) type ImportResult = Result<ImportedProduct, CatalogueError>;

/// Product that was imported.
#[derive(Debug)]
pub(crate) struct ImportedProduct {
    pub(crate) outcome: ChangeOutcome,
    pub(crate) variants: VariantSetChanges,
    pub(crate) refused: Vec<VariantRefusal>,
    pub(crate) refused_pictures: Vec<PictureRefusal>,
}

/// Refusal of one variant.
#[derive(Debug)]
pub(crate) struct VariantRefusal {
    /// Place among the variants of the draft.
    pub(crate) index: usize,
    pub(crate) sku: Sku,
    pub(crate) error: CatalogueError,
}

/// Refusal of one picture.
#[derive(Debug)]
pub(crate) struct PictureRefusal {
    /// Place among the pictures of the draft.
    pub(crate) index: usize,
    pub(crate) error: CatalogueError,
}

/// Mode of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportMode {
    /// The changes are made.
    Apply,
    /// The outcomes are determined, but nothing is changed.
    DryRun,
}

/// Planned change of one product, with the parts that were refused.
type PlannedImport = (PlannedChange, Refusals);

/// Refused parts of one product.
#[derive(Debug, Default)]
struct Refusals {
    variants: Vec<VariantRefusal>,
    pictures: Vec<PictureRefusal>,
}

impl Catalogue {
    /// Upsert of products by slug, with a result for each. The batch fails as a whole only if the stock cannot be
    /// counted; then nothing has changed.
    pub(crate) async fn import(
        &self,
        drafts: Vec<ProductDraft>,
        missing: &MissingVariants,
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
            plans.push(self.plan_import(draft, missing).await);
        }
        if mode == ImportMode::Apply {
            let counts = plans.iter().flatten().flat_map(|(plan, _)| plan.counts.clone()).collect();
            let available = self.count_stock(counts).await?;
            let mut results = Vec::with_capacity(plans.len());
            for plan in plans {
                results.push(match plan {
                    Ok((mut planned, refusals)) => {
                        let variants = std::mem::take(&mut planned.variants);
                        let outcome = self.commit(planned, &available).await;
                        outcome.map(|outcome| refusals.of_product(outcome, variants))
                    }
                    Err(error) => Err(error),
                });
            }
            return Ok(results);
        }
        let imported = |(planned, refusals): PlannedImport| {
            refusals.of_product(planned.outcome, planned.variants)
        };
        Ok(plans.into_iter().map(|plan| plan.map(imported)).collect())
    }

    /// Plan for one product: variants and pictures at fault are taken out of the draft until the rest is valid.
    async fn plan_import(
        &self,
        mut draft: ProductDraft,
        missing: &MissingVariants,
    ) -> Result<PlannedImport, CatalogueError> {
        let existing = self.index.owner_of_slug(&draft.slug);
        let id = existing.unwrap_or_else(|| self.ids.next());
        let mut missing = missing.clone();
        let mut places: Vec<usize> = (0..draft.variants.len()).collect();
        let mut pictures: Vec<usize> = (0..draft.media.len()).collect();
        let mut refusals = Refusals::default();
        loop {
            let command = ProductCommand::Upsert { draft: draft.clone(), missing: missing.clone() };
            let error = match self.plan(ChangeRequest { id, command, if_match: None }).await {
                Ok(planned) => return Ok((planned, refusals)),
                Err(error) => error,
            };
            let has_room = refusals.variants.len() + refusals.pictures.len() < REFUSED_PARTS_MAX;
            if let Some(at) = picture_at_fault(&error, &draft).filter(|_| has_room) {
                draft.media.remove(at);
                refusals.pictures.push(PictureRefusal { index: pictures.remove(at), error });
                continue;
            }
            let at_fault = variant_at_fault(&error, &draft);
            let has_others = draft.variants.len() > 1;
            if let Some(at) = at_fault.filter(|_| has_others && has_room) {
                let options = draft.variants[at].facts.options.clone();
                let sku = self.take_out(&mut draft, &mut pictures, at, id);
                if let MissingVariants::Withdrawn { except } = &mut missing {
                    except.push(RefusedDraft { sku: sku.clone(), options });
                }
                refusals.variants.push(VariantRefusal { index: places.remove(at), sku, error });
                continue;
            }
            // What a refused variant was before may not fit the rest; then it leaves the sale.
            match &mut missing {
                MissingVariants::Withdrawn { except } if !except.is_empty() => except.clear(),
                _ => return Err(error),
            }
        }
    }

    /// Removal of a variant from a draft, with its place in pictures that would otherwise show an unknown SKU.
    /// `pictures` are the places of the pictures in the draft as it was given.
    fn take_out(
        &self,
        draft: &mut ProductDraft,
        pictures: &mut Vec<usize>,
        at: usize,
        id: ProductId,
    ) -> Sku {
        let sku = draft.variants.remove(at).sku;
        let is_known = draft.variants.iter().any(|it| it.sku == sku)
            || self.index.owner_of_sku(&sku) == Some(id);
        if !is_known {
            let mut place = 0;
            draft.media.retain_mut(|picture| {
                let had_skus = !picture.skus.is_empty();
                picture.skus.retain(|it| *it != sku);
                let is_kept = !(had_skus && picture.skus.is_empty());
                if is_kept {
                    place += 1;
                } else {
                    pictures.remove(place);
                }
                is_kept
            });
        }
        sku
    }
}

impl Refusals {
    fn of_product(self, outcome: ChangeOutcome, variants: VariantSetChanges) -> ImportedProduct {
        let Self { variants: refused, pictures: refused_pictures } = self;
        ImportedProduct { outcome, variants, refused, refused_pictures }
    }
}

/// Place of the picture that an error is about.
fn picture_at_fault(error: &CatalogueError, draft: &ProductDraft) -> Option<usize> {
    let CatalogueError::Rejected(rejection) = error else { return None };
    index_in(rejection.field()?, "media").filter(|place| *place < draft.media.len())
}

/// Place in a field such as `media[2].skus`.
fn index_in(field: &str, list: &str) -> Option<usize> {
    let (place, _) = field.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?;
    place.parse().ok()
}

/// Place of the variant that an error is about.
fn variant_at_fault(error: &CatalogueError, draft: &ProductDraft) -> Option<usize> {
    match error {
        CatalogueError::Rejected(rejection) => {
            index_in(rejection.field()?, "variants").filter(|place| *place < draft.variants.len())
        }
        CatalogueError::NameConflict(NameConflict::Sku(sku)) => {
            draft.variants.iter().position(|variant| variant.sku == *sku)
        }
        _ => None,
    }
}
