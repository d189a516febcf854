//! Words of the demonstration: what its pages say about the shop itself, as settings.

/// Settings by which the demonstration names and describes itself, as keys and values.
pub const WORDS: &[(&str, &str)] = &[
    ("storefront.name", "Tarnwood"),
    ("storefront.logo", "/pictures/demonstration-logo.svg"),
    ("storefront.tagline", "Everyday things, made to last."),
    (
        "storefront.introduction",
        "Lamps, pots, chairs and small things for the home. Made to be repaired and passed on.",
    ),
    ("storefront.return_days", "60"),
    ("storefront.return_note", "Send back anything you don’t like"),
    ("storefront.guarantee_years", "5"),
    ("storefront.guarantee_note", "If it fails, we’ll repair or replace it"),
    ("storefront.contact.email", "hello@tarnwood.example"),
    ("storefront.contact.phone", "+49 40 66969 123"),
    ("storefront.contact.address", r#"["Tarnwood", "Lindenweg 4", "22763 Hamburg"]"#),
    (
        "storefront.pages.imprint",
        "Tarnwood is a demonstration: there is no such shop, and it sells nothing.\n\n# Who is behind it\n\nNobody. A real shop gives the name, address and contact of its merchant here.",
    ),
    (
        "storefront.pages.terms",
        "This demonstration makes no contracts.\n\nA real shop gives the terms here on which it sells.",
    ),
    (
        "storefront.pages.privacy",
        "This demonstration stores what you enter on the machine that it runs on, and nowhere else.\n\n# Cookies\n\nBrowsing sets no cookies. One cookie remembers your cart once you add something to it, and another your language if you choose one.",
    ),
    (
        "storefront.pages.withdrawal",
        "This demonstration sends nothing, so there is nothing to send back.\n\nA real shop says here how a purchase is withdrawn from.",
    ),
    ("storefront.language", "en"),
    ("storefront.languages", "en,de"),
    ("storefront.translations", include_str!("words/de.json")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn departments_categories_and_options_have_german_names() {
        let (_, german) = WORDS.iter().find(|(key, _)| *key == "storefront.translations").unwrap();
        let catalogue = Catalogue::read().unwrap();
        let mut words: Vec<String> = vec!["Colour".to_owned(), "Size".to_owned()];
        for department in catalogue.departments {
            words.push(department.name);
            words.extend(department.categories.into_iter().map(|category| category.name));
        }
        for variant in catalogue.products.into_iter().flat_map(|product| product.variants) {
            words.extend(variant.colour.as_deref().map(crate::seed::capitalise));
            words
                .extend(variant.size.filter(|size| !size.contains(|it: char| it.is_ascii_digit())));
        }
        words.extend(["tagline", "introduction", "return_note", "guarantee_note"].map(|name| {
            let key = format!("storefront.{name}");
            let (_, text) = WORDS.iter().find(|(known, _)| *known == key).unwrap();
            (*text).to_owned()
        }));
        for word in words {
            assert!(german.contains(&format!("\"{word}\": \"")), "{word} has no German name");
        }
    }
}
