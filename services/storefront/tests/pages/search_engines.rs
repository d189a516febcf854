//! What search engines read: canonical addresses, descriptions, structured data, site map, rules for robots.

use crate::{
    schema_org,
    test_client::{TestClient, TestResponse, between},
};
use serde_json::Value;

const ORIGIN: &str = "https://shop.example";

async fn client() -> TestClient {
    TestClient::of_shop(&[
        ("storefront.name", "Fernleigh"),
        ("storefront.url", ORIGIN),
        ("storefront.logo", "/media/logo.png"),
        ("storefront.tagline", "Things </script> of use"),
        ("storefront.contact.email", "ann@fernleigh.example"),
    ])
    .await
}

/// Structured data of a page, by its type.
fn structured(page: &TestResponse, kind: &str) -> Value {
    let scripts = page.body.split("<script type=\"application/ld+json\">").skip(1);
    let values = scripts.map(|script| script.split("</script>").next().unwrap());
    let mut values = values.map(|json| serde_json::from_str::<Value>(json).unwrap());
    let value = values.find(|value| value["@type"] == kind);
    let value = value.unwrap_or_else(|| panic!("no {kind} in {}", page.body));
    assert_eq!(value["@context"], "https://schema.org");
    value
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path} in {value}"))
}

/// Properties that search engines require of an offer, and their forms.
fn check_offer(offer: &Value) {
    assert_eq!(text(offer, "/@type"), "Offer");
    let price = text(offer, "/price");
    assert!(price.parse::<f64>().unwrap() > 0.0 && !price.contains(','), "{price}");
    assert_eq!(text(offer, "/priceCurrency"), "EUR");
    let availability = text(offer, "/availability");
    assert!(matches!(availability, "https://schema.org/InStock" | "https://schema.org/OutOfStock"));
    assert!(text(offer, "/url").starts_with("https://shop.example/p/"));
    assert!(!text(offer, "/sku").is_empty());
}

#[tokio::test]
async fn every_page_has_one_canonical_address_and_its_own_description() {
    let client = client().await;
    let mut descriptions = Vec::new();
    for (path, canonical) in [
        ("/", "/"),
        ("/products", "/products"),
        ("/products?sort=name", "/products"),
        ("/c/lighting", "/c/lighting"),
        ("/c/lighting/table-lamps", "/c/lighting/table-lamps"),
        ("/new", "/new"),
        ("/p/dome-lamp", "/p/dome-lamp"),
        ("/p/dome-lamp?colour=Ochre&plug=UK", "/p/dome-lamp"),
        ("/p/mug", "/p/mug"),
        ("/help", "/help"),
    ] {
        let page = client.get(path).await.body;
        let expected = format!("{ORIGIN}{canonical}");
        assert_eq!(page.matches("rel=\"canonical\"").count(), 1, "{path}");
        assert_eq!(between(&page, "rel=\"canonical\" href=\"", "\""), expected, "{path}");
        assert_eq!(between(&page, "property=\"og:url\" content=\"", "\""), expected, "{path}");
        assert!(page.contains("property=\"og:title\"") && page.contains("property=\"og:type\""));
        let description = between(&page, "name=\"description\" content=\"", "\"").to_owned();
        assert!((10..=200).contains(&description.chars().count()), "{path}: {description}");
        descriptions.push((canonical, description));
    }
    descriptions.sort();
    descriptions.dedup();
    let mut canonical: Vec<_> = descriptions.iter().map(|(path, _)| *path).collect();
    canonical.dedup();
    assert_eq!(canonical.len(), 8, "one description for each address: {descriptions:?}");
}

#[tokio::test]
async fn pages_that_are_not_indexed_have_no_canonical_address() {
    let client = client().await;
    for path in ["/products?q=lamp", "/products?color=Clay", "/cart", "/orders", "/nowhere"] {
        let page = client.get(path).await.body;
        assert!(!page.contains("rel=\"canonical\"") && !page.contains("ld+json"), "{path}");
    }
    for path in ["/products?q=lamp", "/c/lighting?brand=Halden", "/nowhere"] {
        assert!(client.get(path).await.body.contains("content=\"noindex\""), "{path}");
    }
}

#[tokio::test]
async fn a_product_with_variants_has_an_aggregate_offer() {
    let page = client().await.get("/p/dome-lamp").await;
    let product = structured(&page, "Product");
    assert_eq!(text(&product, "/name"), "Dome table lamp");
    assert_eq!(text(&product, "/brand/name"), "Lumen & Sons");
    assert!(text(&product, "/description").starts_with("A spun-steel dome"));
    assert_eq!(
        text(&product, "/image/0"),
        "https://shop.example/pictures/dome-lamp/brick/object.svg"
    );
    let offers = &product["offers"];
    assert_eq!(text(offers, "/@type"), "AggregateOffer");
    assert_eq!((text(offers, "/lowPrice"), text(offers, "/highPrice")), ("71.20", "71.20"));
    assert_eq!((text(offers, "/priceCurrency"), &offers["offerCount"]), ("EUR", &Value::from(12)));
    let all = offers["offers"].as_array().unwrap();
    assert_eq!(all.len(), 12);
    all.iter().for_each(check_offer);
    let sold_out = all.iter().filter(|it| text(it, "/availability").ends_with("/OutOfStock"));
    assert_eq!(sold_out.count(), 3, "the last colour is sold out");
}

#[tokio::test]
async fn a_product_with_one_variant_has_one_offer() {
    for (path, name, price) in
        [("/p/bench", "Hallway bench", "329.00"), ("/p/basket", "Willow basket", "48.00")]
    {
        let product = structured(&client().await.get(path).await, "Product");
        assert_eq!((text(&product, "/name"), text(&product, "/offers/price")), (name, price));
        assert_eq!(product["sku"], product["offers"]["sku"]);
        check_offer(&product["offers"]);
    }
}

#[tokio::test]
async fn breadcrumbs_lead_from_home_to_the_page() {
    let client = client().await;
    for (path, expected) in [
        ("/p/dome-lamp", &["Home", "Lighting", "Table lamps", "Dome table lamp"][..]),
        ("/c/lighting/table-lamps", &["Home", "Lighting", "Table lamps"]),
        ("/products", &["Home", "All products"]),
    ] {
        let list = structured(&client.get(path).await, "BreadcrumbList");
        let items = list["itemListElement"].as_array().unwrap();
        let names: Vec<&str> = items.iter().map(|item| text(item, "/name")).collect();
        assert_eq!(names, expected, "{path}");
        for (place, item) in items.iter().enumerate() {
            assert_eq!(
                (text(item, "/@type"), &item["position"]),
                ("ListItem", &Value::from(place + 1))
            );
            if place + 1 < items.len() {
                assert!(text(item, "/item").starts_with(ORIGIN), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn the_home_page_names_the_shop() {
    let page = client().await.get("/").await;
    let shop = structured(&page, "Organization");
    assert_eq!((text(&shop, "/name"), text(&shop, "/url")), ("Fernleigh", "https://shop.example/"));
    assert_eq!(text(&shop, "/logo"), "https://shop.example/media/logo.png");
    assert_eq!(text(&shop, "/email"), "ann@fernleigh.example");
    assert!(shop.get("telephone").is_none() && shop.get("address").is_none());
    let site = structured(&page, "WebSite");
    assert!(
        text(&site, "/potentialAction/target/urlTemplate")
            .ends_with("/products?q={search_term_string}")
    );
}

#[tokio::test]
async fn all_structured_data_is_as_schema_org_defines_it() {
    let german = r#"{"de": {"Kitchen": "Küche", "Dome table lamp": "Kuppelleuchte"}}"#;
    let settings = [
        ("storefront.url", ORIGIN),
        ("storefront.logo", "/media/logo.png"),
        ("storefront.contact.email", "ann@fernleigh.example"),
        ("storefront.contact.phone", "+49 40 123"),
        ("storefront.contact.address", "Deichstraße 1,20459 Hamburg"),
        ("storefront.languages", "en,de"),
        ("storefront.translations", german),
    ];
    let client = TestClient::of_shop(&settings).await;
    // Not counted as lists of shoppers, which another test counts.
    let client = client.with("sec-purpose", "prefetch");
    let map = client.get("/sitemap.xml").await.body;
    let mut kinds = std::collections::BTreeMap::new();
    for address in map.split("<loc>").skip(1).map(|rest| rest.split('<').next().unwrap()) {
        for language in ["en", "de"] {
            let client = client.with("accept-language", language);
            let page = client.get(address.strip_prefix(ORIGIN).unwrap()).await.body;
            for script in page.split("<script type=\"application/ld+json\">").skip(1) {
                let json = script.split("</script>").next().unwrap();
                let thing: Value = serde_json::from_str(json).unwrap();
                assert_eq!(
                    schema_org::violations(&thing),
                    Vec::<String>::new(),
                    "{address}: {json}"
                );
                *kinds.entry(text(&thing, "/@type").to_owned()).or_insert(0) += 1;
            }
        }
    }
    let kinds: Vec<(&str, bool)> =
        kinds.iter().map(|(kind, count)| (kind.as_str(), *count > 1)).collect();
    let all = ["BreadcrumbList", "Organization", "Product", "WebSite"].map(|kind| (kind, true));
    assert_eq!(kinds, all);
}

#[tokio::test]
async fn the_right_of_return_is_told_as_far_as_the_settings_give_it() {
    for (days, expected) in [("0", None), ("30", Some(30))] {
        let settings = [("storefront.url", ORIGIN), ("storefront.return_days", days)];
        let page = TestClient::of_shop(&settings).await.get("/").await;
        let policy = structured(&page, "Organization")["hasMerchantReturnPolicy"].clone();
        assert_eq!(policy["merchantReturnDays"].as_u64(), expected, "{policy}");
    }
}

#[tokio::test]
async fn without_a_setting_addresses_are_those_of_the_request() {
    let client = TestClient::of_shop(&[]).await;
    for (headers, expected) in [
        (&[("host", "localhost:8080")][..], "http://localhost:8080/help"),
        (
            &[
                ("host", "inside"),
                ("x-forwarded-host", "a.example"),
                ("x-forwarded-proto", "https"),
            ],
            "https://a.example/help",
        ),
    ] {
        let client = headers.iter().fold(client.clone(), |it, (name, value)| it.with(name, value));
        let page = client.get("/help").await.body;
        assert_eq!(between(&page, "rel=\"canonical\" href=\"", "\""), expected);
    }
    for host in ["a\"b", "a/b", "a b", "<a>"] {
        let page = client.with("host", host).get("/help").await.body;
        assert!(!page.contains("rel=\"canonical\""), "{host}");
    }
    assert_eq!(client.get("/sitemap.xml").await.status, 404, "nothing says which host this is");
}

#[tokio::test]
async fn the_site_map_lists_what_can_be_found() {
    let client = client().await;
    // Not counted as lists of shoppers, which another test counts.
    let client = client.with("sec-purpose", "prefetch");
    let map = client.get("/sitemap.xml").await;
    assert_eq!(map.header("content-type"), "application/xml; charset=utf-8");
    assert!(map.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"));
    let addresses: Vec<&str> =
        map.body.split("<loc>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    let mut different = addresses.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), addresses.len());
    assert!(addresses.len() > 40, "28 products, 6 departments with categories, 4 pages");
    for address in addresses {
        let path = address.strip_prefix(ORIGIN).unwrap();
        let page = client.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(&format!("rel=\"canonical\" href=\"{address}\"")), "{path}");
    }
    assert_eq!(client.get("/sitemaps/1.xml").await.body, map.body);
    for path in ["/sitemaps/0.xml", "/sitemaps/2.xml", "/sitemaps/a.xml", "/sitemaps/1"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn robots_are_told_what_to_leave_alone_and_where_the_site_map_is() {
    let robots = client().await.get("/robots.txt").await.body;
    for path in ["/api/", "/cart", "/checkout", "/orders", "/payments", "/suggest"] {
        assert!(robots.contains(&format!("\nDisallow: {path}\n")), "{robots}");
    }
    assert!(robots.contains("\nSitemap: https://shop.example/sitemap.xml\n"), "{robots}");
}
