//! Variant selection: the address carries a value for each option, and options without a value default to a variant
//! that is in stock.

use crate::{form_fields::FormFields, slug::slug};
use contracts::product::{Product, Variant};
use form_urlencoded::Serializer;

/// Selected value of each option, and the variant that has them all.
#[derive(Clone, Debug)]
pub(crate) struct VariantSelection<'a> {
    pub(crate) product: &'a Product,
    /// Values in the order of the product's options.
    pub(crate) values: Vec<&'a str>,
    /// Selected variant; none if the product is not made in this combination.
    pub(crate) variant: Option<&'a Variant>,
}

/// Availability of an option value, given the values of the other options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionAvailability {
    InStock,
    SoldOut,
    NotMade,
}

/// Field names that the form uses itself.
const RESERVED_NAMES: &[&str] = &["quantity", "step", "product"];

/// Name of an option in addresses and forms.
pub(crate) fn parameter_name(option: &str) -> String {
    let slug = slug(option);
    if RESERVED_NAMES.contains(&slug.as_str()) || slug.is_empty() {
        format!("option-{slug}")
    } else {
        slug
    }
}

impl<'a> VariantSelection<'a> {
    pub(crate) fn read(product: &'a Product, fields: &FormFields) -> Self {
        let requested: Vec<Option<&'a str>> = product
            .options
            .iter()
            .map(|option| {
                let text = fields.text(&parameter_name(&option.name))?;
                let is_requested = |value: &&String| *value == text || slug(value) == slug(text);
                option.values.iter().find(is_requested).map(String::as_str)
            })
            .collect();
        let matches = |variant: &&Variant| {
            let options = product.options.iter().zip(&requested);
            options.into_iter().all(|(option, value)| {
                value.is_none_or(|value| value_of(variant, &option.name) == Some(value))
            })
        };
        let mut matching = product.variants.iter().filter(matches);
        let best = product
            .variants
            .iter()
            .filter(matches)
            .find(|it| it.in_stock)
            .or_else(|| matching.next());
        let default = best.or(product.variants.first());
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
        Self { product, values, variant }
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

    /// Address of this selection.
    pub(crate) fn address(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (option, value) in self.product.options.iter().zip(&self.values) {
            query.append_pair(&parameter_name(&option.name), value);
        }
        let query = query.finish();
        let slug = &self.product.slug;
        if query.is_empty() { format!("/p/{slug}") } else { format!("/p/{slug}?{query}") }
    }
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
        assert_eq!(selection.address(), "/p/dome-lamp?colour=Coal&plug=EU");
    }

    #[test]
    fn an_option_named_like_a_reserved_field_is_renamed() {
        assert_eq!(parameter_name("Quantity"), "option-quantity");
        assert_eq!(parameter_name("Colour"), "colour");
    }
}
