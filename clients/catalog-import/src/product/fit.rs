//! One policy for what is beyond the limits of the shop: a text is shortened after a word, a list cut, with a remark.

use crate::{
    html,
    limits::{
        CATEGORIES_MAX, CATEGORY_LEVELS_MAX, DESCRIPTION_BYTES_MAX, NAME_CHARACTERS_MAX, TAGS_MAX,
        VALUE_CHARACTERS_MAX, WORD_CHARACTERS_MAX,
    },
    mapping::Fact,
    number::quoted,
    row::Remark,
    text::shorten,
};
use contracts::product::{NewProduct, NewVariant, ProductOption};
use std::collections::HashSet;

/// Makes a product fit, with a remark for each change; `label` names the facts.
pub(crate) fn fit(
    product: &mut NewProduct,
    label: &dyn Fn(Fact) -> String,
    remarks: &mut Vec<Remark>,
) {
    let mut remark =
        |fact: Fact, reason: String| remarks.push(Remark { field: label(fact), reason });
    let longer = |max: usize| format!("is longer than {max} characters; shortened");
    if let Some(short) = shorten(&product.name, NAME_CHARACTERS_MAX) {
        product.name = short;
        remark(Fact::Title, longer(NAME_CHARACTERS_MAX));
    }
    if product.description.len() > DESCRIPTION_BYTES_MAX {
        product.description = html::shorten(&product.description, DESCRIPTION_BYTES_MAX);
        remark(
            Fact::Description,
            format!("is longer than {DESCRIPTION_BYTES_MAX} bytes; shortened"),
        );
    }
    let brand = product.brand.as_deref().and_then(|brand| shorten(brand, WORD_CHARACTERS_MAX));
    if brand.is_some() {
        product.brand = brand;
        remark(Fact::Brand, longer(WORD_CHARACTERS_MAX));
    }
    for tag in &mut product.tags {
        if let Some(short) = shorten(tag, WORD_CHARACTERS_MAX) {
            remark(Fact::Tags, format!("{} {}", quoted(tag), longer(WORD_CHARACTERS_MAX)));
            *tag = short;
        }
    }
    let mut known = HashSet::new();
    product.tags.retain(|tag| known.insert(tag.clone()));
    if product.tags.len() > TAGS_MAX {
        let reason = format!("{} tags; the first {TAGS_MAX} were taken", product.tags.len());
        product.tags.truncate(TAGS_MAX);
        remark(Fact::Tags, reason);
    }
    for path in &mut product.categories {
        if let Some(short) = fitting_path(path) {
            remark(
                Fact::Category,
                format!("{} is too long or too deep; taken as “{short}”", quoted(path)),
            );
            *path = short;
        }
    }
    let mut known = HashSet::new();
    product.categories.retain(|path| known.insert(path.clone()));
    if product.categories.len() > CATEGORIES_MAX {
        let count = product.categories.len();
        product.categories.truncate(CATEGORIES_MAX);
        remark(
            Fact::Category,
            format!("{count} categories; the first {CATEGORIES_MAX} were taken"),
        );
    }
}

/// Path without its deepest levels, where it has too many or is too long; `None` for one that fits.
fn fitting_path(path: &str) -> Option<String> {
    let levels: Vec<&str> = path.split('>').map(str::trim).collect();
    let mut kept = levels.len().min(CATEGORY_LEVELS_MAX);
    let joined = |count: usize| levels[..count].join(" > ");
    while kept > 1 && joined(kept).chars().count() > VALUE_CHARACTERS_MAX {
        kept -= 1;
    }
    let fitting = joined(kept);
    match shorten(&fitting, VALUE_CHARACTERS_MAX) {
        Some(short) => Some(short),
        None if kept < levels.len() => Some(fitting),
        None => None,
    }
}

/// Options with the values that these variants use, in their order.
pub(crate) fn used_options<'a>(
    names: impl Iterator<Item = &'a str>,
    variants: &[NewVariant],
) -> Vec<ProductOption> {
    let used = |name: &str| {
        let mut known = HashSet::new();
        let values = variants.iter().filter_map(|variant| variant.options.get(name));
        let values = values.filter(|value| known.insert(value.as_str())).cloned().collect();
        ProductOption { name: name.to_owned(), values }
    };
    names.map(used).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(mut product: NewProduct) -> (NewProduct, Vec<String>) {
        let mut remarks = Vec::new();
        fit(&mut product, &|fact| fact.api_field().to_owned(), &mut remarks);
        (product, remarks.into_iter().map(|remark| remark.field).collect())
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let product = NewProduct {
            name: "x".repeat(NAME_CHARACTERS_MAX),
            description: "y".repeat(DESCRIPTION_BYTES_MAX),
            brand: Some("z".repeat(WORD_CHARACTERS_MAX)),
            categories: vec!["A > B".to_owned(), "é".repeat(VALUE_CHARACTERS_MAX)],
            tags: (0..TAGS_MAX).map(|number| number.to_string()).collect(),
            ..NewProduct::default()
        };
        assert_eq!(fitted(product.clone()), (product, vec![]));
    }

    #[test]
    fn what_does_not_fit_is_shortened_with_a_remark() {
        let long = |word: &str| format!("{word} ").repeat(300).trim().to_owned();
        let deep = (1..=9).map(|level| level.to_string()).collect::<Vec<_>>().join(" > ");
        let (product, remarks) = fitted(NewProduct {
            name: long("name"),
            description: format!("<p>{}</p>", "word ".repeat(20_000)),
            brand: Some(long("brand")),
            categories: vec![deep, format!("A > {}", long("category"))],
            tags: vec![long("tag"), long("tag"), "short".to_owned()],
            ..NewProduct::default()
        });
        assert!(
            product.name.ends_with("name…") && product.name.chars().count() <= NAME_CHARACTERS_MAX
        );
        assert!(product.description.ends_with("word…</p>"));
        assert!(product.description.len() <= DESCRIPTION_BYTES_MAX);
        assert!(product.brand.is_some_and(|it| it.ends_with("brand…")));
        assert_eq!(product.categories, ["1 > 2 > 3 > 4 > 5 > 6 > 7 > 8", "A"]);
        assert_eq!(product.tags.len(), 2);
        assert_eq!(
            remarks,
            ["name", "description", "brand", "tags", "tags", "categories", "categories"]
        );
    }
}
