//! Structured data for search engines: JSON-LD in the vocabulary of schema.org.

use crate::{request_context::RequestContext, settings::StorefrontSettings};
use contracts::product::{Product, Variant};
use form_urlencoded::Serializer;
use kernel::UnitPrice;
use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value, json};

/// Maximum number of offers that are listed one by one.
const OFFERS_MAX: usize = 50;
/// Maximum number of images of a product.
const IMAGES_MAX: usize = 10;
/// Maximum length of a description; search engines show no more.
const DESCRIPTION_CHARACTERS_MAX: usize = 160;

const CONTEXT: &str = "https://schema.org";

/// Script element with this value. It is data: no browser runs it.
pub(crate) fn script(value: &Value) -> Markup {
    // Within a script element nothing is escaped but what would end it.
    let json = value.to_string().replace('<', "\\u003c");
    html! { script type="application/ld+json" { (PreEscaped(json)) } }
}

/// The shop as an organisation and as a web site.
pub(crate) fn shop(settings: &StorefrontSettings, context: &RequestContext) -> Vec<Value> {
    let Some(url) = context.absolute("/") else { return Vec::new() };
    let contact = &settings.contact;
    let mut organisation = Map::new();
    organisation.insert("@context".to_owned(), json!(CONTEXT));
    organisation.insert("@type".to_owned(), json!("Organization"));
    organisation.insert("name".to_owned(), json!(settings.name));
    organisation.insert("url".to_owned(), json!(url));
    let logo = context.absolute(&settings.logo).filter(|_| !settings.logo.is_empty());
    let texts = [
        ("logo", logo),
        ("email", Some(contact.email.clone())),
        ("telephone", Some(contact.phone.clone())),
        ("address", Some(contact.address.join(", "))),
    ];
    for (name, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            organisation.insert(name.to_owned(), json!(text));
        }
    }
    if settings.return_days > 0 {
        let policy = json!({
            "@type": "MerchantReturnPolicy",
            "applicableCountry": settings.country,
            "returnPolicyCategory": format!("{CONTEXT}/MerchantReturnFiniteReturnWindow"),
            "merchantReturnDays": settings.return_days,
        });
        organisation.insert("hasMerchantReturnPolicy".to_owned(), policy);
    }
    let search =
        format!("{}?q={{search_term_string}}", context.absolute("/products").unwrap_or_default());
    let site = json!({
        "@context": CONTEXT,
        "@type": "WebSite",
        "name": settings.name,
        "url": url,
        "inLanguage": context.locale.messages.tag,
        "potentialAction": {
            "@type": "SearchAction",
            "target": { "@type": "EntryPoint", "urlTemplate": search },
            "query-input": "required name=search_term_string",
        },
    });
    vec![Value::Object(organisation), site]
}

/// Path of a page through the categories, ending with the page itself.
pub(crate) fn breadcrumbs(
    context: &RequestContext,
    ancestors: &[(String, String)],
    current: &str,
) -> Value {
    let locale = context.locale;
    let home = ("/".to_owned(), locale.messages.layout.home.to_owned());
    let mut items: Vec<Value> = Vec::with_capacity(ancestors.len() + 2);
    for (path, name) in std::iter::once(&home).chain(ancestors) {
        items.push(json!({
            "@type": "ListItem",
            "position": items.len() + 1,
            "name": locale.translate(name),
            "item": context.absolute(path),
        }));
    }
    let name = locale.translate(current);
    items.push(json!({ "@type": "ListItem", "position": items.len() + 1, "name": name }));
    json!({ "@context": CONTEXT, "@type": "BreadcrumbList", "itemListElement": items })
}

/// A product with an offer for each variant.
pub(crate) fn product(
    product: &Product,
    description: &str,
    context: &RequestContext,
    settings: &StorefrontSettings,
) -> Value {
    let path = format!("/p/{}", contracts::path_segment(&product.slug));
    let absolute = |url: &str| {
        if url.starts_with('/') { context.absolute(url) } else { Some(url.to_owned()) }
    };
    let images = product.media.iter().take(IMAGES_MAX).filter_map(|it| absolute(&it.image.url));
    let mut value = json!({
        "@context": CONTEXT,
        "@type": "Product",
        "name": context.locale.translate(&product.name),
        "description": description,
        "url": context.absolute(&path),
    });
    let images: Vec<String> = images.collect();
    if !images.is_empty() {
        value["image"] = json!(images);
    }
    if let Some(brand) = &product.brand {
        value["brand"] = json!({ "@type": "Brand", "name": brand });
    }
    let offers: Vec<Value> = product
        .variants
        .iter()
        .take(OFFERS_MAX)
        .map(|variant| offer(variant, &path, context, settings))
        .collect();
    match product.variants.as_slice() {
        [] => {}
        [only] => {
            value["sku"] = json!(only.sku);
            if let Some(code) = only.barcode.as_deref().filter(|code| is_gtin(code)) {
                value["gtin"] = json!(code);
            }
            value["offers"] = offers.into_iter().next().unwrap_or_default();
        }
        [first, ..] => value["offers"] = aggregate(first, &product.variants, &offers),
    }
    value
}

/// All offers of a product together: those in the currency of the first one have a range of prices.
fn aggregate(first: &Variant, variants: &[Variant], offers: &[Value]) -> Value {
    let currency = first.price.currency();
    let same = variants.iter().map(|it| it.price).filter(|it| it.currency() == currency);
    let (mut low, mut high) = (first.price, first.price);
    for price in same {
        if price.compare(low).is_ok_and(std::cmp::Ordering::is_lt) {
            low = price;
        }
        if price.compare(high).is_ok_and(std::cmp::Ordering::is_gt) {
            high = price;
        }
    }
    json!({
        "@type": "AggregateOffer",
        "lowPrice": decimal(low),
        "highPrice": decimal(high),
        "priceCurrency": currency.code(),
        "offerCount": variants.len(),
        "offers": offers,
    })
}

fn offer(
    variant: &Variant,
    path: &str,
    context: &RequestContext,
    settings: &StorefrontSettings,
) -> Value {
    let query = Serializer::new(String::new()).append_pair("sku", variant.sku.as_str()).finish();
    let availability = if variant.in_stock { "InStock" } else { "OutOfStock" };
    json!({
        "@type": "Offer",
        "sku": variant.sku,
        "url": context.absolute(&format!("{path}?{query}")),
        "price": decimal(variant.price),
        "priceCurrency": variant.price.currency().code(),
        "availability": format!("{CONTEXT}/{availability}"),
        "seller": { "@type": "Organization", "name": settings.name },
    })
}

/// Price as a decimal number with a point: `71.20`.
fn decimal(price: UnitPrice) -> String {
    if price.is_whole() {
        price.rounded().to_major_string()
    } else {
        price.to_decimal().to_string()
    }
}

/// Whether a barcode is a Global Trade Item Number: the digits, weighted by three and one from the right, add up to a
/// multiple of ten.
fn is_gtin(code: &str) -> bool {
    let digits: Option<Vec<u32>> = code.chars().map(|it| it.to_digit(10)).collect();
    let Some(digits) = digits.filter(|it| matches!(it.len(), 8 | 12 | 13 | 14)) else {
        return false;
    };
    let weighted = digits.iter().rev().enumerate();
    let sum: u32 =
        weighted.map(|(place, digit)| if place % 2 == 1 { 3 * digit } else { *digit }).sum();
    sum.is_multiple_of(10)
}

/// Description of a product in plain text: the beginning of what the merchant wrote, else name and brand.
pub(crate) fn description(product: &Product) -> String {
    let text = plain_text(&product.description);
    if text.is_empty() {
        let brand = product.brand.iter().map(String::as_str);
        return std::iter::once(product.name.as_str()).chain(brand).collect::<Vec<_>>().join(", ");
    }
    shortened(&text, DESCRIPTION_CHARACTERS_MAX)
}

/// Beginning of a text, cut between two words.
fn shortened(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(characters_max - 1).collect();
    let whole = beginning.rsplit_once(' ').map_or(beginning.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '.', ' ']))
}

/// Words of sanitised HTML.
fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        // The words of two blocks stay apart.
        text.push(' ');
        rest = tag.split_once('>').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    for (entity, sign) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, sign);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_plain_text() {
        assert_eq!(
            plain_text("<p>Salt &amp; <b>pepper</b></p><p>5&nbsp;g &lt; 6 g</p>"),
            "Salt & pepper 5 g < 6 g"
        );
        assert_eq!(plain_text("a < b"), "a");
        assert_eq!(plain_text("&amp;lt;"), "&lt;");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(shortened("one two three", 13), "one two three");
        assert_eq!(shortened("one two, three", 13), "one two…");
        assert_eq!(shortened("äöüäöüäöü", 5), "äöüä…");
    }

    #[test]
    fn a_value_cannot_end_its_script_element() {
        let html = script(&json!({ "name": "</script><b>" })).into_string();
        assert_eq!(html.matches('<').count(), 2, "{html}");
    }

    #[test]
    fn only_trade_item_numbers_are_told_as_such() {
        assert!(is_gtin("4006381333931") && is_gtin("96385074"));
        assert!(!is_gtin("123") && !is_gtin("40063813339ab"));
        assert!(!is_gtin("4006381333932") && !is_gtin("4006381339331"), "wrong check digit");
    }
}
