//! Variant selection: the address carries a value for each option, or a SKU. Options without a value default to the
//! cheapest variant in stock, which listings show as well.

use crate::{form_fields::FormFields, slug::slug};
use contracts::product::{Product, Variant};
use form_urlencoded::Serializer;
use std::cmp::Ordering;

/// Selected value of each option, and the variant that has them all.
#[derive(Clone, Debug)]
pub(crate) struct VariantSelection<'a> {
    pub(crate) product: &'a Product,
    /// Values in the order of the product's options.
    pub(crate) values: Vec<&'a str>,
    /// Selected variant; none if the product is not made in this combination.
    pub(crate) variant: Option<&'a Variant>,
    /// Names of the options in addresses and forms, in the order of the product's options.
    pub(crate) parameters: Vec<String>,
    /// Whether the address chooses anything.
    pub(crate) is_explicit: bool,
    /// Values and SKUs that the address names and the product does not have, by parameter.
    unknown: Vec<(String, String)>,
}

/// Availability of an option value, given the values of the other options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionAvailability {
    InStock,
    SoldOut,
    NotMade,
}

/// Maximum length of a value that the product does not have, in a sentence of the page.
const UNKNOWN_CHARACTERS_MAX: usize = 60;

/// Field names that the form uses itself.
const RESERVED_NAMES: &[&str] = &["quantity", "step", "product", "sku"];

/// Names of the options in addresses and forms: their slugs, as far as these are free and different.
fn parameter_names(product: &Product) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(product.options.len());
    for (position, option) in product.options.iter().enumerate() {
        let slug = slug(&option.name);
        let is_reserved = slug.is_empty() || RESERVED_NAMES.contains(&slug.as_str());
        let preferred = if is_reserved { format!("option-{slug}") } else { slug };
        let numbered = (position + 1..).map(|number| format!("option-{number}"));
        let mut candidates = std::iter::once(preferred).chain(numbered);
        names.extend(candidates.find(|name| !names.contains(name)));
    }
    names
}

/// Value that a text means: the exact one, or else the only one that differs in case or signs at most.
fn value_for<'a>(values: &'a [String], text: &str) -> Option<&'a str> {
    let only = |is_meant: &dyn Fn(&str) -> bool| {
        let mut meant = values.iter().map(String::as_str).filter(|value| is_meant(value));
        meant.next().filter(|_| meant.next().is_none())
    };
    let lower = text.to_lowercase();
    let exact = values.iter().map(String::as_str).find(|value| *value == text);
    let by_case = || only(&|value| value.to_lowercase() == lower);
    exact.or_else(by_case).or_else(|| only(&|value| slug(value) == slug(text)))
}

impl<'a> VariantSelection<'a> {
    pub(crate) fn read(product: &'a Product, fields: &FormFields) -> Self {
        let parameters = parameter_names(product);
        let sku = fields.text("sku");
        let named = product
            .variants
            .iter()
            .find(|it| sku.is_some_and(|sku| it.sku.as_str().eq_ignore_ascii_case(sku)));
        let mut unknown = Vec::new();
        if let Some(sku) = sku.filter(|_| named.is_none()) {
            unknown.push(("sku".to_owned(), sku.to_owned()));
        }
        let mut requested: Vec<Option<&'a str>> = Vec::with_capacity(parameters.len());
        for (option, parameter) in product.options.iter().zip(&parameters) {
            let text = fields.text(parameter);
            let value = text.and_then(|text| value_for(&option.values, text));
            if let Some(text) = text.filter(|_| value.is_none()) {
                unknown.push((parameter.clone(), text.to_owned()));
            }
            requested.push(value.or_else(|| named.and_then(|it| value_of(it, &option.name))));
        }
        let default = default_variant(product, &requested);
        let values: Vec<&'a str> = product
            .options
            .iter()
            .zip(&requested)
            .map(|(option, value)| {
                let default_value = || default.and_then(|variant| value_of(variant, &option.name));
                value.or_else(default_value).unwrap_or_default()
            })
            .collect();
        let variant = variant_with(product, &values);
        let is_explicit = named.is_some() || requested.iter().any(Option::is_some);
        Self { product, values, variant, parameters, is_explicit, unknown }
    }

    /// Selected variant, if it can be bought: nothing else is sold in place of a value that the product does not have.
    pub(crate) fn buyable(&self) -> Option<&'a Variant> {
        self.variant.filter(|variant| variant.in_stock && self.unknown.is_empty())
    }

    /// Availability of another value of one option.
    pub(crate) fn availability(&self, option: usize, value: &'a str) -> OptionAvailability {
        let mut values = self.values.clone();
        if let Some(selected) = values.get_mut(option) {
            *selected = value;
        }
        match variant_with(self.product, &values) {
            None => OptionAvailability::NotMade,
            Some(variant) if variant.in_stock => OptionAvailability::InStock,
            Some(_) => OptionAvailability::SoldOut,
        }
    }

    /// What the address names and the product does not have, shortened to what a sentence can hold.
    pub(crate) fn unknown_text(&self) -> Option<String> {
        let values = self.unknown.iter().map(|(_, value)| value.as_str());
        let text = values.collect::<Vec<_>>().join(", ");
        (!text.is_empty()).then(|| text.chars().take(UNKNOWN_CHARACTERS_MAX).collect())
    }

    /// Address of this selection, with what was asked for in its place where the product does not have it.
    pub(crate) fn requested_address(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (parameter, value) in self.parameters.iter().zip(&self.values) {
            let asked = self.unknown.iter().find(|(unknown, _)| unknown == parameter);
            query.append_pair(parameter, asked.map_or(*value, |(_, asked)| asked));
        }
        let query = query.finish();
        let slug = &self.product.slug;
        if query.is_empty() { format!("/p/{slug}") } else { format!("/p/{slug}?{query}") }
    }
}

/// Variant for the options without a value: of those that have the requested values the cheapest in stock, or the
/// cheapest.
fn default_variant<'a>(product: &'a Product, requested: &[Option<&str>]) -> Option<&'a Variant> {
    let matches = |variant: &&Variant| {
        let mut options = product.options.iter().zip(requested);
        options.all(|(option, value)| {
            value.is_none_or(|value| value_of(variant, &option.name) == Some(value))
        })
    };
    let best = product.variants.iter().filter(matches).min_by(|one, two| {
        let by_price = one.price.compare(two.price).unwrap_or(Ordering::Equal);
        two.in_stock.cmp(&one.in_stock).then(by_price)
    });
    best.or(product.variants.first())
}

fn variant_with<'a>(product: &'a Product, values: &[&str]) -> Option<&'a Variant> {
    product.variants.iter().find(|variant| {
        let mut options = product.options.iter().zip(values);
        options.all(|(option, value)| value_of(variant, &option.name) == Some(value))
    })
}

fn value_of<'a>(variant: &'a Variant, option: &str) -> Option<&'a str> {
    variant.options.get(option).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lamp() -> Product {
        let variant = |sku: &str, colour: &str, plug: &str, in_stock: bool| {
            json!({
                "sku": sku, "options": {"Colour": colour, "Plug": plug}, "price": {"amount": 7120, "currency": "EUR"},
                "in_stock": in_stock, "weight_grams": 0,
            })
        };
        serde_json::from_value(json!({
            "id": "01890000-0000-7000-8000-000000000001", "slug": "dome-lamp", "name": "Dome lamp", "description": "",
            "categories": [], "tags": [], "media": [], "status": "active", "version": 1,
            "created_at": "2025-01-01T00:00:00Z",
            "options": [{"name": "Colour", "values": ["Brick", "Coal"]}, {"name": "Plug", "values": ["EU", "UK"]}],
            "variants": [
                variant("B-EU", "Brick", "EU", false), variant("B-UK", "Brick", "UK", true),
                variant("C-EU", "Coal", "EU", true),
            ],
        }))
        .unwrap()
    }

    fn sku(query: &str) -> Option<String> {
        let lamp = lamp();
        VariantSelection::read(&lamp, &FormFields::parse(query.as_bytes()))
            .variant
            .map(|it| it.sku.to_string())
    }

    #[test]
    fn options_without_a_value_default_to_a_variant_in_stock() {
        assert_eq!(sku("").as_deref(), Some("B-UK"));
        assert_eq!(sku("plug=EU").as_deref(), Some("C-EU"));
        assert_eq!(sku("colour=brick&plug=EU").as_deref(), Some("B-EU"));
        assert_eq!(sku("colour=Plaid").as_deref(), Some("B-UK"));
        assert_eq!(sku("colour=Coal&plug=UK"), None);
    }

    #[test]
    fn values_state_their_availability() {
        let lamp = lamp();
        let selection = VariantSelection::read(&lamp, &FormFields::parse(b"colour=Coal&plug=EU"));
        assert_eq!(selection.availability(0, "Brick"), OptionAvailability::SoldOut);
        assert_eq!(selection.availability(1, "UK"), OptionAvailability::NotMade);
        assert_eq!(selection.availability(0, "Coal"), OptionAvailability::InStock);
        assert_eq!(selection.requested_address(), "/p/dome-lamp?colour=Coal&plug=EU");
    }

    #[test]
    fn an_option_named_like_a_reserved_field_is_renamed() {
        let names = |options: &[&str]| {
            let mut product = lamp();
            product.options = options
                .iter()
                .map(|name| contracts::product::ProductOption {
                    name: (*name).to_owned(),
                    values: vec![],
                })
                .collect();
            parameter_names(&product)
        };
        assert_eq!(
            names(&["Quantity", "Colour", "SKU"]),
            ["option-quantity", "colour", "option-sku"]
        );
        assert_eq!(names(&["Size", "size?", "SIZE"]), ["size", "option-2", "option-3"]);
        assert_eq!(names(&["!", "?", "Option 2"]), ["option-", "option-2", "option-3"]);
    }

    /// Product with one option whose values differ in signs only.
    fn with_values(values: &[&str]) -> Product {
        let variants: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(number, value)| {
                json!({
                    "sku": format!("V-{number}"), "options": {"Power": value},
                    "price": {"amount": 1_000, "currency": "EUR"}, "in_stock": true, "weight_grams": 0,
                })
            })
            .collect();
        let mut product = lamp();
        product.options =
            serde_json::from_value(json!([{"name": "Power", "values": values}])).unwrap();
        product.variants = serde_json::from_value(json!(variants)).unwrap();
        product
    }

    #[test]
    fn the_exact_value_is_sold_whatever_others_are_called() {
        for values in [
            &["+2.00", "-2.00"][..],
            &["A", "A+", "a"],
            &["C#", "C", "C++"],
            &["50%", "50"],
            &["XL", "XL+"],
            &["1.5", "1,5", "15"],
        ] {
            let product = with_values(values);
            for (number, value) in values.iter().enumerate() {
                let query = Serializer::new(String::new()).append_pair("power", value).finish();
                let fields = FormFields::parse(query.as_bytes());
                let sku =
                    VariantSelection::read(&product, &fields).buyable().unwrap().sku.to_string();
                assert_eq!(sku, format!("V-{number}"), "{value}");
            }
        }
    }

    #[test]
    fn nothing_is_sold_in_place_of_a_value_that_is_not_there() {
        let product = with_values(&["+2.00", "-2.00"]);
        for (query, expected) in [
            ("power=2.00", None),
            ("power=3", None),
            ("power=2-00", None),
            ("", Some("V-0")),
            ("sku=v-1", Some("V-1")),
            ("sku=gone", None),
            ("sku=V-1&power=%2B2.00", Some("V-0")),
        ] {
            let fields = FormFields::parse(query.as_bytes());
            let selection = VariantSelection::read(&product, &fields);
            assert_eq!(selection.buyable().map(|it| it.sku.as_str()), expected, "{query}");
            // The page says what it does not show.
            assert_eq!(selection.unknown_text().is_some(), expected.is_none(), "{query}");
        }
    }

    #[test]
    fn the_default_is_the_cheapest_in_stock() {
        let mut product = with_values(&["S", "M", "L"]);
        product.variants[0].in_stock = false;
        product.variants[0].price =
            serde_json::from_value(json!({"amount": 1, "currency": "EUR"})).unwrap();
        product.variants[2].price =
            serde_json::from_value(json!({"amount": 2, "currency": "EUR"})).unwrap();
        let selected = |product: &Product| {
            VariantSelection::read(product, &FormFields::default()).variant.unwrap().sku.to_string()
        };
        assert_eq!(selected(&product), "V-2");
        product.variants.iter_mut().for_each(|it| it.in_stock = false);
        assert_eq!(selected(&product), "V-0");
    }
}
