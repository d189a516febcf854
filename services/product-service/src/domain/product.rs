//! State of a product: the fold of its events.

use super::events::{
    DeclaredStock, Media, PricePoint, ProductEvent, ProductOption, VariantAdded, VariantFacts,
};
use super::limits;
use super::pictures::{PictureCopies, PictureCopy};
use identifiers::Sku;
use kernel::{Timestamp, UnitPrice};
use std::sync::Arc;

/// Product aggregate. Its large parts are shared, so that a copy with one changed price is cheap even with 2,000
/// variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// Version: the number of events so far.
    pub(crate) version: u64,
    pub(crate) slug: String,
    /// Former slugs, which still lead to the product.
    pub(crate) former_slugs: Vec<String>,
    pub(crate) name: String,
    pub(crate) description: Arc<str>,
    pub(crate) brand: Option<String>,
    pub(crate) categories: Arc<[String]>,
    pub(crate) tags: Arc<[String]>,
    pub(crate) options: Arc<[ProductOption]>,
    pub(crate) media: Arc<[Media]>,
    /// Copies of pictures elsewhere.
    pub(crate) copies: Arc<PictureCopies>,
    /// Variants on sale while the product is.
    pub(crate) variants: Vec<Arc<Variant>>,
    /// Variants that left the sale, the one that left last at the end.
    pub(crate) withdrawn: Vec<Arc<Variant>>,
    /// Rank among the featured products.
    pub(crate) featured: Option<u32>,
    /// Status from each instant on; the last one is the current status.
    pub(crate) status_history: Vec<(Timestamp, Status)>,
    /// Time of first publication.
    pub(crate) published_at: Option<Timestamp>,
}

/// Status of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Draft,
    Active,
    Archived,
}

/// Variant: the form of a product that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) sku: Sku,
    pub(crate) facts: VariantFacts,
    /// Price history, oldest first; never empty.
    pub(crate) prices: Vec<PricePoint>,
    /// Stock as last declared by the merchant.
    pub(crate) declared_stock: Option<DeclaredStock>,
    /// Times when the variant was not on sale.
    pub(crate) breaks: Vec<OfferBreak>,
}

/// Time when a variant was not on sale, until it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OfferBreak {
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

impl Variant {
    /// Price in force at an instant; `None` before the first one.
    pub(crate) fn price_at(&self, instant: Timestamp) -> Option<UnitPrice> {
        let after = self.prices.partition_point(|point| point.from <= instant);
        after.checked_sub(1).map(|last| self.prices[last].price)
    }

    /// Current price.
    pub(crate) fn price(&self) -> Option<UnitPrice> {
        self.prices.last().map(|point| point.price)
    }

    /// Whether the variant itself was on sale at an instant.
    pub(crate) fn offered_at(&self, instant: Timestamp) -> bool {
        let includes =
            |it: &OfferBreak| it.from <= instant && it.until.is_none_or(|until| instant < until);
        !self.breaks.iter().any(includes)
    }

    fn added(added: &VariantAdded, at: Timestamp) -> Self {
        let mut prices = added.earlier.clone();
        prices.push(PricePoint { from: at, price: added.price });
        Self {
            sku: added.sku.clone(),
            facts: added.facts.clone(),
            prices,
            declared_stock: added.stock,
            breaks: Vec::new(),
        }
    }
}

impl Product {
    /// Current status.
    pub(crate) fn status(&self) -> Status {
        self.status_history.last().map_or(Status::Draft, |(_, status)| *status)
    }

    /// Time of creation.
    pub(crate) fn created_at(&self) -> Timestamp {
        self.status_history.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at)
    }

    /// Variant with this SKU.
    pub(crate) fn variant(&self, sku: &Sku) -> Option<&Arc<Variant>> {
        self.variants.iter().find(|variant| variant.sku == *sku)
    }

    /// State after one more event. The first event is `Created`; events before it are ignored.
    pub(crate) fn evolve(product: Option<Self>, event: &ProductEvent) -> Option<Self> {
        match (product, event) {
            (None, ProductEvent::Created(created)) => Some(Self {
                version: 1,
                slug: created.slug.clone(),
                former_slugs: Vec::new(),
                name: created.name.clone(),
                description: created.description.as_str().into(),
                brand: created.brand.clone(),
                categories: created.categories.as_slice().into(),
                tags: created.tags.as_slice().into(),
                options: created.options.as_slice().into(),
                media: created.media.as_slice().into(),
                copies: Arc::default(),
                variants: Vec::new(),
                withdrawn: Vec::new(),
                featured: created.featured,
                status_history: vec![(created.at, Status::Draft)],
                published_at: None,
            }),
            (None, _) => None,
            (Some(mut product), event) => {
                product.evolve_by(event);
                Some(product)
            }
        }
    }

    /// Next state, in place.
    pub(super) fn evolve_by(&mut self, event: &ProductEvent) {
        self.version += 1;
        self.apply(event);
    }

    fn apply(&mut self, event: &ProductEvent) {
        match event {
            // A product is created only once.
            ProductEvent::Created(_) => {}
            ProductEvent::DetailsChanged { name, description, brand } => {
                if let Some(name) = name {
                    self.name.clone_from(name);
                }
                if let Some(description) = description {
                    self.description = description.as_str().into();
                    self.retain_copies();
                }
                if let Some(brand) = brand {
                    self.brand = Some(brand.clone()).filter(|brand| !brand.is_empty());
                }
            }
            ProductEvent::SlugChanged { slug } => self.change_slug(slug),
            ProductEvent::CategoriesChanged { categories } => {
                self.categories = categories.as_slice().into();
            }
            ProductEvent::TagsChanged { tags } => self.tags = tags.as_slice().into(),
            ProductEvent::OptionsChanged { options } => self.change_options(options),
            ProductEvent::MediaChanged { media } => {
                self.media = media.as_slice().into();
                self.retain_copies();
            }
            ProductEvent::PictureStored { source, picture } => {
                self.put_copy(source, PictureCopy::Stored(picture.clone()));
            }
            ProductEvent::PictureFailed { source, reason } => {
                self.put_copy(source, PictureCopy::Failed(reason.clone()));
            }
            ProductEvent::PicturesRetried {} => self.retry_copies(),
            ProductEvent::VariantsAdded { at, variants } => self
                .variants
                .extend(variants.iter().map(|added| Arc::new(Variant::added(added, *at)))),
            ProductEvent::VariantsWithdrawn { .. }
            | ProductEvent::VariantsRestored { .. }
            | ProductEvent::VariantRenamed { .. }
            | ProductEvent::OptionRenamed { .. }
            | ProductEvent::OptionValueRenamed { .. } => self.apply_to_variants(event),
            ProductEvent::FeaturedChanged { rank } => self.featured = *rank,
            ProductEvent::VariantChanged { sku, facts } => {
                self.update_variant(sku, |variant| variant.facts.clone_from(facts));
            }
            ProductEvent::PriceChanged { sku, from, price, .. } => {
                let point = PricePoint { from: *from, price: *price };
                self.update_variant(sku, |variant| variant.prices.push(point));
            }
            ProductEvent::StockDeclared { sku, units } => {
                self.update_variant(sku, |variant| variant.declared_stock = Some(*units));
            }
            ProductEvent::Published { at } => {
                self.status_history.push((*at, Status::Active));
                self.published_at.get_or_insert(*at);
            }
            ProductEvent::Archived { at } => self.status_history.push((*at, Status::Archived)),
        }
    }

    fn change_slug(&mut self, slug: &str) {
        let former = std::mem::replace(&mut self.slug, slug.to_owned());
        self.former_slugs.retain(|it| it != slug);
        self.former_slugs.push(former);
        if self.former_slugs.len() > limits::FORMER_SLUGS_MAX {
            self.former_slugs.remove(0);
        }
    }

    pub(super) fn update_variant(&mut self, sku: &Sku, change: impl FnOnce(&mut Variant)) {
        if let Some(variant) = self.variants.iter_mut().find(|variant| variant.sku == *sku) {
            change(Arc::make_mut(variant));
        }
    }
}
