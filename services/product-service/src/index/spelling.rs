//! Spelling correction ("did you mean …?"): the term of the catalogue with the smallest edit distance to a word that
//! no product has.

use super::bit_set::BitSet;
use super::inverted_index::{InvertedIndex, TextField};

/// Shortest word that is corrected, in letters.
const WORD_LETTERS_MIN: usize = 3;
/// Longest word that is corrected, in letters.
const WORD_LETTERS_MAX: usize = 32;

/// Search words in which those that no product of `among` has are replaced by near terms; `None` if nothing is near, or
/// nothing needs correction.
pub(crate) fn corrected(
    inverted_index: &InvertedIndex,
    words: &[String],
    among: &BitSet,
) -> Option<Vec<String>> {
    let mut corrected = Vec::with_capacity(words.len());
    for word in words {
        if inverted_index.has_prefix(word, among) {
            corrected.push(word.clone());
        } else {
            corrected.push(nearest(inverted_index, word, among)?.to_owned());
        }
    }
    (corrected != words).then_some(corrected)
}

/// Nearest term of a document in `among`, by edit distance and then by frequency.
fn nearest<'a>(inverted_index: &'a InvertedIndex, word: &str, among: &BitSet) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().collect();
    let tolerated = match letters.len() {
        0..WORD_LETTERS_MIN => return None,
        WORD_LETTERS_MIN..=4 => 1,
        5..=WORD_LETTERS_MAX => 2,
        _ => return None,
    };
    let signature = signature(word);
    let mut edit_distance = EditDistance::default();
    let candidates = inverted_index.terms.iter().filter(|term| {
        let length = term.word.len();
        // Cheap checks first: the length in bytes is no less than in letters, and one edit changes few letters.
        length + tolerated >= letters.len()
            && length <= (letters.len() + tolerated) * 4
            && (signature ^ self::signature(&term.word)).count_ones() as usize <= 2 * tolerated
    });
    let ranked = candidates.filter_map(|term| {
        let distance = edit_distance.distance(&letters, &term.word, tolerated)?;
        let rarity = usize::MAX - term.postings.len();
        // A misspelt word of a description is no better than the search.
        let is_relevant = term.field().is_some_and(|field| field < TextField::Description);
        (is_relevant && term.is_among(among)).then_some((distance, rarity, &*term.word))
    });
    ranked.min().map(|(_, _, word)| word)
}

/// Signature of a word: the set of its bytes, folded into 32 bits.
fn signature(word: &str) -> u32 {
    word.bytes().fold(0, |bits, byte| bits | 1 << (byte % 32))
}

/// Reusable buffers for the rows of the edit-distance table.
#[derive(Default)]
struct EditDistance {
    other: Vec<char>,
    rows: [Vec<usize>; 3],
}

impl EditDistance {
    /// Damerau-Levenshtein distance (insertion, deletion, substitution, transposition of neighbours), up to
    /// `tolerated`; `None` beyond.
    fn distance(&mut self, one: &[char], two: &str, tolerated: usize) -> Option<usize> {
        self.other.clear();
        self.other.extend(two.chars());
        let two = &self.other;
        if one.len().abs_diff(two.len()) > tolerated {
            return None;
        }
        let [before_last, last, row] = &mut self.rows;
        last.clear();
        last.extend(0..=two.len());
        for (i, a) in one.iter().enumerate() {
            row.clear();
            row.push(i + 1);
            for (j, b) in two.iter().enumerate() {
                let replaced = last[j] + usize::from(a != b);
                let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && *a == two[j - 1] && one[i - 1] == *b {
                    fewest = fewest.min(before_last[j - 1] + 1);
                }
                row.push(fewest);
            }
            if row.iter().min().is_some_and(|fewest| *fewest > tolerated) {
                return None;
            }
            std::mem::swap(before_last, last);
            std::mem::swap(last, row);
        }
        last.last().copied().filter(|distance| *distance <= tolerated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_have_a_small_distance() {
        let distance = |one: &str, two| {
            let one: Vec<char> = one.chars().collect();
            EditDistance::default().distance(&one, two, 2)
        };
        assert_eq!(distance("mug", "mug"), Some(0));
        assert_eq!(distance("mgu", "mug"), Some(1));
        assert_eq!(distance("lantren", "lantern"), Some(1));
        assert_eq!(distance("lmap", "lamps"), Some(2));
        assert_eq!(distance("kettle", "lantern"), None);
        assert_eq!(distance("", "abc"), None);
    }
}
