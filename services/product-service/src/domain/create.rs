//! Making a product, and the entry to everything else that may be asked of one.

use super::draft::{Command, Draft, StatusWish, VariantDraft};
use super::events::{Created, ProductEvent, VariantAdded};
use super::product::Product;
use super::{Rejection, changes, checks, limits};
use kernel::Timestamp;

type Decision = Result<Vec<ProductEvent>, Rejection>;

impl Product {
    /// Decides what `command` leads to. What is so already leads to nothing, so that everything may be repeated.
    pub(crate) fn decide(product: Option<&Self>, command: &Command, now: Timestamp) -> Decision {
        match (product, command) {
            (None, Command::Create(draft) | Command::Upsert(draft)) => create(draft, now),
            (None, _) => Err(Rejection::UnknownProduct),
            (Some(product), Command::Create(draft)) => product.made_as(draft, now),
            (Some(product), Command::Upsert(draft)) => {
                checks::draft(draft, now)?;
                changes::change(product, &draft.clone().into_changes(), now)
            }
            (Some(product), Command::Change(changes)) => changes::change(product, changes, now),
            (Some(product), Command::SetPrice { sku, price }) => {
                changes::set_price(product, sku, *price, now)
            }
            (Some(product), Command::Publish) => Ok(changes::publish(product, now)),
            (Some(product), Command::Archive) => Ok(changes::archive(product, now)),
        }
    }

    /// A creation that is repeated finds the product as it made it.
    fn made_as(&self, draft: &Draft, now: Timestamp) -> Decision {
        let differs = !changes::change(self, &draft.clone().into_changes(), now)?.is_empty();
        if self.slug != draft.slug || differs { Err(Rejection::MadeOtherwise) } else { Ok(vec![]) }
    }
}

fn create(draft: &Draft, now: Timestamp) -> Decision {
    checks::draft(draft, now)?;
    let created = Created {
        at: now,
        slug: draft.slug.clone(),
        name: draft.name.clone(),
        description: draft.description.clone(),
        brand: draft.brand.clone().filter(|brand| !brand.is_empty()),
        categories: draft.categories.clone(),
        tags: draft.tags.clone(),
        options: draft.options.clone(),
        media: draft.media.clone(),
    };
    let mut events = vec![ProductEvent::Created(Box::new(created))];
    events.extend(added(&draft.variants.iter().collect::<Vec<_>>(), now));
    match draft.status {
        StatusWish::AsItIs => {}
        StatusWish::Active => events.push(ProductEvent::Published { at: now }),
        StatusWish::Archived => events.push(ProductEvent::Archived { at: now }),
    }
    if let Some(product) = events.iter().fold(None, Product::evolve) {
        checks::whole(&product, &draft.variants)?;
    }
    Ok(events)
}

/// The events by which these variants come in.
pub(super) fn added(
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
