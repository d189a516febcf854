//! Full-text search over the catalogue: which products have which words, and where.

use super::bits::Bits;
use std::collections::HashMap;

/// The most words of a search that count.
pub(crate) const SEARCH_WORDS_MAX: usize = 12;

/// Where a product has a word. A word that stands in several places counts where it says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Name,
    Brand,
    Category,
    /// Tags, option values, SKUs.
    Tag,
    Description,
}

impl Field {
    const ALL: [Self; 5] = [Self::Name, Self::Brand, Self::Category, Self::Tag, Self::Description];

    /// What a whole word, or the beginning of one, is worth there. A name's beginning still beats a brand, and so on.
    fn worth(self, matched: Matched) -> u8 {
        let (whole, beginning) = match self {
            Self::Name => (100, 80),
            Self::Brand => (40, 32),
            Self::Category => (16, 12),
            Self::Tag => (6, 5),
            Self::Description => (2, 1),
        };
        if matched == Matched::Whole { whole } else { beginning }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matched {
    Whole,
    Beginning,
}

/// The number of a word of the vocabulary. Words come and never go.
pub(crate) type TermId = u32;

/// A place and the field there, in one number that sorts by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting(u32);

const FIELD_BITS: u32 = 3;

impl Posting {
    fn new(place: u32, field: Field) -> Self {
        Self(place << FIELD_BITS | field as u32)
    }

    fn place(self) -> u32 {
        self.0 >> FIELD_BITS
    }

    fn field(self) -> Field {
        Field::ALL[(self.0 & ((1 << FIELD_BITS) - 1)) as usize % Field::ALL.len()]
    }
}

/// A word and who has it.
#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) word: Box<str>,
    pub(crate) postings: Vec<Posting>,
}

/// The vocabulary of the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    pub(crate) terms: Vec<Term>,
    /// With a quick hash: a start looks up some millions of words.
    by_word: HashMap<Box<str>, TermId, lru::DefaultHasher>,
    /// All terms in the order of their words, for beginnings of words.
    sorted: Vec<TermId>,
}

/// The terms of one product and where it has them, each once, ascending.
pub(crate) type TermList = Box<[(TermId, Field)]>;

impl Vocabulary {
    /// The terms of a product, given its words field by field, the most telling first.
    pub(crate) fn terms_of<'a>(
        &mut self,
        words: impl Iterator<Item = (Field, &'a str)>,
        sorting: Sorting,
    ) -> TermList {
        let mut terms: Vec<(TermId, Field)> =
            words.map(|(field, word)| (self.term(word, sorting), field)).collect();
        // Of a word in several fields the first, most telling, stays.
        terms.sort_unstable();
        terms.dedup_by_key(|(term, _)| *term);
        terms.into()
    }

    fn term(&mut self, word: &str, sorting: Sorting) -> TermId {
        if let Some(term) = self.by_word.get(word) {
            return *term;
        }
        let term = TermId::try_from(self.terms.len()).unwrap_or(TermId::MAX);
        self.by_word.insert(word.into(), term);
        self.terms.push(Term { word: word.into(), postings: Vec::new() });
        match sorting {
            Sorting::Now => {
                let at = self.sorted.partition_point(|other| *self.word(*other) < *word);
                self.sorted.insert(at, term);
            }
            Sorting::AtTheEnd => self.sorted.push(term),
        }
        term
    }

    /// Sorts what came in unsorted.
    pub(crate) fn sort(&mut self) {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.sort_unstable_by(|one, two| self.word(*one).cmp(self.word(*two)));
        self.sorted = sorted;
    }

    pub(crate) fn add(&mut self, place: u32, terms: &TermList) {
        for (term, field) in terms {
            let postings = &mut self.terms[*term as usize].postings;
            let posting = Posting::new(place, *field);
            // New products have the highest places, so this is mostly the end.
            match postings.last() {
                Some(last) if *last > posting => {
                    let at = postings.partition_point(|it| *it < posting);
                    postings.insert(at, posting);
                }
                _ => postings.push(posting),
            }
        }
    }

    pub(crate) fn remove(&mut self, place: u32, terms: &TermList) {
        for (term, field) in terms {
            let postings = &mut self.terms[*term as usize].postings;
            if let Ok(at) = postings.binary_search(&Posting::new(place, *field)) {
                postings.remove(at);
            }
        }
    }

    pub(crate) fn word(&self, term: TermId) -> &str {
        &self.terms[term as usize].word
    }

    /// The terms that are `word` or, if there are any, begin with it.
    fn beginning_with<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a Term> {
        let from = self.sorted.partition_point(|term| *self.word(*term) < *word);
        let terms = self.sorted[from..].iter().map(|term| &self.terms[*term as usize]);
        terms.take_while(move |term| term.word.starts_with(word))
    }

    fn exactly(&self, word: &str) -> Option<&Term> {
        self.by_word.get(word).map(|term| &self.terms[*term as usize])
    }

    /// Whether a product of `among` has the word, or one that begins so.
    pub(crate) fn knows(&self, word: &str, among: &Bits) -> bool {
        self.beginning_with(word).any(|term| term.is_among(among))
    }

    /// The products of `among` that have all words, the last of which may be the beginning of one; and what each is
    /// worth, which follows from the product alone and not from what else there is.
    pub(crate) fn search(&self, words: &[String], among: &Bits, room: usize) -> Vec<(u32, u32)> {
        let mut worth = vec![0_u16; room];
        let mut matched = vec![0_u8; room];
        let mut best = vec![0_u8; room];
        let mut touched: Vec<u32> = Vec::new();
        for (number, word) in (0_u8..).zip(words) {
            let mut take = |term: &Term| {
                let matched_how =
                    if *term.word == **word { Matched::Whole } else { Matched::Beginning };
                for posting in &term.postings {
                    let place = posting.place() as usize;
                    // Who lacks an earlier word is out.
                    if matched[place] != number {
                        continue;
                    }
                    if best[place] == 0 {
                        touched.push(posting.place());
                    }
                    best[place] = best[place].max(posting.field().worth(matched_how));
                }
            };
            if usize::from(number) + 1 == words.len() {
                self.beginning_with(word).for_each(&mut take);
            } else {
                self.exactly(word).into_iter().for_each(&mut take);
            }
            for place in touched.drain(..) {
                let at = place as usize;
                worth[at] += u16::from(std::mem::take(&mut best[at]));
                matched[at] = number + 1;
            }
        }
        let all = u8::try_from(words.len()).unwrap_or(u8::MAX);
        let found = (0..room).filter(|place| all > 0 && matched[*place] == all);
        found
            .filter_map(|place| u32::try_from(place).ok())
            .filter(|place| among.contains(*place))
            .map(|place| (u32::from(worth[place as usize]), place))
            .collect()
    }
}

impl Term {
    /// Whether a product of `among` has the word.
    pub(crate) fn is_among(&self, among: &Bits) -> bool {
        self.postings.iter().any(|posting| among.contains(posting.place()))
    }

    /// The most telling field the word stands in.
    pub(crate) fn field(&self) -> Option<Field> {
        self.postings.iter().map(|posting| posting.field()).min()
    }
}

/// When new words find their place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sorting {
    Now,
    /// With one call of [`Vocabulary::sort`] after many new words.
    AtTheEnd,
}
