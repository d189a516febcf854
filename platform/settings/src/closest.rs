//! The known word nearest to a mistyped one.

/// ` (did you mean `x`?)` when a known word is near enough to be meant, otherwise nothing.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = known.into_iter().map(|word| (distance(written, word), word)).min();
    match nearest {
        Some((distance, word)) if distance <= (word.len() / 3).max(2) => {
            format!("; did you mean `{word}`?")
        }
        _ => String::new(),
    }
}

/// How many letters must be added, removed or replaced to make one word the other (Levenshtein). Hyphens and
/// underscores count as the same, because they are what people mix up.
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
    fn only_a_near_word_is_suggested() {
        let known = ["capture", "attempt_timeout_ms", "data"];
        assert_eq!(suggestion("captur", known), "; did you mean `capture`?");
        assert_eq!(suggestion("attempt-timeout-ms", known), "; did you mean `attempt_timeout_ms`?");
        assert_eq!(suggestion("something_else", known), "");
        assert_eq!(suggestion("x", []), "");
    }

    #[test]
    fn distance_counts_changes() {
        for (one, other, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("a-b", "a_b", 0)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected));
        }
    }
}
