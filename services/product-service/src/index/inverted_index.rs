//! Inverted index for full-text search: a dictionary of terms with the postings of each, and scoring by field.

use super::bit_set::{BitSet, DocId};
use std::collections::HashMap;

/// Number of words of a search text that are used; further ones are ignored.
pub(crate) const SEARCH_WORDS_MAX: usize = 12;

/// Text field of a product. A word that occurs in several fields counts in the one with the highest boost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TextField {
    Name,
    Brand,
    Category,
    /// Tags, option values, SKUs.
    Tag,
    Description,
}

impl TextField {
    const ALL: [Self; 5] = [Self::Name, Self::Brand, Self::Category, Self::Tag, Self::Description];

    /// Boost of the field for an exact or a prefix match. A prefix match in one field beats an exact match in the
    /// next.
    fn boost(self, term_match: TermMatch) -> u8 {
        let (exact, prefix) = match self {
            Self::Name => (100, 80),
            Self::Brand => (40, 32),
            Self::Category => (16, 12),
            Self::Tag => (6, 5),
            Self::Description => (2, 1),
        };
        if term_match == TermMatch::Exact { exact } else { prefix }
    }
}

/// How a search word matches a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TermMatch {
    Exact,
    Prefix,
}

/// Number of a term in the dictionary. Terms are added and never removed.
pub(crate) type TermId = u32;

/// Posting: a document id and the field of the occurrence, packed into one number that sorts by document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting(u32);

const FIELD_BITS: u32 = 3;

impl Posting {
    fn new(doc: DocId, field: TextField) -> Self {
        Self(doc << FIELD_BITS | field as u32)
    }

    fn doc(self) -> DocId {
        self.0 >> FIELD_BITS
    }

    fn field(self) -> TextField {
        TextField::ALL[(self.0 & ((1 << FIELD_BITS) - 1)) as usize % TextField::ALL.len()]
    }
}

/// Term of the dictionary with its postings, ascending.
#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) word: Box<str>,
    pub(crate) postings: Vec<Posting>,
}

/// Inverted index over the text of all products.
#[derive(Debug, Default)]
pub(crate) struct InvertedIndex {
    pub(crate) terms: Vec<Term>,
    /// Dictionary, with a fast hash function: a start looks up some millions of words.
    by_word: HashMap<Box<str>, TermId, lru::DefaultHasher>,
    /// All terms in the order of their words, for prefix look-ups.
    sorted: Vec<TermId>,
}

/// Terms of one document, each once with its best field, ascending.
pub(crate) type DocumentTerms = Box<[(TermId, TextField)]>;

impl InvertedIndex {
    /// Terms of a document's tokens; new ones are added to the dictionary.
    pub(crate) fn intern_terms<'a>(
        &mut self,
        tokens: impl Iterator<Item = (TextField, &'a str)>,
        insertion: TermInsertion,
    ) -> DocumentTerms {
        let mut terms: Vec<(TermId, TextField)> =
            tokens.map(|(field, word)| (self.intern_term(word, insertion), field)).collect();
        // Of a term in several fields the one with the highest boost sorts first and stays.
        terms.sort_unstable();
        terms.dedup_by_key(|(term, _)| *term);
        terms.into()
    }

    fn intern_term(&mut self, word: &str, insertion: TermInsertion) -> TermId {
        if let Some(term) = self.by_word.get(word) {
            return *term;
        }
        let term = TermId::try_from(self.terms.len()).unwrap_or(TermId::MAX);
        self.by_word.insert(word.into(), term);
        self.terms.push(Term { word: word.into(), postings: Vec::new() });
        match insertion {
            TermInsertion::Sorted => {
                let at = self.sorted.partition_point(|other| *self.word(*other) < *word);
                self.sorted.insert(at, term);
            }
            TermInsertion::Deferred => self.sorted.push(term),
        }
        term
    }

    /// Sort of the dictionary after deferred insertions.
    pub(crate) fn sort(&mut self) {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.sort_unstable_by(|one, two| self.word(*one).cmp(self.word(*two)));
        self.sorted = sorted;
    }

    /// Addition of a document's postings.
    pub(crate) fn add(&mut self, doc: DocId, terms: &DocumentTerms) {
        for (term, field) in terms {
            let postings = &mut self.terms[*term as usize].postings;
            let posting = Posting::new(doc, *field);
            // New documents have the highest ids, so this is usually a push at the end.
            match postings.last() {
                Some(last) if *last > posting => {
                    let at = postings.partition_point(|it| *it < posting);
                    postings.insert(at, posting);
                }
                _ => postings.push(posting),
            }
        }
    }

    /// Removal of a document's postings.
    pub(crate) fn remove(&mut self, doc: DocId, terms: &DocumentTerms) {
        for (term, field) in terms {
            let postings = &mut self.terms[*term as usize].postings;
            if let Ok(at) = postings.binary_search(&Posting::new(doc, *field)) {
                postings.remove(at);
            }
        }
    }

    /// Word of a term.
    pub(crate) fn word(&self, term: TermId) -> &str {
        &self.terms[term as usize].word
    }

    /// Terms that begin with `prefix`, including `prefix` itself.
    fn terms_with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Term> {
        let from = self.sorted.partition_point(|term| *self.word(*term) < *prefix);
        let terms = self.sorted[from..].iter().map(|term| &self.terms[*term as usize]);
        terms.take_while(move |term| term.word.starts_with(prefix))
    }

    fn exact_term(&self, word: &str) -> Option<&Term> {
        self.by_word.get(word).map(|term| &self.terms[*term as usize])
    }

    /// Whether a document of `among` has a term that begins with `prefix`.
    pub(crate) fn has_prefix(&self, prefix: &str, among: &BitSet) -> bool {
        self.terms_with_prefix(prefix).any(|term| term.is_among(among))
    }

    /// Scores of the documents of `among` that have all words, the last of which may be a prefix. A score depends on the
    /// document alone, not on the rest of the catalogue.
    pub(crate) fn search(
        &self,
        words: &[String],
        among: &BitSet,
        doc_count: usize,
    ) -> Vec<(u32, DocId)> {
        let mut score = vec![0_u16; doc_count];
        let mut matched = vec![0_u8; doc_count];
        let mut best = vec![0_u8; doc_count];
        let mut touched: Vec<DocId> = Vec::new();
        for (number, word) in (0_u8..).zip(words) {
            let mut visit = |term: &Term| {
                let term_match =
                    if *term.word == **word { TermMatch::Exact } else { TermMatch::Prefix };
                for posting in &term.postings {
                    let doc = posting.doc() as usize;
                    // A document that lacks an earlier word is out.
                    if matched[doc] != number {
                        continue;
                    }
                    if best[doc] == 0 {
                        touched.push(posting.doc());
                    }
                    best[doc] = best[doc].max(posting.field().boost(term_match));
                }
            };
            if usize::from(number) + 1 == words.len() {
                self.terms_with_prefix(word).for_each(&mut visit);
            } else {
                self.exact_term(word).into_iter().for_each(&mut visit);
            }
            for doc in touched.drain(..) {
                let at = doc as usize;
                score[at] += u16::from(std::mem::take(&mut best[at]));
                matched[at] = number + 1;
            }
        }
        let all = u8::try_from(words.len()).unwrap_or(u8::MAX);
        let hits = (0..doc_count).filter(|doc| all > 0 && matched[*doc] == all);
        hits.filter_map(|doc| u32::try_from(doc).ok())
            .filter(|doc| among.contains(*doc))
            .map(|doc| (u32::from(score[doc as usize]), doc))
            .collect()
    }
}

impl Term {
    /// Whether a document of `among` has the term.
    pub(crate) fn is_among(&self, among: &BitSet) -> bool {
        self.postings.iter().any(|posting| among.contains(posting.doc()))
    }

    /// Field with the highest boost in which the term occurs.
    pub(crate) fn field(&self) -> Option<TextField> {
        self.postings.iter().map(|posting| posting.field()).min()
    }
}

/// When new terms are sorted into the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TermInsertion {
    /// Immediately.
    Sorted,
    /// By one call of [`InvertedIndex::sort`] after many insertions.
    Deferred,
}
