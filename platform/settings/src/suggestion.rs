//! Suggestion for a mistyped key ("did you mean …?"): the known word nearest to it.

/// Text `; did you mean …?` when a known word is near enough to be meant, otherwise nothing.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = known.into_iter().map(|word| (distance(written, word), word)).min();
    match nearest {
        Some((distance, word)) if distance <= (word.len() / 3).max(2) => {
            format!("; did you mean `{word}`?")
        }
        _ => String::new(),
    }
}

/// Levenshtein distance of two words. Hyphens and underscores count as the same, because people mix them up, and so do
/// capitals and small letters.
fn distance(one: &str, other: &str) -> usize {
    let same = |left: char, right: char| {
        left.eq_ignore_ascii_case(&right) || matches!((left, right), ('-', '_') | ('_', '-'))
    };
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, right) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(!same(left, right));
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_similar_word_is_suggested() {
        let known = ["capture", "attempt_timeout_ms", "data"];
        assert_eq!(did_you_mean("captur", known), "; did you mean `capture`?");
        assert_eq!(
            did_you_mean("attempt-timeout-ms", known),
            "; did you mean `attempt_timeout_ms`?"
        );
        assert_eq!(did_you_mean("something_else", known), "");
        assert_eq!(did_you_mean("x", []), "");
    }

    #[test]
    fn the_distance_counts_changes() {
        for (one, other, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("a-b", "a_b", 0)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected));
        }
    }
}
