//! Did you mean …? The nearest word of the catalogue to one that nobody has.

use super::bits::Bits;
use super::text::{Field, Vocabulary};

/// Words shorter than this are too short to guess at.
const WORD_LETTERS_MIN: usize = 3;
/// Words longer than this are not compared letter by letter.
const WORD_LETTERS_MAX: usize = 32;

/// The words with those that no product of `among` has replaced by near ones; `None` when nothing near is known.
pub(crate) fn corrected(
    vocabulary: &Vocabulary,
    words: &[String],
    among: &Bits,
) -> Option<Vec<String>> {
    let mut corrected = Vec::with_capacity(words.len());
    for word in words {
        if vocabulary.knows(word, among) {
            corrected.push(word.clone());
        } else {
            corrected.push(nearest(vocabulary, word, among)?.to_owned());
        }
    }
    (corrected != words).then_some(corrected)
}

fn nearest<'a>(vocabulary: &'a Vocabulary, word: &str, among: &Bits) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().collect();
    let tolerated = match letters.len() {
        0..WORD_LETTERS_MIN => return None,
        WORD_LETTERS_MIN..=4 => 1,
        5..=WORD_LETTERS_MAX => 2,
        _ => return None,
    };
    let signature = signature(word);
    let mut scratch = Scratch::default();
    let candidates = vocabulary.terms.iter().filter(|term| {
        let length = term.word.len();
        // Cheap looks first: the length in bytes is no less than in letters, and one edit changes few letters.
        length + tolerated >= letters.len()
            && length <= (letters.len() + tolerated) * 4
            && (signature ^ self::signature(&term.word)).count_ones() as usize <= 2 * tolerated
    });
    let judged = candidates.filter_map(|term| {
        let distance = scratch.distance(&letters, &term.word, tolerated)?;
        let mostly = usize::MAX - term.postings.len();
        // A misspelt word of a description is no better than the search.
        let telling = term.field().is_some_and(|field| field < Field::Description);
        (telling && term.is_among(among)).then_some((distance, mostly, &*term.word))
    });
    judged.min().map(|(_, _, word)| word)
}

/// Which letters a word has, folded into 32 bits.
fn signature(word: &str) -> u32 {
    word.bytes().fold(0, |bits, byte| bits | 1 << (byte % 32))
}

/// Rows of the distance table, kept between words.
#[derive(Default)]
struct Scratch {
    other: Vec<char>,
    rows: [Vec<usize>; 3],
}

impl Scratch {
    /// How many letters have to be put in, taken out, replaced or swapped with their neighbour; `None` when more than
    /// `tolerated`.
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
    fn slips_of_the_finger_are_near() {
        let distance = |one: &str, two| {
            let one: Vec<char> = one.chars().collect();
            Scratch::default().distance(&one, two, 2)
        };
        assert_eq!(distance("mug", "mug"), Some(0));
        assert_eq!(distance("mgu", "mug"), Some(1));
        assert_eq!(distance("lantren", "lantern"), Some(1));
        assert_eq!(distance("lmap", "lamps"), Some(2));
        assert_eq!(distance("kettle", "lantern"), None);
        assert_eq!(distance("", "abc"), None);
    }
}
