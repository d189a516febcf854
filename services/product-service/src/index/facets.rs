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
    /// Categories by their address.
    by_key: HashMap<String, FacetValueId>,
    by_identity: HashMap<String, FacetValueId>,
    by_spelling: HashMap<Box<str>, Box<[FacetValueId]>>,
    /// Categories by the identity of the last level of their path.
    by_leaf: HashMap<String, Vec<FacetValueId>>,
    /// Values by the address of their text, and of their last level: for filters that do not have the exact value.
    by_slug: HashMap<String, Vec<FacetValueId>>,
}

/// Value of a facet.
#[derive(Debug)]
pub(crate) struct FacetEntry {
    /// Value in queries: for categories the address, otherwise the label, with escaped commas.
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
        // Products share few spellings, and identities are not free.
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
        let identity = text::identity(written);
        if let Some(id) = self.by_identity.get(&identity) {
            return *id;
        }
        let label = written.trim().to_owned();
        let id = self.add(escaped(&label), label, None);
        self.by_identity.insert(identity, id);
        self.by_slug.entry(text::address(written)).or_default().push(id);
        id
    }

    fn intern_path(&mut self, path: &str) -> Vec<FacetValueId> {
        let mut chain: Vec<FacetValueId> = Vec::new();
        let mut identity = String::new();
        for level in text::levels(path).filter(|level| !level.is_empty()) {
            let own = text::identity(level);
            if !identity.is_empty() {
                identity.push('>');
            }
            identity.push_str(&own);
            let known = self.by_identity.get(&identity).copied();
            chain.push(known.unwrap_or_else(|| {
                let parent = chain.last().copied();
                let above = parent.map(|id| &self.values[id as usize]);
                let label =
                    above.map_or_else(|| level.to_owned(), |it| format!("{} > {level}", it.label));
                let address = text::address(level);
                let address = above.map_or(address.clone(), |it| format!("{}/{address}", it.key));
                let id = self.add(self.free_address(address), label.clone(), parent);
                self.by_key.insert(self.values[id as usize].key.clone(), id);
                self.by_identity.insert(identity.clone(), id);
                self.by_leaf.entry(own).or_default().push(id);
                for slug in [text::path_address(&label), text::address(level)] {
                    let ids = self.by_slug.entry(slug).or_default();
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                id
            }));
        }
        chain
    }

    /// Address for a new category: different values with one spelling are told apart by a number.
    fn free_address(&self, address: String) -> String {
        if !self.by_key.contains_key(&address) {
            return address;
        }
        let numbered = (2_u64..).map(|number| format!("{address}-{number}"));
        numbered.into_iter().find(|it| !self.by_key.contains_key(it)).unwrap_or(address)
    }

    fn add(&mut self, key: String, label: String, parent: Option<FacetValueId>) -> FacetValueId {
        let id = FacetValueId::try_from(self.values.len()).expect("fewer values than 2^32");
        self.values.push(FacetEntry { key, label, parent, docs: DocSet::default() });
        id
    }

    /// Values that a filter names, separated by commas; a comma within a value is escaped by a backslash, or the filter
    /// is a single value. Sorted.
    pub(crate) fn resolve_filter(&self, filter: &str) -> Vec<FacetValueId> {
        let parts = unescaped_parts(filter);
        let exact: Vec<Vec<FacetValueId>> =
            parts.iter().map(|part| self.look_up_exact(part)).collect();
        let mut ids = if exact.iter().all(|ids| !ids.is_empty()) {
            exact.concat()
        } else {
            let whole = self.look_up(filter);
            if whole.is_empty() {
                parts.iter().flat_map(|part| self.look_up(part)).collect()
            } else {
                whole
            }
        };
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Look-up by the exact value, and otherwise by the address of its text, which several values can share.
    fn look_up(&self, text: &str) -> Vec<FacetValueId> {
        let exact = self.look_up_exact(text);
        if !exact.is_empty() {
            return exact;
        }
        let slugs = [text::address(text), text::path_address(&text.replace('/', ">"))];
        let found =
            slugs.iter().filter(|slug| !slug.is_empty()).find_map(|it| self.by_slug.get(it));
        found.cloned().unwrap_or_default()
    }

    /// Look-up by the value or its address, by path with either separator, or by the last level of a path alone. Only
    /// case and spaces make no difference.
    fn look_up_exact(&self, text: &str) -> Vec<FacetValueId> {
        let identity = text::identity(text);
        let by_path = |text: &str| self.by_identity.get(&text::path_identity(text));
        let single = self.by_key.get(text.trim());
        let single = single.or_else(|| self.by_identity.get(&identity));
        let single = single.or_else(|| by_path(text)).or_else(|| by_path(&text.replace('/', ">")));
        match single {
            Some(id) => vec![*id],
            None => self.by_leaf.get(&identity).cloned().unwrap_or_default(),
        }
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

/// Label as a value in a list that is separated by commas.
fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace(',', "\\,")
}

/// Parts of a list that is separated by commas, without their escapes.
fn unescaped_parts(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = list.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ',' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|it| it.extend(letters.next())),
            _ => parts.last_mut().into_iter().for_each(|it| it.push(letter)),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
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
    fn values_that_differ_in_more_than_case_are_different() {
        for values in [
            &["A", "A+", "A-", "A++"][..],
            &["C", "C++", "C#"],
            &["50", "50%"],
            &["1.5", "1,5", "15", "1", "5"],
            &["+2.00", "-2.00", "2.00"],
            &["Rose", "Rosé"],
            &["!!", "??", "a\\b", "a,b", "a", "b"],
        ] {
            let mut facet = Facet::default();
            let ids: Vec<_> = values.iter().map(|value| facet.intern_value(value)).collect();
            for (id, value) in ids.iter().zip(values) {
                let key = facet.values[*id as usize].key.clone();
                assert_eq!(facet.resolve_filter(&key), [*id], "{value}");
                if !value.contains([',', '\\']) {
                    assert_eq!(facet.resolve_filter(value), [*id], "{value}");
                }
                let mut others = Facet::default();
                let is_other = |it: &&&str| *it != value && text::fold(it) != text::fold(value);
                for value in values.iter().filter(is_other) {
                    others.intern_value(value);
                }
                if !value.contains([',', '\\']) {
                    assert!(others.resolve_filter(value).is_empty(), "{value} is none of them");
                }
            }
            let list = facet.values.iter().map(|it| it.key.as_str()).collect::<Vec<_>>().join(",");
            assert_eq!(facet.resolve_filter(&list).len(), values.len(), "{list}");
        }
    }

    #[test]
    fn categories_with_the_same_words_have_addresses_of_their_own() {
        let mut facet = Facet::default();
        for path in ["C", "C++", "C#", "C++ > A+", "C > A", "C > A-", "Mugs & Cups", "Mugs, Cups"] {
            facet.intern(FacetKind::Category, path);
        }
        let keys: Vec<_> = facet.values.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "c",
                "c-plus-plus",
                "c-sharp",
                "c-plus-plus/a-plus",
                "c/a",
                "c/a-minus",
                "mugs-cups",
                "mugs-cups-2"
            ]
        );
        for (id, entry) in (0..).zip(&facet.values) {
            assert_eq!(facet.resolve_filter(&entry.key), [id]);
            assert_eq!(facet.look_up(&entry.label), [id]);
        }
    }

    #[test]
    fn different_spellings_of_a_brand_are_one_value() {
        let mut facet = Facet::default();
        let aster = facet.intern_value("Aster & Söhne");
        assert_eq!(facet.intern_value("ASTER   & SÖHNE"), aster);
        assert_ne!(facet.intern_value("!!"), facet.intern_value("??"));
        assert_eq!(facet.values[aster as usize].label, "Aster & Söhne");
        assert_eq!(facet.resolve_filter("aster & söhne"), [aster]);
        assert_eq!(
            facet.resolve_filter("aster sohne"),
            [aster],
            "who does not know the exact value"
        );
    }
}
