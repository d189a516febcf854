//! Language negotiation (RFC 9110, section 12.5.4).

/// Most language ranges of a header; further ones are ignored.
const RANGES_MAX: usize = 20;
/// Quality value of a range without one, in thousandths.
const QUALITY_FULL: u16 = 1000;

/// Language ranges of an `Accept-Language` header, the most wanted first; those that are not wanted (`q=0`) are left out.
///
/// ```
/// assert_eq!(web::accepted_languages("fr;q=0.5, de-AT, en;q=0.75, it;q=0"), ["de-AT", "en", "fr"]);
/// ```
pub fn accepted_languages(header: &str) -> Vec<&str> {
    let ranges = header.split(',').take(RANGES_MAX).map(|range| {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality = parts.find_map(|it| it.trim().strip_prefix("q="));
        (quality.map_or(QUALITY_FULL, parse_quality), tag)
    });
    let mut ranges: Vec<_> =
        ranges.filter(|(quality, tag)| *quality > 0 && !tag.is_empty()).collect();
    // Stable: of equal ones the first is wanted more.
    ranges.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    ranges.into_iter().map(|(_, tag)| tag).collect()
}

/// Quality value in thousandths: `0.75` as 750; an invalid one is 0.
fn parse_quality(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    match whole {
        "1" => QUALITY_FULL,
        "0" => {
            let digits: String = decimals.chars().chain("000".chars()).take(3).collect();
            digits.parse().unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_in_the_order_of_their_quality_values() {
        assert_eq!(accepted_languages("de-AT,de;q=0.9,en;q=0.8"), ["de-AT", "de", "en"]);
        assert_eq!(accepted_languages("fr, en-GB;q=0.7, DE;q=0.75"), ["fr", "DE", "en-GB"]);
        assert_eq!(accepted_languages("en;q=0, de;q=junk, ,;;, it;q=2"), [""; 0]);
        assert_eq!(accepted_languages("a;q=0.001,b;q=0.01"), ["b", "a"]);
        let many = vec!["de"; RANGES_MAX + 1].join(",");
        assert_eq!(accepted_languages(&many).len(), RANGES_MAX);
    }
}
