//! Facets: the values that products can be filtered by, with the products that have each value.

use super::bit_set::{BitSet, DocSet};
use crate::domain::text;
use std::collections::HashMap;

/// Property that a facet covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FacetKind {
    Category,
    Brand,
    Color,
}

impl FacetKind {
    pub(crate) const ALL: [Self; 3] = [Self::Category, Self::Brand, Self::Color];

    /// Name in queries and responses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Brand => "brand",
            Self::Color => "color",
        }
    }
}

/// Number of a value within its facet. Values are added and never removed.
pub(crate) type FacetValueId = u32;

/// Dictionary of the values of one facet.
#[derive(Debug, Default)]
pub(crate) struct Facet {
    pub(crate) values: Vec<FacetEntry>,
    by_key: HashMap<String, FacetValueId>,
    by_spelling: HashMap<Box<str>, Box<[FacetValueId]>>,
    /// Categories by the slug of the last level of their path.
    by_leaf: HashMap<String, Vec<FacetValueId>>,
}

/// Value of a facet.
#[derive(Debug)]
pub(crate) struct FacetEntry {
    /// Identity of the value: its slug, for categories the path of slugs.
    pub(crate) key: String,
    /// Spelling in which the value first appeared.
    pub(crate) label: String,
    /// Parent category.
    pub(crate) parent: Option<FacetValueId>,
    /// Products that have the value; those of subcategories count for their parents.
    pub(crate) docs: DocSet,
}

impl Facet {
    /// Ids of a value in this spelling, added if it is new; for a category path the whole chain from the top level
    /// down.
    pub(crate) fn intern(&mut self, kind: FacetKind, written: &str) -> Vec<FacetValueId> {
        // Products share few spellings, and slugs are not free.
        if let Some(ids) = self.by_spelling.get(written) {
            return ids.to_vec();
        }
        let ids = match kind {
            FacetKind::Category => self.intern_path(written),
            FacetKind::Brand | FacetKind::Color => vec![self.intern_value(written)],
        };
        self.by_spelling.insert(written.into(), ids.clone().into());
        ids
    }

    fn intern_value(&mut self, written: &str) -> FacetValueId {
        let key = key(written);
        match self.by_key.get(&key) {
            Some(id) => *id,
            None => self.add(key, written.trim().to_owned(), None),
        }
    }

    fn intern_path(&mut self, path: &str) -> Vec<FacetValueId> {
        let mut chain = Vec::new();
        let mut address = String::new();
        for level in text::levels(path) {
            let slug = key(level);
            if slug.is_empty() {
                continue;
            }
            if !address.is_empty() {
                address.push('/');
            }
            address.push_str(&slug);
            let known = self.by_key.get(&address).copied();
            chain.push(known.unwrap_or_else(|| {
                let parent: Option<FacetValueId> = chain.last().copied();
                let path = parent.map(|id| self.values[id as usize].label.as_str());
                let label = path.map_or_else(|| level.to_owned(), |it| format!("{it} > {level}"));
                let id = self.add(address.clone(), label, parent);
                self.by_leaf.entry(slug).or_default().push(id);
                id
            }));
        }
        chain
    }

    fn add(&mut self, key: String, label: String, parent: Option<FacetValueId>) -> FacetValueId {
        let id = FacetValueId::try_from(self.values.len()).unwrap_or(FacetValueId::MAX);
        self.by_key.insert(key.clone(), id);
        self.values.push(FacetEntry { key, label, parent, docs: DocSet::default() });
        id
    }

    /// Values that a filter names: separated by commas, or a single value that contains commas. Sorted.
    pub(crate) fn resolve_filter(&self, filter: &str) -> Vec<FacetValueId> {
        let mut ids = self.look_up(filter);
        if ids.is_empty() {
            ids = filter.split(',').flat_map(|part| self.look_up(part)).collect();
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Look-up by key, by name, by path with either separator, or by the last level of a path alone.
    fn look_up(&self, text: &str) -> Vec<FacetValueId> {
        let by_path = || {
            let path = text.replace('/', ">");
            self.by_key.get(&text::slugify_path(&path)).map(|id| vec![*id])
        };
        let by_leaf = || self.by_leaf.get(&key(text)).cloned();
        let whole = self.by_key.get(&key(text)).map(|id| vec![*id]);
        whole.or_else(by_path).or_else(by_leaf).unwrap_or_default()
    }

    /// Documents that have at least one of these values.
    pub(crate) fn docs_with_any(&self, ids: &[FacetValueId], capacity: usize) -> BitSet {
        let mut bits = BitSet::with_capacity(capacity);
        for entry in ids.iter().filter_map(|id| self.values.get(*id as usize)) {
            entry.docs.union_into(&mut bits);
        }
        bits
    }

    /// Number of documents among `docs` for each value.
    pub(crate) fn counts_in(&self, docs: &BitSet) -> Vec<usize> {
        self.values.iter().map(|entry| entry.docs.count_in(docs)).collect()
    }
}

/// Key that the spellings of one value share. Text without letters or digits is its own key.
fn key(written: &str) -> String {
    let slug = text::slugify(written);
    if slug.is_empty() { written.trim().to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Facet {
        let mut facet = Facet::default();
        for path in ["Kitchen > Mugs", "kitchen>Bowls, Plates", "Garden > Mugs", "TV/Video"] {
            facet.intern_path(path);
        }
        facet
    }

    fn found(filter: &str) -> Vec<String> {
        let facet = tree();
        facet
            .resolve_filter(filter)
            .iter()
            .map(|id| facet.values[*id as usize].label.clone())
            .collect()
    }

    #[test]
    fn a_category_is_found_by_slug_name_path_or_its_last_level() {
        assert_eq!(found("KITCHEN"), ["Kitchen"]);
        assert_eq!(found("kitchen/mugs"), ["Kitchen > Mugs"]);
        assert_eq!(found("kitchen > MUGS"), ["Kitchen > Mugs"]);
        assert_eq!(found("mugs"), ["Kitchen > Mugs", "Garden > Mugs"]);
        assert_eq!(found("tv/video"), ["TV/Video"]);
        assert_eq!(found("Bowls, Plates"), ["Kitchen > Bowls, Plates"]);
        assert_eq!(found("garden,kitchen/mugs"), ["Kitchen > Mugs", "Garden"]);
        assert_eq!(found("cellar"), Vec::<String>::new());
    }

    #[test]
    fn different_spellings_of_a_brand_are_one_value() {
        let mut facet = Facet::default();
        let aster = facet.intern_value("Aster & Söhne");
        assert_eq!(facet.intern_value("ASTER   & SOHNE"), aster);
        assert_ne!(facet.intern_value("!!"), facet.intern_value("??"));
        assert_eq!(facet.values[aster as usize].label, "Aster & Söhne");
        assert_eq!(facet.resolve_filter("aster & söhne"), [aster]);
    }
}
