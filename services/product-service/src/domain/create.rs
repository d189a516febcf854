//! Decisions on commands, and the creation of a product.

use super::draft::{MissingVariants, ProductCommand, ProductDraft, TargetStatus, VariantDraft};
use super::events::{ProductCreated, ProductEvent, VariantAdded};
use super::product::Product;
use super::{Decision, Rejection, limits, pictures, update, validation, variants};
use kernel::Timestamp;

impl Product {
    /// Decision on a command. A command whose effect is already there leads to no events, so that every command is
    /// idempotent.
    pub(crate) fn decide(
        product: Option<&Self>,
        command: &ProductCommand,
        now: Timestamp,
    ) -> Decision {
        match (product, command) {
            (None, ProductCommand::Create(draft) | ProductCommand::Upsert { draft, .. }) => {
                create(draft, now)
            }
            (None, _) => Err(Rejection::UnknownProduct),
            (Some(product), ProductCommand::Create(draft)) => product.repeat_creation(draft, now),
            (Some(product), ProductCommand::Upsert { draft, missing }) => {
                validation::draft(draft, now)?;
                let changes = draft.clone().into_changes(missing.clone());
                let mut events = update::change(product, &changes, now)?;
                events.extend(pictures::retry(product));
                Ok(events)
            }
            (Some(product), ProductCommand::Change(changes)) => {
                let mut events = update::change(product, changes, now)?;
                events.extend(pictures::retry(product).filter(|_| changes.media.is_some()));
                Ok(events)
            }
            (Some(product), ProductCommand::AddVariant(draft)) => {
                variants::add(product, draft, now)
            }
            (Some(product), ProductCommand::ChangeVariant { sku, changes }) => {
                variants::change(product, sku, changes, now)
            }
            (Some(product), ProductCommand::WithdrawVariant { sku }) => {
                variants::withdraw_one(product, sku, now)
            }
            (Some(product), ProductCommand::SetPrice { sku, price }) => {
                update::set_price(product, sku, *price, now)
            }
            (Some(product), ProductCommand::RecordPicture { source, outcome }) => {
                Ok(pictures::record(product, source, outcome).into_iter().collect())
            }
            (Some(product), ProductCommand::Publish) => Ok(update::publish(product, now)),
            (Some(product), ProductCommand::Archive) => Ok(update::archive(product, now)),
        }
    }

    /// Decision on a repeated creation, which must describe the product as it is.
    fn repeat_creation(&self, draft: &ProductDraft, now: Timestamp) -> Decision {
        let changes = draft.clone().into_changes(MissingVariants::Kept);
        let differs = !update::change(self, &changes, now)?.is_empty();
        if self.slug != draft.slug || differs {
            Err(Rejection::CreatedDifferently)
        } else {
            Ok(vec![])
        }
    }
}

fn create(draft: &ProductDraft, now: Timestamp) -> Decision {
    validation::draft(draft, now)?;
    let created = ProductCreated {
        at: now,
        slug: draft.slug.clone(),
        name: draft.name.clone(),
        description: draft.description.clone(),
        brand: draft.brand.clone().filter(|brand| !brand.is_empty()),
        categories: draft.categories.clone(),
        tags: draft.tags.clone(),
        options: draft.options.clone(),
        media: draft.media.clone(),
        featured: draft.featured,
    };
    let mut events = vec![ProductEvent::Created(Box::new(created))];
    events.extend(variants_added(&draft.variants.iter().collect::<Vec<_>>(), now));
    match draft.status {
        TargetStatus::Unchanged => {}
        TargetStatus::Active => events.push(ProductEvent::Published { at: now }),
        TargetStatus::Archived => events.push(ProductEvent::Archived { at: now }),
    }
    if let Some(product) = events.iter().fold(None, Product::evolve) {
        validation::consistency(&product, &draft.variants)?;
    }
    Ok(events)
}

/// Events that add these variants.
pub(super) fn variants_added(
    variants: &[&VariantDraft],
    at: Timestamp,
) -> impl Iterator<Item = ProductEvent> {
    variants.chunks(limits::VARIANTS_PER_EVENT).map(move |variants| ProductEvent::VariantsAdded {
        at,
        variants: variants.iter().map(|draft| VariantAdded::from(*draft)).collect(),
    })
}

impl From<&VariantDraft> for VariantAdded {
    fn from(draft: &VariantDraft) -> Self {
        Self {
            sku: draft.sku.clone(),
            price: draft.price,
            earlier: draft.earlier.clone(),
            stock: draft.stock,
            facts: draft.facts.clone(),
        }
    }
}
