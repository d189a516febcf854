//! Vocabulary of schema.org, as far as the pages use it, and what search engines ask of it: properties, the values that
//! each of them takes, and which of them have to be there.

use serde_json::{Map, Value};

/// Value that a property takes.
#[derive(Clone, Copy, Debug)]
enum Range {
    Text,
    /// Absolute address.
    Url,
    /// Whole number from 1.
    Count,
    /// Decimal number with a point, not negative.
    Price,
    /// ISO 4217 code.
    Currency,
    /// ISO 3166-1 alpha-2 code.
    Country,
    /// Global Trade Item Number, with a correct check digit.
    Gtin,
    /// Member of an enumeration.
    Member(&'static [&'static str]),
    /// Thing of one of these types.
    Thing(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

use Need::{Optional, Required};

struct Property {
    name: &'static str,
    need: Need,
    /// Whether several values are allowed.
    is_list: bool,
    range: Range,
}

const fn one(name: &'static str, need: Need, range: Range) -> Property {
    Property { name, need, is_list: false, range }
}

const fn many(name: &'static str, need: Need, range: Range) -> Property {
    Property { name, need, is_list: true, range }
}

const AVAILABILITY: &[&str] = &[
    "BackOrder",
    "Discontinued",
    "InStock",
    "InStoreOnly",
    "LimitedAvailability",
    "MadeToOrder",
    "OnlineOnly",
    "OutOfStock",
    "PreOrder",
    "PreSale",
    "Reserved",
    "SoldOut",
];
const RETURNS: &[&str] = &[
    "MerchantReturnFiniteReturnWindow",
    "MerchantReturnNotPermitted",
    "MerchantReturnUnlimitedWindow",
    "MerchantReturnUnspecified",
];

/// Types and their properties.
const TYPES: &[(&str, &[Property])] = &[
    (
        "Product",
        &[
            one("name", Required, Range::Text),
            one("description", Required, Range::Text),
            one("url", Required, Range::Url),
            many("image", Optional, Range::Url),
            one("brand", Optional, Range::Thing(&["Brand", "Organization"])),
            one("sku", Optional, Range::Text),
            one("gtin", Optional, Range::Gtin),
            one("offers", Required, Range::Thing(&["Offer", "AggregateOffer"])),
        ],
    ),
    ("Brand", &[one("name", Required, Range::Text)]),
    (
        "Offer",
        &[
            one("price", Required, Range::Price),
            one("priceCurrency", Required, Range::Currency),
            one("availability", Required, Range::Member(AVAILABILITY)),
            one("url", Required, Range::Url),
            one("sku", Required, Range::Text),
            one("seller", Required, Range::Thing(&["Organization"])),
        ],
    ),
    (
        "AggregateOffer",
        &[
            one("lowPrice", Required, Range::Price),
            one("highPrice", Required, Range::Price),
            one("priceCurrency", Required, Range::Currency),
            one("offerCount", Required, Range::Count),
            many("offers", Required, Range::Thing(&["Offer"])),
        ],
    ),
    ("BreadcrumbList", &[many("itemListElement", Required, Range::Thing(&["ListItem"]))]),
    (
        "ListItem",
        &[
            one("position", Required, Range::Count),
            one("name", Required, Range::Text),
            one("item", Optional, Range::Url),
        ],
    ),
    (
        "Organization",
        &[
            one("name", Required, Range::Text),
            one("url", Optional, Range::Url),
            one("logo", Optional, Range::Url),
            one("email", Optional, Range::Text),
            one("telephone", Optional, Range::Text),
            one("address", Optional, Range::Text),
            one("hasMerchantReturnPolicy", Optional, Range::Thing(&["MerchantReturnPolicy"])),
        ],
    ),
    (
        "MerchantReturnPolicy",
        &[
            many("applicableCountry", Required, Range::Country),
            one("returnPolicyCategory", Required, Range::Member(RETURNS)),
            one("merchantReturnDays", Required, Range::Count),
        ],
    ),
    (
        "WebSite",
        &[
            one("name", Required, Range::Text),
            one("url", Required, Range::Url),
            one("inLanguage", Required, Range::Text),
            one("potentialAction", Optional, Range::Thing(&["SearchAction"])),
        ],
    ),
    (
        "SearchAction",
        &[
            one("target", Required, Range::Thing(&["EntryPoint"])),
            one("query-input", Required, Range::Text),
        ],
    ),
    ("EntryPoint", &[one("urlTemplate", Required, Range::Url)]),
];

/// Properties of a type.
fn properties(kind: &str) -> Option<&'static [Property]> {
    TYPES.iter().find(|(name, _)| *name == kind).map(|(_, properties)| *properties)
}

/// What is wrong with a thing in JSON-LD: nothing if schema.org defines all of it and nothing required is missing.
pub(crate) fn violations(thing: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let context = &thing["@context"];
    if context != "https://schema.org" {
        found.push(format!("@context: {context}"));
    }
    let kind = thing["@type"].as_str().unwrap_or_default().to_owned();
    check_thing(&kind, thing, &[kind.as_str()], &mut found);
    found
}

fn check_thing(path: &str, thing: &Value, kinds: &[&str], found: &mut Vec<String>) {
    let kind = thing["@type"].as_str().unwrap_or_default();
    let known = properties(kind).filter(|_| kinds.contains(&kind));
    let (Some(known), Some(values)) = (known, thing.as_object()) else {
        found.push(format!("{path}: {thing} is none of {kinds:?}"));
        return;
    };
    for name in values.keys().filter(|name| !name.starts_with('@')) {
        if !known.iter().any(|property| property.name == name) {
            found.push(format!("{path}.{name}: no property of {kind}"));
        }
    }
    for property in known {
        check_property(path, values, property, found);
    }
}

fn check_property(
    path: &str,
    values: &Map<String, Value>,
    property: &Property,
    found: &mut Vec<String>,
) {
    let path = format!("{path}.{}", property.name);
    let values = match values.get(property.name) {
        None if property.need == Optional => return,
        None => &[][..],
        Some(Value::Array(values)) if property.is_list => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    if values.is_empty() {
        found.push(format!("{path}: no value"));
    }
    for value in values {
        if let Range::Thing(kinds) = property.range {
            check_thing(&path, value, kinds, found);
        } else if !fits(property.range, value) {
            found.push(format!("{path}: {value} is no {:?}", property.range));
        }
    }
}

fn fits(range: Range, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let letters = |length| text.len() == length && text.bytes().all(|it| it.is_ascii_uppercase());
    match range {
        Range::Text => !text.trim().is_empty(),
        Range::Url => {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !text.contains([' ', '<', '"']))
        }
        Range::Count => value.as_u64().is_some_and(|count| count > 0),
        Range::Price => {
            let is_number = text.parse::<f64>().is_ok_and(|price| price >= 0.0);
            is_number && text.bytes().all(|it| it.is_ascii_digit() || it == b'.')
        }
        Range::Currency => letters(3),
        Range::Country => letters(2),
        Range::Gtin => is_gtin(text),
        Range::Member(members) => {
            let member = text.strip_prefix("https://schema.org/");
            member.is_some_and(|member| members.contains(&member))
        }
        Range::Thing(_) => false,
    }
}

/// Whether a text is a GTIN: the digits, weighted by three and one from the right, add up to a multiple of ten.
fn is_gtin(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|it| it.to_digit(10)).collect();
    let weighted = digits.iter().rev().enumerate();
    let sum: u32 = weighted.map(|(at, digit)| digit * if at % 2 == 1 { 3 } else { 1 }).sum();
    digits.len() == text.len() && matches!(digits.len(), 8 | 12 | 13 | 14) && sum.is_multiple_of(10)
}

#[test]
fn violations_are_found() {
    let offer = serde_json::json!({
        "@type": "Offer", "price": "71.20", "priceCurrency": "EUR", "sku": "A",
        "availability": "https://schema.org/InStock", "url": "https://shop.example/p/a",
        "seller": { "@type": "Organization", "name": "Shop" },
    });
    let product = |change: &dyn Fn(&mut Value)| {
        let mut value = serde_json::json!({
            "@context": "https://schema.org", "@type": "Product", "name": "Lamp", "description": "A lamp",
            "url": "https://shop.example/p/a", "gtin": "4006381333931", "offers": offer.clone(),
        });
        change(&mut value);
        violations(&value)
    };
    assert_eq!(product(&|_| ()), Vec::<String>::new());
    let changes: [(&str, Value, &str); 9] = [
        ("/name", Value::Null, "Product.name"),
        ("/url", "/p/a".into(), "Product.url"),
        ("/gtin", "4006381333932".into(), "Product.gtin"),
        ("/offers/price", "71,20".into(), "Product.offers.price"),
        ("/offers/price", 71.2.into(), "Product.offers.price"),
        ("/offers/priceCurrency", "€".into(), "Product.offers.priceCurrency"),
        ("/offers/availability", "InStock".into(), "Product.offers.availability"),
        ("/offers/@type", "Order".into(), "Product.offers"),
        ("/@context", "http://schema.org".into(), "@context"),
    ];
    for (path, value, expected) in changes {
        let found = product(&|product| *product.pointer_mut(path).unwrap() = value.clone());
        assert!(found.len() == 1 && found[0].starts_with(expected), "{path}: {found:?}");
    }
    let unknown = product(&|product| product["colour"] = "red".into());
    assert_eq!(unknown, ["Product.colour: no property of Product"]);
    let none = product(&|product| product["image"] = Value::Array(Vec::new()));
    assert_eq!(none, ["Product.image: no value"]);
}
