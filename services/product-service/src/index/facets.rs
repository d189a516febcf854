//! The values products can be filtered by, and who has them.

use super::bits::{Bits, Places};
use crate::domain::words;
use std::collections::HashMap;

/// What a facet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FacetKind {
    Category,
    Brand,
    Color,
}

impl FacetKind {
    pub(crate) const ALL: [Self; 3] = [Self::Category, Self::Brand, Self::Color];

    /// As answers and queries name it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Brand => "brand",
            Self::Color => "color",
        }
    }
}

/// The number of a value within its facet. Values come and never go.
pub(crate) type ValueId = u32;

/// One facet.
#[derive(Debug, Default)]
pub(crate) struct Facet {
    pub(crate) values: Vec<FacetEntry>,
    by_key: HashMap<String, ValueId>,
    by_spelling: HashMap<Box<str>, Box<[ValueId]>>,
    /// Narrowest level of a category path → the categories that end so.
    by_leaf: HashMap<String, Vec<ValueId>>,
}

/// One value of a facet.
#[derive(Debug)]
pub(crate) struct FacetEntry {
    /// Which values are the same: the slug, for categories the path of slugs.
    pub(crate) key: String,
    /// As it was first written.
    pub(crate) label: String,
    /// The category around it.
    pub(crate) parent: Option<ValueId>,
    /// Who has it; categories have what their subcategories have.
    pub(crate) places: Places,
}

impl Facet {
    /// The value written so, which is new if nobody had it before; for a category's path also all around it, the
    /// widest first.
    pub(crate) fn values_of(&mut self, kind: FacetKind, written: &str) -> Vec<ValueId> {
        // Products share few spellings, and slugs are not free.
        if let Some(ids) = self.by_spelling.get(written) {
            return ids.to_vec();
        }
        let ids = match kind {
            FacetKind::Category => self.categories(written),
            FacetKind::Brand | FacetKind::Color => vec![self.value(written)],
        };
        self.by_spelling.insert(written.into(), ids.clone().into());
        ids
    }

    fn value(&mut self, written: &str) -> ValueId {
        let key = key(written);
        match self.by_key.get(&key) {
            Some(id) => *id,
            None => self.add(key, written.trim().to_owned(), None),
        }
    }

    fn categories(&mut self, path: &str) -> Vec<ValueId> {
        let mut chain = Vec::new();
        let mut address = String::new();
        for level in words::levels(path) {
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
                let parent: Option<ValueId> = chain.last().copied();
                let around = parent.map(|id| self.values[id as usize].label.as_str());
                let label = around.map_or_else(|| level.to_owned(), |it| format!("{it} > {level}"));
                let id = self.add(address.clone(), label, parent);
                self.by_leaf.entry(slug).or_default().push(id);
                id
            }));
        }
        chain
    }

    fn add(&mut self, key: String, label: String, parent: Option<ValueId>) -> ValueId {
        let id = ValueId::try_from(self.values.len()).unwrap_or(ValueId::MAX);
        self.by_key.insert(key.clone(), id);
        self.values.push(FacetEntry { key, label, parent, places: Places::default() });
        id
    }

    /// The values that a filter asks for: separated by commas, or one that has commas itself. Sorted.
    pub(crate) fn asked(&self, filter: &str) -> Vec<ValueId> {
        let mut ids = self.find(filter);
        if ids.is_empty() {
            ids = filter.split(',').flat_map(|part| self.find(part)).collect();
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// By key, by name, by path in either form, or by the narrowest level alone.
    fn find(&self, text: &str) -> Vec<ValueId> {
        let by_path = || {
            let path = text.replace('/', ">");
            self.by_key.get(&words::path_slug(&path)).map(|id| vec![*id])
        };
        let by_leaf = || self.by_leaf.get(&key(text)).cloned();
        let whole = self.by_key.get(&key(text)).map(|id| vec![*id]);
        whole.or_else(by_path).or_else(by_leaf).unwrap_or_default()
    }

    /// All places that have one of these values.
    pub(crate) fn places_of(&self, ids: &[ValueId], room: usize) -> Bits {
        let mut bits = Bits::with_room(room);
        for entry in ids.iter().filter_map(|id| self.values.get(*id as usize)) {
            entry.places.unite_into(&mut bits);
        }
        bits
    }

    /// For each value, how many of `places` have it.
    pub(crate) fn counts_in(&self, places: &Bits) -> Vec<usize> {
        self.values.iter().map(|entry| entry.places.count_in(places)).collect()
    }
}

/// Which spellings are one value. What has no letters or digits is told apart as it is written.
fn key(written: &str) -> String {
    let slug = words::slug(written);
    if slug.is_empty() { written.trim().to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Facet {
        let mut facet = Facet::default();
        for path in ["Kitchen > Mugs", "kitchen>Bowls, Plates", "Garden > Mugs", "TV/Video"] {
            facet.categories(path);
        }
        facet
    }

    fn found(filter: &str) -> Vec<String> {
        let facet = tree();
        facet.asked(filter).iter().map(|id| facet.values[*id as usize].label.clone()).collect()
    }

    #[test]
    fn a_category_is_found_by_slug_name_path_or_its_narrowest_level() {
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
    fn spellings_of_a_brand_are_one() {
        let mut facet = Facet::default();
        let aster = facet.value("Aster & Söhne");
        assert_eq!(facet.value("ASTER   & SOHNE"), aster);
        assert_ne!(facet.value("!!"), facet.value("??"));
        assert_eq!(facet.values[aster as usize].label, "Aster & Söhne");
        assert_eq!(facet.asked("aster & söhne"), [aster]);
    }
}
