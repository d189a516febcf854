//! Cached catalogue: departments, facets and delivery terms, which change seldom and appear on every page.

use crate::{
    locale::{Locale, collation_key},
    ttl_cache::TtlCache,
};
use contracts::{
    cart::{CartClient, Country, ShippingMethod},
    product::{Categories, FacetValue, ProductClient, ProductQuery},
    shared::Image,
};
use kernel::{Ids, Money};
use std::{collections::BTreeMap, sync::Arc};

/// Maximum age of cached values, in seconds.
const TTL_SECONDS: i64 = 30;
/// Maximum number of categories that are found by their translated names.
const FOUND_MAX: usize = 3;
/// Maximum number of departments in the header.
pub(crate) const DEPARTMENTS_MAX: usize = 6;

/// Cache of the facts about the shop that every page shows.
#[derive(Debug)]
pub(crate) struct CachedCatalogue {
    products: ProductClient,
    carts: CartClient,
    /// Country the shop is in, whose delivery terms are shown.
    country: String,
    ids: Ids,
    catalogue: TtlCache<Catalogue>,
    delivery: TtlCache<DeliveryTerms>,
    department_images: TtlCache<DepartmentImages>,
}

impl CachedCatalogue {
    /// Empty cache. `products` must not count its calls as views or searches.
    pub(crate) fn new(
        products: ProductClient,
        carts: CartClient,
        country: String,
        ids: Ids,
    ) -> Self {
        Self {
            products,
            carts,
            country,
            ids,
            catalogue: TtlCache::new(TTL_SECONDS),
            delivery: TtlCache::new(TTL_SECONDS),
            department_images: TtlCache::new(TTL_SECONDS),
        }
    }

    /// The catalogue; empty as long as the product service cannot be reached.
    pub(crate) async fn catalogue(&self) -> Arc<Catalogue> {
        let all = ProductQuery { limit: Some("1".to_owned()), ..ProductQuery::default() };
        let fetch = async {
            let (tree, page) =
                tokio::try_join!(self.products.categories(), self.products.products(&all))?;
            Ok(Catalogue::new(tree, page.facets))
        };
        self.catalogue.get_or_fetch(self.ids.now(), fetch).await.unwrap_or_default()
    }

    /// The catalogue as it was last fetched, without a call.
    pub(crate) fn last_catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.peek().unwrap_or_default()
    }

    /// Delivery terms of the shop; empty as long as the cart service cannot be reached.
    pub(crate) async fn delivery(&self) -> Arc<DeliveryTerms> {
        let fetch = async {
            let methods = self.carts.shipping_methods(&self.country, None);
            let (methods, countries) = tokio::try_join!(methods, self.carts.countries())?;
            Ok(DeliveryTerms { methods: methods.items, countries: countries.items })
        };
        self.delivery.get_or_fetch(self.ids.now(), fetch).await.unwrap_or_default()
    }

    /// An image for each of these departments: that of its first product.
    pub(crate) async fn department_images(
        &self,
        departments: &[&Category],
    ) -> Arc<DepartmentImages> {
        let fetch = async {
            let mut images = DepartmentImages::new();
            for department in departments {
                let query = ProductQuery {
                    category: Some(department.path.clone()),
                    limit: Some("1".to_owned()),
                    ..ProductQuery::default()
                };
                let first = self.products.products(&query).await?.items.into_iter().next();
                images.insert(department.path.clone(), first.and_then(|product| product.image));
            }
            Ok(images)
        };
        self.department_images.get_or_fetch(self.ids.now(), fetch).await.unwrap_or_default()
    }
}

/// Snapshot of the whole catalogue.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// Facets of the unfiltered catalogue, by name.
    pub(crate) facets: BTreeMap<String, Vec<FacetValue>>,
    /// Categories of all levels, in no particular order.
    pub(crate) categories: Vec<Category>,
}

/// Category of any level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// Path in addresses and queries: `lighting/table-lamps`.
    pub(crate) path: String,
    /// Name with those of its parents: `Lighting > Table lamps`.
    label: String,
    pub(crate) count: u64,
}

/// Separator between the levels of a category label.
pub(crate) const CATEGORY_SEPARATOR: &str = " > ";

impl Category {
    pub(crate) fn from_facet(facet: &FacetValue) -> Self {
        Self { path: facet.value.clone(), label: facet.label.clone(), count: facet.count }
    }

    /// Name of its own, without those of its parents.
    pub(crate) fn name(&self) -> &str {
        self.label.rsplit_once(CATEGORY_SEPARATOR).map_or(&self.label, |(_, name)| name)
    }

    pub(crate) fn address(&self) -> String {
        format!("/c/{}", self.path)
    }

    /// Whether this category is a direct child of the one with the path `parent`; an empty path is the root.
    pub(crate) fn is_child_of(&self, parent: &str) -> bool {
        let above = self.path.rsplit_once('/').map_or("", |(above, _)| above);
        above == parent
    }

    /// Addresses and names of its ancestors, from the root down.
    pub(crate) fn ancestors(&self) -> Vec<(String, String)> {
        let names: Vec<&str> = self.label.split(CATEGORY_SEPARATOR).collect();
        let ends = self.path.match_indices('/').map(|(end, _)| end);
        ends.zip(names)
            .map(|(end, name)| (format!("/c/{}", &self.path[..end]), name.to_owned()))
            .collect()
    }
}

impl Catalogue {
    fn new(tree: Categories, facets: BTreeMap<String, Vec<FacetValue>>) -> Self {
        let mut categories = Vec::new();
        let mut pending = tree.items;
        while let Some(category) = pending.pop() {
            pending.extend(category.children);
            let (path, label) = (category.slug, category.path);
            categories.push(Category { path, label, count: category.count });
        }
        Self { facets, categories }
    }

    /// Largest departments (top-level categories), by number of products.
    pub(crate) fn departments(&self) -> Vec<&Category> {
        let mut departments: Vec<_> =
            self.categories.iter().filter(|it| it.is_child_of("")).collect();
        departments
            .sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.path.cmp(&two.path)));
        departments.truncate(DEPARTMENTS_MAX);
        departments
    }

    /// Largest categories whose name in the language of the page contains a text: the search itself knows the words of
    /// the shop's language alone.
    pub(crate) fn translated_like(&self, locale: Locale, text: &str) -> Vec<&Category> {
        let wanted = collation_key(text.trim());
        let is_meant = |it: &&Category| {
            let translation = locale.translation(it.name());
            !wanted.is_empty() && translation.is_some_and(|it| collation_key(it).contains(&wanted))
        };
        let mut found: Vec<&Category> = self.categories.iter().filter(is_meant).collect();
        found.sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.path.cmp(&two.path)));
        found.truncate(FOUND_MAX);
        found
    }

    /// Category with this path.
    pub(crate) fn by_path(&self, path: &str) -> Option<&Category> {
        self.categories.iter().find(|it| it.path == path)
    }

    /// Category with this label, as products name it.
    pub(crate) fn by_label(&self, label: &str) -> Option<&Category> {
        self.categories.iter().find(|it| it.label == label)
    }
}

/// Delivery terms: methods within the shop's own country, and the countries delivered to.
#[derive(Debug, Default)]
pub(crate) struct DeliveryTerms {
    /// Shipping methods, the default one first.
    pub(crate) methods: Vec<ShippingMethod>,
    pub(crate) countries: Vec<Country>,
}

impl DeliveryTerms {
    /// Value of the items from which the default method is free.
    pub(crate) fn free_from(&self) -> Option<Money> {
        self.methods.first()?.free_from
    }
}

/// Image of each department, by path.
pub(crate) type DepartmentImages = BTreeMap<String, Option<Image>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_have_addresses_names_and_ancestors() {
        let tree = serde_json::json!({"items": [
            {"slug": "kitchen", "name": "Kitchen", "path": "Kitchen", "count": 9, "children": []},
            {"slug": "lighting", "name": "Lighting", "path": "Lighting", "count": 16, "children": [
                {"slug": "lighting/table-lamps", "name": "Table lamps", "path": "Lighting > Table lamps", "count": 4, "children": []},
            ]},
        ]});
        let catalogue = Catalogue::new(serde_json::from_value(tree).unwrap(), BTreeMap::new());
        let names: Vec<_> = catalogue.departments().iter().map(|it| it.name()).collect();
        assert_eq!(names, ["Lighting", "Kitchen"]);
        let lamps = catalogue.by_path("lighting/table-lamps").unwrap();
        assert_eq!(
            (lamps.name(), lamps.address().as_str()),
            ("Table lamps", "/c/lighting/table-lamps")
        );
        assert!(lamps.is_child_of("lighting") && !lamps.is_child_of(""));
        assert_eq!(lamps.ancestors(), [("/c/lighting".to_owned(), "Lighting".to_owned())]);
        assert_eq!(catalogue.by_label("Kitchen").unwrap().count, 9);
    }
}
