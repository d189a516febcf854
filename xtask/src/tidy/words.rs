//! Word splitting of text and identifiers: `OrderLine`, `order_line` and `order-line` are all "order", "line".

/// The words of `text`, in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in text.split(|sign: char| !sign.is_ascii_alphabetic()) {
        let mut word = String::new();
        let mut previous_small = false;
        for letter in run.chars() {
            if letter.is_ascii_uppercase() && previous_small {
                words.push(std::mem::take(&mut word));
            }
            previous_small = letter.is_ascii_lowercase();
            word.push(letter.to_ascii_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// Whether `text` contains `name` with nothing word-like directly before or after it.
pub(crate) fn names(text: &str, name: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    text.match_indices(name).any(|(start, _)| {
        !text[..start].ends_with(is_part) && !text[start + name.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_two_words_is_two_words() {
        for text in
            ["OrderLine", "order_line", "order-line", "ORDER_LINE", "order line", "orderLine"]
        {
            assert_eq!(words(text), ["order", "line"], "{text}");
        }
    }

    #[test]
    fn a_word_inside_another_is_not_found() {
        assert_eq!(words("Reordering 7 prices"), ["reordering", "prices"]);
    }

    #[test]
    fn a_name_is_found_whole_only() {
        assert!(names("in `services/order-service/`.", "order-service"));
        assert!(!names("old-order-service, order-service-2", "order-service"));
    }
}
