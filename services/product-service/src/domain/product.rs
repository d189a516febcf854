//! A product as it stands: the fold of everything that happened to it.

use super::events::{Media, PricePoint, ProductEvent, ProductOption, VariantAdded, VariantFacts};
use super::limits;
use kernel::{Timestamp, UnitPrice};
use std::sync::Arc;

/// A product. Its large parts are shared, so that a copy with one price changed costs little even with 2,000 variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// How many events led here.
    pub(crate) version: u64,
    pub(crate) slug: String,
    /// Slugs it had before, which still lead here.
    pub(crate) former_slugs: Vec<String>,
    pub(crate) name: String,
    pub(crate) description: Arc<str>,
    pub(crate) brand: Option<String>,
    pub(crate) categories: Arc<[String]>,
    pub(crate) tags: Arc<[String]>,
    pub(crate) options: Arc<[ProductOption]>,
    pub(crate) media: Arc<[Media]>,
    pub(crate) variants: Vec<Arc<Variant>>,
    /// Where it stood from when on; the last one counts.
    pub(crate) standings: Vec<(Timestamp, Status)>,
    /// When it first went on sale.
    pub(crate) published_at: Option<Timestamp>,
}

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Draft,
    Active,
    Archived,
}

/// What is actually bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) sku: String,
    pub(crate) facts: VariantFacts,
    /// What was asked from when on, oldest first; never empty.
    pub(crate) prices: Vec<PricePoint>,
    /// Units on hand that the merchant declared last.
    pub(crate) declared_stock: Option<i64>,
}

impl Variant {
    /// The price in force at an instant; `None` before there was one.
    pub(crate) fn price_at(&self, instant: Timestamp) -> Option<UnitPrice> {
        let after = self.prices.partition_point(|point| point.from <= instant);
        after.checked_sub(1).map(|last| self.prices[last].price)
    }

    /// The price it has now.
    pub(crate) fn price(&self) -> Option<UnitPrice> {
        self.prices.last().map(|point| point.price)
    }

    fn added(added: &VariantAdded, at: Timestamp) -> Self {
        let mut prices = added.earlier.clone();
        prices.push(PricePoint { from: at, price: added.price });
        Self {
            sku: added.sku.clone(),
            facts: added.facts.clone(),
            prices,
            declared_stock: added.stock,
        }
    }
}

impl Product {
    /// Where it stands.
    pub(crate) fn status(&self) -> Status {
        self.standings.last().map_or(Status::Draft, |(_, status)| *status)
    }

    /// When it was made.
    pub(crate) fn created_at(&self) -> Timestamp {
        self.standings.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at)
    }

    /// The variant with this SKU.
    pub(crate) fn variant(&self, sku: &str) -> Option<&Arc<Variant>> {
        self.variants.iter().find(|variant| variant.sku.eq_ignore_ascii_case(sku))
    }

    /// Folds one more event in. The first one is `Created`; anything before it is passed over.
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
                variants: Vec::new(),
                standings: vec![(created.at, Status::Draft)],
                published_at: None,
            }),
            (None, _) => None,
            (Some(mut product), event) => {
                product.version += 1;
                product.take(event);
                Some(product)
            }
        }
    }

    fn take(&mut self, event: &ProductEvent) {
        match event {
            // A product comes into being once.
            ProductEvent::Created(_) => {}
            ProductEvent::DetailsChanged { name, description, brand } => {
                if let Some(name) = name {
                    self.name.clone_from(name);
                }
                if let Some(description) = description {
                    self.description = description.as_str().into();
                }
                if let Some(brand) = brand {
                    self.brand = Some(brand.clone()).filter(|brand| !brand.is_empty());
                }
            }
            ProductEvent::SlugChanged { slug } => self.move_to(slug),
            ProductEvent::CategoriesChanged { categories } => {
                self.categories = categories.as_slice().into();
            }
            ProductEvent::TagsChanged { tags } => self.tags = tags.as_slice().into(),
            ProductEvent::OptionsChanged { options } => self.options = options.as_slice().into(),
            ProductEvent::MediaChanged { media } => self.media = media.as_slice().into(),
            ProductEvent::VariantsAdded { at, variants } => self
                .variants
                .extend(variants.iter().map(|added| Arc::new(Variant::added(added, *at)))),
            ProductEvent::VariantChanged { sku, facts } => {
                self.with_variant(sku, |variant| variant.facts.clone_from(facts));
            }
            ProductEvent::PriceChanged { sku, from, price, .. } => {
                let point = PricePoint { from: *from, price: *price };
                self.with_variant(sku, |variant| variant.prices.push(point));
            }
            ProductEvent::StockDeclared { sku, units } => {
                self.with_variant(sku, |variant| variant.declared_stock = Some(*units));
            }
            ProductEvent::Published { at } => {
                self.standings.push((*at, Status::Active));
                self.published_at.get_or_insert(*at);
            }
            ProductEvent::Archived { at } => self.standings.push((*at, Status::Archived)),
        }
    }

    fn move_to(&mut self, slug: &str) {
        let former = std::mem::replace(&mut self.slug, slug.to_owned());
        self.former_slugs.retain(|it| it != slug);
        self.former_slugs.push(former);
        if self.former_slugs.len() > limits::FORMER_SLUGS_MAX {
            self.former_slugs.remove(0);
        }
    }

    fn with_variant(&mut self, sku: &str, change: impl FnOnce(&mut Variant)) {
        if let Some(variant) =
            self.variants.iter_mut().find(|variant| variant.sku.eq_ignore_ascii_case(sku))
        {
            change(Arc::make_mut(variant));
        }
    }
}
