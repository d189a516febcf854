//! Languages: which of them there are, who chooses, and what is marked as written in another.

use crate::test_client::{TestClient, between};

const TRANSLATIONS: &str = r#"{"de": {
    "Lighting": "Leuchten", "Table lamps": "Tischleuchten", "Colour": "Farbe", "Brick": "Ziegelrot", "Plug": "Stecker",
    "Light for people": "Licht für Menschen", "Dome table lamp": "Kuppelleuchte", "pages.imprint": "Auf Deutsch."
}}"#;

const BILINGUAL: &[(&str, &str)] = &[
    ("storefront.languages", "en,de"),
    ("storefront.tagline", "Light for people"),
    ("storefront.introduction", "No translation of this."),
    ("storefront.pages.imprint", "In English."),
    ("storefront.pages.terms", "Terms in English alone."),
    ("storefront.translations", TRANSLATIONS),
];

#[tokio::test]
async fn german_browsers_get_german_pages_where_the_shop_has_them() {
    let client = TestClient::of_shop(BILINGUAL).await;
    let german = client.with("accept-language", "de-AT,de;q=0.9,en;q=0.5");
    let page = german.get("/p/dome-lamp").await;
    assert!(page.body.contains("<html lang=\"de\">") && page.body.contains("71,20\u{a0}€"));
    assert!(page.body.contains("In den Warenkorb"));
    assert!(page.body.contains("Lieferung: Di., 25. – Do., 27. Nov."));
    assert!(
        page.header("vary").contains("accept-language") && page.header("vary").contains("cookie")
    );
    let english_only = TestClient::of_shop(&[]).await.with("accept-language", "de");
    let page = english_only.get("/").await.body;
    assert!(page.contains("<html lang=\"en\">") && !page.contains("action=\"/language\""));
    let german_only = TestClient::of_shop(&[("storefront.language", "de")]).await;
    let page = german_only.with("accept-language", "en").get("/").await.body;
    assert!(page.contains("<html lang=\"de\">") && !page.contains("action=\"/language\""));
}

#[tokio::test]
async fn the_choice_of_a_shopper_outlasts_the_browser_s_and_keeps_the_address() {
    let mut client = TestClient::of_shop(BILINGUAL).await.with("accept-language", "en");
    let address = "/p/dome-lamp?colour=Ochre&plug=UK";
    let page = client.get(address).await.body;
    let form = between(&page, "action=\"/language\"", "</form>");
    assert!(
        form.contains("method=\"post\"") && form.contains("lang=\"de\">Deutsch</button>"),
        "{form}"
    );
    let back = between(form, "name=\"back\" value=\"", "\"").replace("&amp;", "&");
    assert_eq!(back, address);
    let chosen = client.post("/language", &[("language", "de"), ("back", &back)]).await;
    assert_eq!((chosen.status, chosen.header("location")), (303, address));
    client.keep_cookie(&chosen);
    for path in [address, "/", "/cart", "/nowhere"] {
        assert!(client.get(path).await.body.contains("<html lang=\"de\">"), "{path}");
    }
    let back = client.post("/language", &[("language", "en"), ("back", "//evil.example")]).await;
    assert_eq!(back.header("location"), "/");
    let unknown = client.post("/language", &[("language", "fr"), ("back", "/")]).await;
    assert_eq!((unknown.status, unknown.header("set-cookie")), (404, ""));
    let foreign = client.with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post("/language", &[("language", "en")]).await.status, 403);
}

#[tokio::test]
async fn words_of_the_shop_are_translated_or_marked_with_their_language() {
    let client = TestClient::of_shop(BILINGUAL).await.with("accept-language", "de");
    let home = client.get("/").await.body;
    assert!(home.contains("<h1>Licht für Menschen</h1>"), "{home}");
    assert!(home.contains("<p lang=\"en\">No translation of this.</p>"), "{home}");
    let departments = between(&home, "<nav class=\"departments\"", "</nav>");
    assert!(
        departments.contains(">Leuchten</a>") && !departments.contains("Lighting"),
        "{departments}"
    );
    assert!(departments.contains("lang=\"en\">Kitchen</a>"), "{departments}");
    let lamp = client.get("/p/dome-lamp").await.body;
    assert!(lamp.contains("<h1 id=\"name\">Kuppelleuchte</h1>"), "{lamp}");
    assert!(lamp.contains("Farbe: <span>Ziegelrot</span>"), "{lamp}");
    assert!(lamp.contains("<bdi lang=\"en\">Ochre</bdi>"), "{lamp}");
    assert!(lamp.contains("value=\"Brick\""), "a form sends the word of the catalogue");
    assert!(lamp.contains("<div lang=\"en\"><p>A spun-steel dome"), "{lamp}");
    assert!(lamp.contains("alt=\"Dome table lamp, brick\" lang=\"en\""), "{lamp}");
    let list = client.get("/c/lighting/table-lamps").await.body;
    assert!(list.contains("<h1>Tischleuchten</h1>"), "{list}");
    let facets = client.get("/products").await.body;
    assert!(
        facets.contains("<bdi lang=\"en\">Chalk</bdi>") && facets.contains("<span>Halden</span>"),
        "{facets}"
    );
    let imprint = client.get("/imprint").await.body;
    assert!(imprint.contains("<div><p>Auf Deutsch.</p></div>"), "{imprint}");
    let terms = client.get("/terms").await.body;
    assert!(terms.contains("<div lang=\"en\"><p>Terms in English alone.</p></div>"), "{terms}");
}

#[tokio::test]
async fn nothing_is_marked_in_the_language_of_the_shop() {
    let client = TestClient::of_shop(BILINGUAL).await;
    for path in ["/p/dome-lamp", "/products", "/help", "/imprint", "/cart"] {
        let page = client.get(path).await.body;
        let main = between(&page, "<main", "</main>");
        assert!(!main.contains(" lang="), "{path}: {main}");
    }
}
