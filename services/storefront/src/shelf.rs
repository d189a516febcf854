//! What changes seldom and stands on every page: the departments and what delivery costs.

use crate::{fresh::Fresh, shop::Shop};
use contracts::{
    cart::{Country, ShippingMethod},
    product::{Categories, FacetValue, ProductQuery},
    shared::Image,
};
use kernel::Money;
use std::{collections::BTreeMap, sync::Arc};

/// How old it may be, in seconds.
const SECONDS_MAX: i64 = 30;
/// The most departments that have a place in the header.
pub(crate) const DEPARTMENTS_MAX: usize = 6;

/// The remembered part of the shop.
#[derive(Debug)]
pub(crate) struct Shelf {
    catalogue: Fresh<Catalogue>,
    delivery: Fresh<Delivery>,
    windows: Fresh<Windows>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            catalogue: Fresh::for_seconds(SECONDS_MAX),
            delivery: Fresh::for_seconds(SECONDS_MAX),
            windows: Fresh::for_seconds(SECONDS_MAX),
        }
    }
}

/// The catalogue as a whole.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// The values products can be filtered by, without any filter.
    pub(crate) facets: BTreeMap<String, Vec<FacetValue>>,
    /// The categories of all depths, in no order.
    pub(crate) categories: Vec<Category>,
}

/// A category, at any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// As it stands in an address, and as the catalogue is asked for it: `lighting/table-lamps`.
    pub(crate) path: String,
    /// With its parents: `Lighting > Table lamps`.
    label: String,
    pub(crate) count: u64,
}

/// What stands between the levels of a category.
pub(crate) const LEVELS: &str = " > ";

impl Category {
    pub(crate) fn of(facet: &FacetValue) -> Self {
        Self { path: facet.value.clone(), label: facet.label.clone(), count: facet.count }
    }

    /// Its own name, without its parents'.
    pub(crate) fn name(&self) -> &str {
        self.label.rsplit_once(LEVELS).map_or(&self.label, |(_, name)| name)
    }

    pub(crate) fn address(&self) -> String {
        format!("/c/{}", self.path)
    }

    /// Whether this is a category directly under `parent`, which is a path; under the root when it is empty.
    pub(crate) fn is_child_of(&self, parent: &str) -> bool {
        let above = self.path.rsplit_once('/').map_or("", |(above, _)| above);
        above == parent
    }

    /// The addresses and names of the categories around it, the widest first.
    pub(crate) fn parents(&self) -> Vec<(String, String)> {
        let names: Vec<&str> = self.label.split(LEVELS).collect();
        let ends = self.path.match_indices('/').map(|(end, _)| end);
        ends.zip(names)
            .map(|(end, name)| (format!("/c/{}", &self.path[..end]), name.to_owned()))
            .collect()
    }
}

impl Catalogue {
    fn of(tree: Categories, facets: BTreeMap<String, Vec<FacetValue>>) -> Self {
        let mut categories = Vec::new();
        let mut left = tree.items;
        while let Some(category) = left.pop() {
            left.extend(category.children);
            let (path, label) = (category.slug, category.path);
            categories.push(Category { path, label, count: category.count });
        }
        Self { facets, categories }
    }

    /// The largest departments.
    pub(crate) fn departments(&self) -> Vec<&Category> {
        let mut departments: Vec<_> =
            self.categories.iter().filter(|it| it.is_child_of("")).collect();
        departments
            .sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.path.cmp(&two.path)));
        departments.truncate(DEPARTMENTS_MAX);
        departments
    }

    /// The category at this path.
    pub(crate) fn at(&self, path: &str) -> Option<&Category> {
        self.categories.iter().find(|it| it.path == path)
    }

    /// The category a product names so.
    pub(crate) fn named(&self, label: &str) -> Option<&Category> {
        self.categories.iter().find(|it| it.label == label)
    }
}

/// Delivery within the shop's own country, and where else goods are sent.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// The usual one first.
    pub(crate) methods: Vec<ShippingMethod>,
    pub(crate) countries: Vec<Country>,
}

impl Delivery {
    /// The sum from which the usual delivery is free.
    pub(crate) fn free_from(&self) -> Option<Money> {
        self.methods.first()?.free_from
    }
}

/// A picture for each department.
pub(crate) type Windows = BTreeMap<String, Option<Image>>;

impl Shop {
    /// The catalogue as a whole; empty while nobody can tell.
    pub(crate) async fn catalogue(&self) -> Arc<Catalogue> {
        let all = ProductQuery { limit: Some("1".to_owned()), ..ProductQuery::default() };
        let fetch = async {
            let catalogue = self.surroundings();
            let (tree, page) = tokio::try_join!(catalogue.categories(), catalogue.products(&all))?;
            Ok(Catalogue::of(tree, page.facets))
        };
        self.shelf.catalogue.read(self.ids.now(), fetch).await.unwrap_or_default()
    }

    /// The catalogue as it was last seen.
    pub(crate) fn catalogue_seen(&self) -> Arc<Catalogue> {
        self.shelf.catalogue.peek().unwrap_or_default()
    }

    /// Delivery as the shop offers it; nothing while nobody can tell.
    pub(crate) async fn delivery(&self) -> Arc<Delivery> {
        let fetch = async {
            let ways = self.carts.shipping_methods(&self.settings.country, None);
            let (methods, countries) = tokio::try_join!(ways, self.carts.countries())?;
            Ok(Delivery { methods: methods.items, countries: countries.items })
        };
        self.shelf.delivery.read(self.ids.now(), fetch).await.unwrap_or_default()
    }

    /// A picture for each of these departments.
    pub(crate) async fn windows(&self, departments: &[&Category]) -> Arc<Windows> {
        let fetch = async {
            let mut windows = Windows::new();
            for department in departments {
                let query = ProductQuery {
                    category: Some(department.path.clone()),
                    limit: Some("1".to_owned()),
                    ..ProductQuery::default()
                };
                let first = self.surroundings().products(&query).await?.items.into_iter().next();
                windows.insert(department.path.clone(), first.and_then(|product| product.image));
            }
            Ok(windows)
        };
        self.shelf.windows.read(self.ids.now(), fetch).await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_have_addresses_names_and_parents() {
        let tree = serde_json::json!({"items": [
            {"slug": "kitchen", "name": "Kitchen", "path": "Kitchen", "count": 9, "children": []},
            {"slug": "lighting", "name": "Lighting", "path": "Lighting", "count": 16, "children": [
                {"slug": "lighting/table-lamps", "name": "Table lamps", "path": "Lighting > Table lamps", "count": 4, "children": []},
            ]},
        ]});
        let catalogue = Catalogue::of(serde_json::from_value(tree).unwrap(), BTreeMap::new());
        let names: Vec<_> = catalogue.departments().iter().map(|it| it.name()).collect();
        assert_eq!(names, ["Lighting", "Kitchen"]);
        let lamps = catalogue.at("lighting/table-lamps").unwrap();
        assert_eq!(
            (lamps.name(), lamps.address().as_str()),
            ("Table lamps", "/c/lighting/table-lamps")
        );
        assert!(lamps.is_child_of("lighting") && !lamps.is_child_of(""));
        assert_eq!(lamps.parents(), [("/c/lighting".to_owned(), "Lighting".to_owned())]);
        assert_eq!(catalogue.named("Kitchen").unwrap().count, 9);
    }
}
