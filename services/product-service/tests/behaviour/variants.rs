//! Variants that are added, changed, withdrawn, restored and renamed, through the API and by imports.

use crate::harness::{TestShop, eur, mug, request, simple_product, sku};
use crate::importing::{created, import, unchanged, updated};
use contracts::product::{
    ImportOutcome, ImportReport, NewProduct, PriceHistory, Product, RefusedVariant, RenamedSku,
    Variant,
};
use contracts::{
    inventory::{SkuCount, StockCounts},
    shared::Sku,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use transport::Edge;

const MUG: &str = "/api/v1/products/stoneware-mug";

/// SKU, options and price of a variant.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], i64);

/// Shirt with these variants.
fn shirt(variants: &[Row<'_>]) -> NewProduct {
    let variants: Vec<Value> = variants
        .iter()
        .map(|(sku, options, amount)| {
            let options: serde_json::Map<String, Value> =
                options.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            json!({"sku": sku, "options": options, "price": eur(*amount), "stock": 5})
        })
        .collect();
    let shirt = json!({"slug": "shirt", "name": "Shirt", "variants": variants, "status": "active"});
    serde_json::from_value(shirt).unwrap()
}

fn skus(product: &Product) -> Vec<&str> {
    product.variants.iter().map(|variant| variant.sku.as_str()).collect()
}

fn values(product: &Product) -> Vec<&str> {
    product.options.iter().flat_map(|option| &option.values).map(String::as_str).collect()
}

fn updated_by(added: &[&str], withdrawn: &[&str], renamed: &[(&str, &str)]) -> ImportOutcome {
    let all = |texts: &[&str]| texts.iter().map(|text| sku(text)).collect();
    let renamed = renamed.iter().map(|(from, to)| RenamedSku { from: sku(from), to: sku(to) });
    ImportOutcome::Updated {
        added: all(added),
        withdrawn: all(withdrawn),
        renamed: renamed.collect(),
        refused: vec![],
        refused_pictures: vec![],
    }
}

async fn for_sale(shop: &TestShop, text: &str) -> Option<bool> {
    let facts = shop.catalogue.variants(vec![sku(text)]).await.unwrap();
    facts.first().map(|facts| facts.for_sale)
}

#[tokio::test]
async fn an_import_replaces_the_set_of_variants() {
    let s = ("SH-S", &[("Size", "S")][..], 1_000);
    let m = ("SH-M", &[("Size", "M")][..], 1_000);
    let cheap = ("SH-S", &[("Size", "S")][..], 900);
    let l = ("SH-L", &[("Size", "L")][..], 1_100);
    let small = ("SH-S", &[("Size", "Small")][..], 900);
    let red = ("SH-S", &[("Size", "S"), ("Colour", "Red")][..], 900);
    let corrected = ("SHIRT-S", &[("Size", "S")][..], 1_000);
    for (name, first, second, outcome, options) in [
        ("size gone", [s, m], vec![cheap], updated_by(&[], &["SH-M"], &[]), vec!["S"]),
        (
            "size replaced",
            [s, m],
            vec![s, l],
            updated_by(&["SH-L"], &["SH-M"], &[]),
            vec!["S", "L"],
        ),
        ("size added", [s, m], vec![s, m, l], updated_by(&["SH-L"], &[], &[]), vec!["S", "M", "L"]),
        ("value renamed", [s, m], vec![small, m], updated(), vec!["Small", "M"]),
        ("option added", [s, m], vec![red], updated_by(&[], &["SH-M"], &[]), vec!["Red", "S"]),
        (
            "SKU corrected",
            [s, m],
            vec![corrected, m],
            updated_by(&[], &[], &[("SH-S", "SHIRT-S")]),
            vec!["S", "M"],
        ),
        ("order only", [s, m], vec![m, s], updated(), vec!["M", "S"]),
        ("nothing", [s, m], vec![s, m], unchanged(), vec!["S", "M"]),
    ] {
        let shop = TestShop::open().await;
        assert_eq!(import(&shop, &[shirt(&first)]).await, [created()], "{name}");
        assert_eq!(import(&shop, &[shirt(&second)]).await, [outcome], "{name}");
        let product = shop.product("shirt").await;
        let mut expected: Vec<_> = second.iter().map(|(sku, ..)| *sku).collect();
        let mut got = skus(&product);
        expected.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, expected, "{name}");
        assert_eq!(values(&product), options, "{name}");
        for (sku, _, amount) in &second {
            let variant = product.variants.iter().find(|it| it.sku.as_str() == *sku).unwrap();
            assert_eq!(json!(variant.price), eur(*amount), "{name}");
            assert!(variant.in_stock, "{name}");
        }
        assert_eq!(import(&shop, &[shirt(&second)]).await, [unchanged()], "{name}: again");
    }
}

#[tokio::test]
async fn an_option_that_is_given_up_leaves_one_variant_of_each_kind() {
    let both = |size, colour| [("Size", size), ("Colour", colour)];
    let shop = TestShop::open().await;
    let (sr, sb) = (both("S", "Red"), both("S", "Blue"));
    let (mr, mb) = (both("M", "Red"), both("M", "Blue"));
    let first = [("S-R", &sr[..], 10), ("S-B", &sb, 10), ("M-R", &mr, 10), ("M-B", &mb, 10)];
    import(&shop, &[shirt(&first)]).await;
    let second = shirt(&[("S-R", &[("Size", "S")], 10), ("M", &[("Size", "M")], 10)]);
    let outcome = import(&shop, &[second]).await;
    assert_eq!(outcome, [updated_by(&["M"], &["S-B", "M-R", "M-B"], &[])]);
    let product = shop.product("shirt").await;
    assert_eq!((skus(&product), values(&product)), (vec!["S-R", "M"], vec!["S", "M"]));
    assert_eq!(for_sale(&shop, "M-B").await, Some(false));
    // And back again.
    let outcome = import(&shop, &[shirt(&first)]).await;
    assert_eq!(outcome, [updated_by(&["S-B", "M-R", "M-B"], &["M"], &[])]);
    assert_eq!(shop.product("shirt").await.variants.len(), 4);
}

#[tokio::test]
async fn a_sku_that_is_filled_in_later_keeps_the_price_history() {
    let shop = TestShop::open().await;
    import(&shop, &[shirt(&[("shirt-1", &[], 1_000)])]).await;
    shop.clock.advance(std::time::Duration::from_hours(24 * 40));
    let outcome = import(&shop, &[shirt(&[("4006381333931", &[], 800)])]).await;
    assert_eq!(outcome, [updated_by(&[], &[], &[("shirt-1", "4006381333931")])]);
    let product = shop.product("shirt").await;
    assert_eq!(product.variants[0].reduction.unwrap().percent, 20);
    assert_eq!(product.variants[0].only_left, Some(5), "counted under the new SKU");
    assert_eq!(for_sale(&shop, "shirt-1").await, None);
}

#[tokio::test]
async fn a_withdrawn_variant_leaves_the_sale_and_comes_back_with_its_history() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.clock.advance(std::time::Duration::from_hours(24 * 10));
    shop.put(&format!("{MUG}/variants/MUG-MOSS/price"), &eur(1_500)).await;
    let path = format!("{MUG}/variants/mug-moss");
    for _ in 0..2 {
        assert_eq!(shop.delete(&path).await.status, StatusCode::NO_CONTENT);
    }
    let product = shop.product("stoneware-mug").await;
    assert_eq!((skus(&product), values(&product)), (vec!["MUG-CLAY"], vec!["Clay"]));
    assert!(product.withdrawn.is_empty(), "shoppers do not see it");
    let operators: Product = shop.get(Edge::Operator, MUG).await.read();
    assert_eq!(operators.withdrawn, [sku("MUG-MOSS")]);
    assert_eq!(shop.list("color=moss").await.total, 0);
    assert_eq!(for_sale(&shop, "MUG-MOSS").await, Some(false), "carts can still name it");
    for gone in [shop.get(Edge::Shop, &path).await, shop.patch(&path, &json!({"stock": 1})).await] {
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    }
    let moss = json!({"sku": "MUG-MOSS", "options": {"Colour": "Moss"}, "price": eur(1_200)});
    let back = shop.post(&format!("{MUG}/variants"), &moss).await;
    assert_eq!(back.status, StatusCode::CREATED);
    assert_eq!(back.body["only_left"], 3, "stock is not touched");
    let history: PriceHistory = shop.get(Edge::Shop, &format!("{MUG}/price-history")).await.read();
    let amounts: Vec<_> =
        history.variants[1].prices.iter().map(|it| it.price.rounded().amount).collect();
    assert_eq!(amounts, [1_600, 1_500, 1_200]);
    assert_eq!(values(&shop.product("stoneware-mug").await), ["Clay", "Moss"]);
}

#[tokio::test]
async fn the_last_variant_is_not_withdrawn() {
    let shop = TestShop::open().await;
    shop.create(&simple_product("lamp", 1)).await;
    let path = "/api/v1/products/lamp/variants/LAMP-1";
    let refused = shop.delete(path).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "last_variant"));
    let unknown = shop.delete("/api/v1/products/lamp/variants/NO").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let all = json!({"withdraw": ["lamp-1"]});
    assert_eq!(shop.patch("/api/v1/products/lamp", &all).await.code(), "last_variant");
    let shopper = shop.send(Edge::Shop, request(Method::DELETE, path, None)).await;
    assert_eq!(shopper.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_variant_is_added_shown_changed_and_renamed_at_its_own_address() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let ink =
        json!({"sku": "MUG-INK", "options": {"Colour": "Ink"}, "price": eur(1_700), "stock": 4});
    let added = shop.post(&format!("{MUG}/variants"), &ink).await;
    assert_eq!(added.status, StatusCode::CREATED);
    let path = added.headers["location"].to_str().unwrap().to_owned();
    assert!(path.ends_with("/variants/MUG-INK"), "{path}");
    assert_eq!(shop.post(&format!("{MUG}/variants"), &ink).await.status, StatusCode::CREATED);
    let other = json!({"sku": "mug-ink", "options": {"Colour": "Ink"}, "price": eur(1)});
    assert_eq!(shop.post(&format!("{MUG}/variants"), &other).await.code(), "sku_taken");
    let shown: Variant = shop.get(Edge::Shop, &path).await.read();
    assert_eq!((shown.sku, shown.only_left), (sku("MUG-INK"), Some(4)));
    let change = json!({"sku": "M-INK", "options": {"Colour": "Deep ink"}, "price": eur(1_650),
        "weight_grams": 300, "barcode": "123", "compare_at_price": eur(2_000)});
    let changed: Variant = shop.patch(&path, &change).await.read();
    assert_eq!((changed.sku.as_str(), changed.weight_grams), ("M-INK", 300));
    assert_eq!((json!(changed.price), json!(changed.compare_at_price)), (eur(1_650), eur(2_000)));
    assert_eq!(changed.only_left, Some(4), "what is available goes with the SKU");
    assert_eq!(values(&shop.product("stoneware-mug").await), ["Clay", "Moss", "Deep ink"]);
    assert_eq!(shop.get(Edge::Shop, &path).await.status, StatusCode::NOT_FOUND);
    let path = path.replace("MUG-INK", "m-ink");
    let cleared: Variant =
        shop.patch(&path, &json!({"barcode": null, "compare_at_price": null})).await.read();
    assert_eq!((cleared.barcode, cleared.compare_at_price), (None, None));
    let taken = shop.patch(&path, &json!({"sku": "MUG-CLAY"})).await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "sku_taken"));
    for (change, field) in [
        (json!({"stock": -1}), "stock"),
        (json!({"options": {"Colour": "Clay"}}), "options"),
        (json!({"options": {}}), "options"),
        (json!({"price": {"amount": 1, "currency": "USD"}}), "price"),
        (json!({"colour": "red"}), "colour"),
    ] {
        let refused = shop.patch(&path, &change).await;
        assert_eq!((refused.status.as_u16(), refused.field()), (422, field), "{refused:?}");
    }
}

#[tokio::test]
async fn options_and_values_are_renamed_added_and_removed() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    let renames = json!({"renames": [
        {"option": "Colour", "value": "Moss", "to": "Fern"},
        {"option": "Colour", "to": "Glaze"},
    ]});
    let mug: Product = shop.patch(MUG, &renames).await.read();
    assert_eq!((mug.options[0].name.as_str(), values(&mug)), ("Glaze", vec!["Clay", "Fern"]));
    assert_eq!(mug.variants[1].options["Glaze"], "Fern");
    for (rename, field) in [
        (json!({"option": "Size", "to": "Sizes"}), "renames[0].option"),
        (json!({"option": "Glaze", "value": "Red", "to": "Blue"}), "renames[0].value"),
        (json!({"option": "Glaze", "value": "Clay", "to": "Fern"}), "renames[0].to"),
    ] {
        let refused = shop.patch(MUG, &json!({"renames": [rename]})).await;
        assert_eq!((refused.status.as_u16(), refused.field()), (422, field), "{refused:?}");
    }
    let one: Product =
        shop.patch(MUG, &json!({"options": [], "withdraw": ["MUG-MOSS"]})).await.read();
    assert_eq!((skus(&one), one.options.len()), (vec!["MUG-CLAY"], 0));
    assert!(one.variants[0].options.is_empty());
    let sized = json!({
        "options": [{"name": "Size", "values": ["S", "L"]}],
        "variants": [
            {"sku": "MUG-CLAY", "options": {"Size": "S"}, "price": eur(1_400)},
            {"sku": "MUG-MOSS", "options": {"Size": "L"}, "price": eur(1_600)},
        ],
    });
    let sized: Product = shop.patch(MUG, &sized).await.read();
    assert_eq!(skus(&sized), ["MUG-CLAY", "MUG-MOSS"]);
    assert_eq!(sized.variants[1].only_left, Some(3));
    let refused = shop.patch(MUG, &json!({"options": []})).await;
    assert_eq!(refused.field(), "options", "two variants would be the same");
}

#[tokio::test]
async fn what_concerns_the_whole_product_does_not_depend_on_one_variant() {
    let shop = TestShop::open().await;
    shop.create(&simple_product("taken", 1)).await;
    for (name, pointer, value, code, field) in [
        ("taken", "/variants/0/sku", json!("TAKEN-1"), "sku_taken", "sku"),
        ("twice", "/variants/1/sku", json!("TWICE-clay"), "invalid", "sku"),
        ("negative", "/variants/0/stock", json!(-5), "invalid", "stock"),
        (
            "too heavy",
            "/variants/0/weight_grams",
            json!(4_000_000_000_u32),
            "invalid",
            "weight_grams",
        ),
        ("unlisted", "/variants/0/options", json!({"Colour": "Red"}), "invalid", "options"),
        ("the same", "/variants/1/options", json!({"Colour": "Clay"}), "invalid", "options"),
        ("long", "/variants/0/barcode", json!("x".repeat(200)), "invalid", "barcode"),
        (
            "currency",
            "/variants/1/price",
            json!({"amount": 1, "currency": "USD"}),
            "currency_mismatch",
            "price",
        ),
    ] {
        let mut product = json!(mug());
        product["slug"] = json!(format!("mug-{}", name.replace(' ', "-")));
        for (number, color) in ["CLAY", "MOSS"].into_iter().enumerate() {
            product["variants"][number]["sku"] = json!(format!("{name}-{color}"));
        }
        product["variants"][0]["barcode"] = json!("1");
        product["variants"][0]["weight_grams"] = json!(1);
        *product.pointer_mut(pointer).unwrap() = value;
        product["media"] = json!([
            {"image": {"url": "https://pictures.example/all.png"}},
            {"image": {"url": "https://pictures.example/one.png"}, "skus": [product["variants"][0]["sku"]]},
        ]);
        let report: ImportReport =
            shop.post("/api/v1/products/import", &json!({"products": [product]})).await.read();
        let ImportOutcome::Created { refused, .. } = &report.outcomes[0] else {
            panic!("{name}: {report:?}")
        };
        let [RefusedVariant { code: got, field: named, message, .. }] = &refused[..] else {
            panic!("{name}: {refused:?}")
        };
        let expected = if code == "invalid" { got.as_str() } else { code };
        assert_eq!((got.as_str(), named.as_str()), (expected, field), "{name}: {message}");
        let made = shop.product(product["slug"].as_str().unwrap()).await;
        assert_eq!(made.variants.len(), 1, "{name}");
        assert_eq!(made.brand.as_deref(), Some("Aster"), "{name}");
        assert_eq!((made.tags.len(), made.description.is_empty()), (1, false), "{name}");
    }
}

#[tokio::test]
async fn a_picture_at_fault_is_refused_by_itself() {
    let picture = |url: &str, skus: &[&str]| json!({"image": {"url": url}, "skus": skus});
    let good = "https://pictures.example/good.png";
    let missing = "/media/0000000000000000000000000000000000000000000000000000000000000000/w.png";
    for (at_fault, field) in [
        (picture("https://pictures.example/a.png", &["NOBODY-HAS-IT"]), "skus"),
        (picture("https://pictures.example/a.png", &["MUG-CLAY", "NOBODY-HAS-IT"]), "skus"),
        (picture("data:image/png;base64,AAAA", &[]), "image.url"),
        (picture(missing, &[]), "image.url"),
        (picture(&format!("https://pictures.example/{}", "a".repeat(3_000)), &[]), "image.url"),
    ] {
        let shop = TestShop::open().await;
        let mut product = serde_json::to_value(mug()).unwrap();
        product["media"] = json!([picture(good, &[]), at_fault, at_fault]);
        for dry_run in [true, false] {
            let batch = json!({"products": [product], "dry_run": dry_run});
            let report: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
            let ImportOutcome::Created { refused, refused_pictures } = &report.outcomes[0] else {
                panic!("{report:?}")
            };
            let places = refused_pictures.iter().map(|it| (it.index, it.field.as_str()));
            assert_eq!(places.collect::<Vec<_>>(), [(1, field), (2, field)], "{at_fault}");
            assert_eq!(*refused, []);
        }
        let made: Value = shop.get(Edge::Operator, "/api/v1/products/stoneware-mug").await.read();
        let sources = made["media"].as_array().unwrap().iter().map(|it| it["source"].clone());
        assert_eq!(sources.collect::<Vec<_>>(), [json!(good)], "{at_fault}");
    }
}

#[tokio::test]
async fn a_variant_can_be_sold_without_limit_and_be_counted_again() {
    let shop = TestShop::open().await;
    let mut product = mug();
    (product.variants[0].stock, product.variants[0].untracked) = (Some(0), true);
    assert_eq!(import(&shop, &[product.clone()]).await, [created()]);
    assert_eq!(import(&shop, &[product.clone()]).await, [unchanged()]);
    let shown = async || shop.product("stoneware-mug").await.variants[0].clone();
    assert_eq!((shown().await.in_stock, shown().await.only_left), (true, None));
    // A corrected SKU is as untracked as the old one.
    let path = format!("/api/v1/products/stoneware-mug/variants/{}", product.variants[0].sku);
    shop.patch(&path, &json!({"sku": "MUG-NEW"})).await;
    assert_eq!((shown().await.sku, shown().await.in_stock), (sku("MUG-NEW"), true));
    // Each change is counted, and reaches the pages by the feed.
    for (change, only_left) in [
        (json!({"stock": 0}), Some(3)),
        (json!({"untracked": true}), None),
        (json!({"stock": 1}), Some(4)),
    ] {
        shop.patch("/api/v1/products/stoneware-mug/variants/MUG-NEW", &change).await;
        let query = contracts::product::ProductQuery::default();
        shop.wait_until(&query, |page| page.items[0].only_left == only_left).await;
    }
}

#[tokio::test]
async fn a_corrected_sku_starts_with_the_units_that_are_left() {
    for (counted, left) in [(40, 12), (40, 2), (40, 0), (3, 1)] {
        let shop = TestShop::open().await;
        let mut product = mug();
        product.variants[0].stock = Some(counted);
        import(&shop, &[product.clone()]).await;
        // As sales leave it. Beyond a few units, that is not published.
        let inventory = shop.inventory();
        let old = product.variants[0].sku.clone();
        let count = SkuCount { sku: old.clone(), on_hand: Some(left), untracked: false };
        let counts = StockCounts { counts: vec![count], reason: "sold".to_owned() };
        inventory.count(counts).await.unwrap();
        let path = format!("/api/v1/products/stoneware-mug/variants/{old}");
        shop.patch(&path, &json!({"sku": "MUG-NEW"})).await;
        let stock = inventory.stock(vec![sku("MUG-NEW")]).await.unwrap();
        assert_eq!(stock.items[0].on_hand, left, "{counted} counted");
    }
}

#[tokio::test]
async fn a_refused_variant_of_an_existing_product_stays_as_it_was() {
    let shop = TestShop::open().await;
    import(&shop, &[mug()]).await;
    let mut next = mug();
    next.name = "Mug".to_owned();
    next.slug = Some("stoneware-mug".to_owned());
    next.variants[1].stock = Some(-1);
    let outcomes = import(&shop, &[next]).await;
    let ImportOutcome::Updated { withdrawn, refused, .. } = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((withdrawn.len(), refused[0].index, &refused[0].sku), (0, 1, &sku("MUG-MOSS")));
    let product = shop.product("stoneware-mug").await;
    assert_eq!((product.name.as_str(), product.variants.len()), ("Mug", 2));
}

#[tokio::test]
async fn an_import_can_keep_the_variants_it_does_not_have() {
    let shop = TestShop::open().await;
    import(&shop, &[mug()]).await;
    let mut half = mug();
    half.slug = Some("stoneware-mug".to_owned());
    half.variants.pop();
    let batch = json!({"products": [half], "keep_variants": true});
    let report: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
    assert_eq!(report.outcomes, [unchanged()]);
    let dry = json!({"products": batch["products"], "dry_run": true});
    let report: ImportReport = shop.post("/api/v1/products/import", &dry).await.read();
    assert_eq!(report.outcomes, [updated_by(&[], &["MUG-MOSS"], &[])]);
    assert_eq!(shop.product("stoneware-mug").await.variants.len(), 2);
}

#[tokio::test]
async fn the_sku_of_a_withdrawn_variant_is_free_for_another_product() {
    let shop = TestShop::open().await;
    shop.create(&mug()).await;
    shop.delete(&format!("{MUG}/variants/MUG-MOSS")).await;
    let mut other = simple_product("moss-mug", 1_600);
    other.variants[0].sku = sku("mug-moss");
    shop.create(&other).await;
    assert_eq!(for_sale(&shop, "MUG-MOSS").await, Some(true));
    let moss = json!({"sku": "MUG-MOSS", "options": {"Colour": "Moss"}, "price": eur(1)});
    let refused = shop.post(&format!("{MUG}/variants"), &moss).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "sku_taken"));
    // A change of the product that had it before does not take it away.
    shop.patch(MUG, &json!({"name": "Mug"})).await;
    assert_eq!(for_sale(&shop, "MUG-MOSS").await, Some(true));
    let reopened = TestShop::on(shop.engine.clone()).await;
    let facts = reopened.catalogue.variants(vec![Sku::parse("MUG-MOSS").unwrap()]).await.unwrap();
    assert_eq!((facts[0].slug.as_str(), facts[0].for_sale), ("moss-mug", true));
}
