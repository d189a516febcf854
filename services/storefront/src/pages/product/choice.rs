//! Which variant of a product is meant: the address carries a value for each option, and what it leaves open is
//! filled with what can be bought.

use crate::{http::Fields, slug::slug};
use contracts::product::{Product, Variant};
use form_urlencoded::Serializer;

/// A value for each option, and the variant that has them all.
#[derive(Clone, Debug)]
pub(crate) struct Choice<'a> {
    pub(crate) product: &'a Product,
    /// By option, in the product's order.
    pub(crate) values: Vec<&'a str>,
    /// `None`: it is not made in this combination.
    pub(crate) variant: Option<&'a Variant>,
}

/// How a value of an option stands, given all the other options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Available,
    SoldOut,
    NotMade,
}

/// Names a form has for other things.
const TAKEN: &[&str] = &["quantity", "step", "product"];

/// What an option is called in addresses and forms.
pub(crate) fn parameter(option: &str) -> String {
    let slug = slug(option);
    if TAKEN.contains(&slug.as_str()) || slug.is_empty() { format!("option-{slug}") } else { slug }
}

impl<'a> Choice<'a> {
    pub(crate) fn read(product: &'a Product, fields: &Fields) -> Self {
        let asked: Vec<Option<&'a str>> = product
            .options
            .iter()
            .map(|option| {
                let text = fields.text(&parameter(&option.name))?;
                let fits = |value: &&String| *value == text || slug(value) == slug(text);
                option.values.iter().find(fits).map(String::as_str)
            })
            .collect();
        let fits = |variant: &&Variant| {
            let options = product.options.iter().zip(&asked);
            options.into_iter().all(|(option, asked)| {
                asked.is_none_or(|asked| value_of(variant, &option.name) == Some(asked))
            })
        };
        let mut fitting = product.variants.iter().filter(fits);
        let best =
            product.variants.iter().filter(fits).find(|it| it.in_stock).or_else(|| fitting.next());
        let default = best.or(product.variants.first());
        let values: Vec<&'a str> = product
            .options
            .iter()
            .zip(&asked)
            .map(|(option, asked)| {
                let usual = || default.and_then(|variant| value_of(variant, &option.name));
                asked.or_else(usual).unwrap_or_default()
            })
            .collect();
        let variant = variant_with(product, &values);
        Self { product, values, variant }
    }

    /// How another value of one option stands.
    pub(crate) fn standing(&self, option: usize, value: &'a str) -> Standing {
        let mut values = self.values.clone();
        if let Some(place) = values.get_mut(option) {
            *place = value;
        }
        match variant_with(self.product, &values) {
            None => Standing::NotMade,
            Some(variant) if variant.in_stock => Standing::Available,
            Some(_) => Standing::SoldOut,
        }
    }

    /// The address that carries the choice.
    pub(crate) fn address(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (option, value) in self.product.options.iter().zip(&self.values) {
            query.append_pair(&parameter(&option.name), value);
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
        Choice::read(&lamp, &Fields::parse(query.as_bytes())).variant.map(|it| it.sku.clone())
    }

    #[test]
    fn what_the_address_leaves_open_is_filled_with_what_can_be_bought() {
        assert_eq!(sku("").as_deref(), Some("B-UK"));
        assert_eq!(sku("plug=EU").as_deref(), Some("C-EU"));
        assert_eq!(sku("colour=brick&plug=EU").as_deref(), Some("B-EU"));
        assert_eq!(sku("colour=Plaid").as_deref(), Some("B-UK"));
        assert_eq!(sku("colour=Coal&plug=UK"), None);
    }

    #[test]
    fn values_say_how_they_stand() {
        let lamp = lamp();
        let choice = Choice::read(&lamp, &Fields::parse(b"colour=Coal&plug=EU"));
        assert_eq!(choice.standing(0, "Brick"), Standing::SoldOut);
        assert_eq!(choice.standing(1, "UK"), Standing::NotMade);
        assert_eq!(choice.standing(0, "Coal"), Standing::Available);
        assert_eq!(choice.address(), "/p/dome-lamp?colour=Coal&plug=EU");
    }

    #[test]
    fn an_option_called_like_a_field_of_ours_gets_another_name() {
        assert_eq!(parameter("Quantity"), "option-quantity");
        assert_eq!(parameter("Colour"), "colour");
    }
}
