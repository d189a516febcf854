//! Shops of other merchants: pages say what their settings say, and nothing else.

use crate::{
    PAGES,
    test_client::{TestClient, between},
};

/// Words and promises that only the settings of the demonstration make.
const DEMONSTRATION: &[&str] = &[
    "Tarnwood",
    "tarnwood",
    "made to last",
    "gemacht für lange",
    "Lamps, pots",
    "Lampen, Töpfe",
    "repaired",
    "repair or replace",
    "Send back",
    "Schick zurück",
    "days to change your mind",
    "Rückgaberecht",
    "guarantee",
    "Garantie",
    "demonstration-logo",
    "mailto:",
    "tel:",
    "/imprint",
    "M16 2 27 14",
];

const BICYCLES: &[(&str, &str)] = &[
    ("storefront.name", "Rad & Tat"),
    ("storefront.logo", "/media/logo.png"),
    ("storefront.logo_has_name", "true"),
    ("storefront.tagline", "Räder <für> alle"),
    ("storefront.introduction", "Vom Laufrad bis zum Lastenrad."),
    ("storefront.language", "de"),
    ("storefront.contact.email", "laden@rad.example"),
    ("storefront.contact.phone", "+49 (0)40 66969-123"),
    ("storefront.contact.address", r#"["Rad & Tat", "Deichstraße 1", "20459 Hamburg"]"#),
    ("storefront.pages.imprint", "Rad & Tat eG\nDeichstraße 1\n\n# Register\n\nGnR 1"),
    ("storefront.pages.terms", "Es gilt das Wort."),
];

#[tokio::test]
async fn a_shop_that_says_nothing_about_itself_promises_nothing() {
    for language in ["en", "de"] {
        let settings = [("storefront.language", language)];
        let mut client = TestClient::of_shop(&settings).await;
        client.add_to_cart("dome-lamp", "Brick").await;
        for path in PAGES.iter().chain(&["/checkout", "/nowhere", "/robots.txt"]) {
            let page = client.get(path).await;
            assert!(page.status == 200 || *path == "/nowhere", "{path} is {}", page.status);
            for word in DEMONSTRATION {
                assert!(!page.body.contains(word), "{path} in {language} says {word}");
            }
        }
        for path in ["/imprint", "/terms", "/privacy", "/withdrawal"] {
            assert_eq!(client.get(path).await.status, 404, "{path}");
        }
        let home = client.get("/").await.body;
        assert!(home.contains("<title>Shop</title>") && home.contains("<h1>Shop</h1>"), "{home}");
        assert!(!home.contains("name=\"description\""), "there is nothing to describe");
    }
}

#[tokio::test]
async fn a_shop_says_what_its_merchant_says() {
    let mut client = TestClient::of_shop(BICYCLES).await;
    client.add_to_cart("dome-lamp", "Brick").await;
    for path in PAGES.iter().filter(|path| !path.starts_with("/suggest")) {
        let page = client.get(path).await.body;
        assert!(page.contains("Rad &amp; Tat</title>"), "{path}");
        let logo = between(&page, "<a class=\"mark\"", "</a>");
        assert!(
            logo.contains("src=\"/media/logo.png\"") && !logo.contains(">Rad"),
            "{path}: {logo}"
        );
        let foot = between(&page, "<footer", "</footer>");
        assert!(foot.contains("href=\"mailto:laden@rad.example\""), "{path}");
        assert!(foot.contains("href=\"tel:+4904066969123\""), "{path}");
        assert!(foot.contains("Deichstraße 1<br>20459 Hamburg"), "{path}");
        assert!(foot.contains("href=\"/imprint\"") && foot.contains("href=\"/terms\""), "{path}");
        assert!(!foot.contains("href=\"/withdrawal\""), "{path}: that page has no text");
        for word in
            DEMONSTRATION.iter().filter(|word| !matches!(**word, "mailto:" | "tel:" | "/imprint"))
        {
            assert!(!page.contains(word), "{path} says {word}");
        }
    }
    let home = client.get("/").await.body;
    assert!(home.contains("<h1>Räder &lt;für&gt; alle</h1>"), "{home}");
    assert!(
        home.contains("<meta name=\"description\" content=\"Vom Laufrad bis zum Lastenrad.\">")
    );
    assert!(client.get("/checkout").await.body.contains("href=\"/imprint\""), "law asks for it");
}

#[tokio::test]
async fn a_page_of_the_merchant_shows_its_text() {
    let client = TestClient::of_shop(BICYCLES).await;
    let imprint = client.get("/imprint").await;
    assert_eq!(imprint.status, 200);
    let main = between(&imprint.body, "<main", "</main>");
    assert!(main.contains("<h1>Impressum</h1>"), "{main}");
    assert!(
        main.contains("<p>Rad &amp; Tat eG<br>Deichstraße 1</p><h2>Register</h2><p>GnR 1</p>"),
        "{main}"
    );
    assert_eq!(client.get("/withdrawal").await.status, 404);
}

#[tokio::test]
async fn the_hint_of_the_search_names_no_goods_that_a_shop_may_not_have() {
    let client = TestClient::of_shop(&[]).await;
    for path in ["/", "/nowhere", "/cart"] {
        let page = client.get(path).await.body;
        assert_eq!(between(&page, "placeholder=\"", "\""), "Search products", "{path}");
    }
}

#[tokio::test]
async fn a_slip_is_corrected_while_typing() {
    let client = TestClient::of_shop(&[]).await;
    for slip in ["lmap", "lanp", "Lapm"] {
        let offers = client.get(&format!("/suggest?q={slip}")).await.body;
        assert!(offers.contains("Did you mean <strong>lamp</strong>?"), "{slip}: {offers}");
        assert!(offers.contains("href=\"/p/dome-lamp\""), "{slip}: {offers}");
        assert!(offers.contains("href=\"/products?q=lamp\""), "{slip}: {offers}");
    }
    let offers = client.get("/suggest?q=lamp").await.body;
    assert!(
        offers.contains("href=\"/p/dome-lamp\"") && !offers.contains("Did you mean"),
        "{offers}"
    );
}
