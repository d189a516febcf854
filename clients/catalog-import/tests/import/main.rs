//! Whole imports of malformed files into a fake shop that validates its input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake_shop;
mod fixtures;

use catalog_import::{ImportError, ImportOptions, Mapping, Summary, import_catalogue};
use fake_shop::{FakeShop, POISON};
use kernel::Currency;
use proptest::prelude::*;
use shop_client::Progress;
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// Report by line: the outcome, and the fields with remarks.
type ReportedLines = BTreeMap<u64, (String, Vec<String>)>;

fn options(files: Vec<PathBuf>, report: Option<PathBuf>, dry_run: bool) -> ImportOptions {
    ImportOptions {
        files,
        columns: Mapping::default(),
        currency: None,
        decimal: None,
        uncounted_stock: None,
        parallel: 3,
        report,
        dry_run,
        now: "2026-11-28T12:00:00Z".parse().unwrap(),
    }
}

async fn import(
    shop: &FakeShop,
    files: Vec<PathBuf>,
    dry_run: bool,
) -> Result<(Summary, ReportedLines), ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    let options = options(files, Some(report.clone()), dry_run);
    let summary = import_catalogue(&options, &shop.edge, Progress::Silent).await?;
    let mut reported = ReportedLines::new();
    for row in csv::Reader::from_path(report).unwrap().records() {
        let row = row.unwrap();
        let line = reported.entry(row[1].parse().unwrap()).or_default();
        row[4].clone_into(&mut line.0);
        line.1.extend((!row[5].is_empty()).then(|| row[5].to_owned()));
    }
    Ok((summary, reported))
}

#[tokio::test]
async fn every_row_of_a_malformed_file_is_accepted_or_reported() {
    let shop = FakeShop::start().await;
    let (summary, reported) = import(&shop, vec![file("nasty.csv")], false).await.unwrap();
    let outcome = |line: u64| (&*reported[&line].0, reported[&line].1.join(", "));
    // The first row has line breaks inside: it begins on line 2 and ends on line 4.
    assert_eq!(outcome(2), ("created", String::new()));
    for line in [5, 6, 7, 8] {
        assert_eq!(outcome(line), ("created", String::new()), "{line}");
    }
    assert_eq!(outcome(9), ("rejected", "Variant Price".to_owned()));
    assert_eq!(outcome(10), ("created", "Variant SKU".to_owned()));
    assert_eq!(outcome(11), ("rejected", "Handle".to_owned()));
    assert_eq!(outcome(12), ("rejected", "Handle".to_owned()));
    assert_eq!(outcome(13), ("rejected", "Variant Price".to_owned()));
    assert_eq!(outcome(14), ("created", String::new()));
    assert_eq!(outcome(15), ("created", String::new()));
    assert_eq!(outcome(16), ("created", String::new()));
    assert_eq!(outcome(17), ("created", "Handle".to_owned()));
    assert_eq!(outcome(18).0, "created");
    assert_eq!(reported[&18].1.len(), 3);
    assert_eq!(outcome(19), ("created", "Title".to_owned()));
    assert_eq!(reported.len(), 16);
    assert_eq!((summary.rows, summary.rows_accepted, summary.rows_rejected), (16, 12, 4));
    assert_eq!((summary.created, summary.rejected), (8, 0));

    let apron = shop.product("linen-apron");
    assert_eq!(apron.description, "<p>Two pockets,\n\"deep\" ones.</p>");
    let skus: Vec<_> = apron.variants.iter().map(|variant| variant.sku.as_str()).collect();
    assert_eq!(skus, ["APR-OAT-S", "LINEN-APRON-OAT-L", "APR-COAL-S"]);
    assert_eq!(apron.options[0].values, ["Oat", "Coal"]);
    assert_eq!(apron.media.len(), 3);
    assert_eq!(shop.product("oak-table").variants[0].price.to_string(), "1299.00 EUR");
    assert_eq!(shop.product("paper-lamp").media[0].image.url, "http://cdn.example.com/lamp.jpg");
}

#[tokio::test]
async fn a_second_import_and_a_dry_run_change_nothing() {
    let shop = FakeShop::start().await;
    let (first, reported) = import(&shop, vec![file("nasty.csv")], true).await.unwrap();
    assert_eq!((first.created, shop.len()), (8, 0));
    assert!(first.to_string().starts_with("What an import would do"));
    let (second, reported_again) = import(&shop, vec![file("nasty.csv")], false).await.unwrap();
    assert_eq!((second.created, shop.len(), reported_again), (8, 8, reported));
    let (third, _) = import(&shop, vec![file("nasty.csv")], false).await.unwrap();
    assert_eq!((third.created, third.updated, third.unchanged), (0, 0, 8));
    assert_eq!((third.rows, third.rows_rejected), (16, 4));
}

#[tokio::test]
async fn files_of_any_encoding_compression_and_layout_are_imported_together() {
    let shop = FakeShop::start().await;
    let files = ["windows.csv", "utf16.csv", "new-format.csv.gz"].map(file).to_vec();
    let (summary, reported) = import(&shop, files, false).await.unwrap();
    assert_eq!((summary.rows, summary.created), (4, 3));
    assert_eq!(reported.keys().copied().collect::<Vec<_>>(), [1, 2, 3], "with remarks on headers");
    assert_eq!(shop.product("cafe-tasse").name, "Café-Tasse €");
    assert_eq!(shop.product("cafe-tasse").variants[0].price.to_string(), "12.50 EUR");
    assert_eq!(shop.product("cafe").name, "Café");
    assert_eq!(shop.product("mug").variants[0].sku.as_str(), "M-1");
    assert!(shop.product("mug").options.is_empty());
}

#[tokio::test]
async fn json_lines_are_products_and_every_line_has_an_outcome() {
    let shop = FakeShop::start().await;
    let (summary, reported) = import(&shop, vec![file("products.jsonl")], false).await.unwrap();
    let outcomes: Vec<_> =
        reported.iter().map(|(line, (outcome, _))| (*line, &**outcome)).collect();
    let rejected = |line| (line, "rejected");
    let created = |line| (line, "created");
    assert_eq!(outcomes[..3], [created(1), created(3), created(4)]);
    assert_eq!(outcomes[3..5], [rejected(5), created(6)]);
    assert_eq!(outcomes[5..], [7, 8, 9, 10].map(rejected));
    assert_eq!(reported[&8].1, ["variants[0].price.amount"]);
    assert_eq!((summary.created, summary.rows_rejected), (4, 5));
    assert_eq!(shop.product("json-mug").variants[0].stock, Some(3));
}

#[tokio::test]
async fn a_batch_that_is_rejected_whole_is_bisected_to_the_invalid_product() {
    let shop = FakeShop::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.csv");
    let mut text = "Handle,Title,Variant Price\n".to_owned();
    for index in 0..40 {
        let title = if index == 17 { POISON } else { "Mug" };
        writeln!(text, "p-{index},{title},5").unwrap();
    }
    std::fs::write(&path, text).unwrap();
    let (summary, reported) = import(&shop, vec![path], false).await.unwrap();
    assert_eq!((summary.created, summary.rejected), (39, 1));
    assert_eq!(reported[&19].0, "rejected");
}

#[tokio::test]
async fn an_unreadable_file_is_reported_before_anything_is_sent() {
    let shop = FakeShop::start().await;
    let missing =
        import(&shop, vec![file("nasty.csv"), file("nowhere.csv")], false).await.unwrap_err();
    assert!(missing.to_string().contains("nowhere.csv"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let torn = folder.path().join("torn.csv.gz");
    let whole = std::fs::read(file("new-format.csv.gz")).unwrap();
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(import(&shop, vec![torn], false).await, Err(ImportError::File { .. })));
    assert_eq!(shop.len(), 0);
}

/// Rows in any order of handles, with arbitrary cells.
fn sheet() -> impl Strategy<Value = Vec<[String; 5]>> {
    let handle = prop_oneof![4 => "[a-e]", 1 => Just(String::new()), 1 => "\\PC{1,3}"];
    let price =
        prop_oneof![4 => "[0-9]{1,2}\\.[0-9]{2}", 1 => Just(String::new()), 1 => "\\PC{0,4}"];
    let size = prop_oneof![3 => "[SML]", 1 => Just(String::new())];
    let sku = prop_oneof![2 => Just(String::new()), 1 => "[X-Z][0-9]"];
    let picture = prop_oneof![2 => Just(String::new()), 1 => Just("https://x/y.jpg".to_owned()), 1 => "\\PC{0,5}"];
    prop::collection::vec((handle, price, size, sku, picture), 0..25)
        .prop_map(|rows| rows.into_iter().map(|(a, b, c, d, e)| [a, b, c, d, e]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_row_is_either_accepted_or_reported(rows in sheet()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(["Handle", "Variant Price", "Option1 Value", "Variant SKU", "Image Src"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        drop(writer);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shop = FakeShop::start().await;
            let (first, reported) = import(&shop, vec![path.clone()], false).await.unwrap();
            prop_assert_eq!(first.rows, rows.len() as u64);
            prop_assert_eq!(first.rows_accepted + first.rows_rejected, first.rows);
            // The header has a remark: no column has stock.
            prop_assert_eq!(reported.len(), rows.len() + 1);
            prop_assert_eq!(first.rejected, 0, "the shop accepts what the import sends");
            let (second, _) = import(&shop, vec![path], false).await.unwrap();
            prop_assert_eq!((second.unchanged, second.created, second.updated), (first.created, 0, 0));
            prop_assert_eq!(second.rows_rejected, first.rows_rejected);
            Ok(())
        })?;
    }
}

/// Imports a table and returns the summary, and the report by line.
async fn import_text(shop: &FakeShop, text: &str) -> (Summary, ReportedLines) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    import(shop, vec![path], false).await.unwrap()
}

#[tokio::test]
async fn a_sku_of_another_product_in_the_shop_is_made_up_the_same_in_each_import() {
    let shop = FakeShop::start().await;
    let table = |handle: &str| {
        format!(
            "Handle,Title,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n\
            {handle},{handle},Red,WARRANTY,5,1\n{handle},,Blue,{handle}-B,6,1\n"
        )
    };
    import_text(&shop, &table("lamp")).await;
    for created in [1, 0] {
        let (summary, reported) = import_text(&shop, &table("sofa")).await;
        assert_eq!((summary.created, summary.updated, summary.rejected), (created, 0, 0));
        assert_eq!(reported[&2].1, ["sku"]);
        let skus: Vec<String> =
            shop.product("sofa").variants.iter().map(|it| it.sku.to_string()).collect();
        assert_eq!(skus, ["WARRANTY-SOFA-RED", "sofa-B"]);
    }
    // The same name as where both products are in one file.
    let both = FakeShop::start().await;
    let text = table("lamp") + table("sofa").split_once('\n').unwrap().1;
    import_text(&both, &text).await;
    assert_eq!(both.product("sofa").variants[0].sku.as_str(), "WARRANTY-SOFA-RED");
}

#[tokio::test]
async fn a_variant_that_the_shop_refuses_leaves_the_others_and_the_product() {
    let shop = FakeShop::start().await;
    let (summary, reported) = import_text(
        &shop,
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Barcode,Image Src,Variant Image,Variant Inventory Qty\n\
         mug,Mug,Colour,Red,R,5,BAD,https://x/mug.jpg,https://x/red.jpg,1\n\
         mug,,,Blue,B,6,4006381333931,,,1\n",
    )
    .await;
    assert_eq!((summary.created, summary.rows_accepted, summary.rows_rejected), (1, 1, 1));
    assert_eq!(reported[&2], ("rejected".to_owned(), vec!["variants[0].barcode".to_owned()]));
    let mug = shop.product("mug");
    let skus: Vec<&str> = mug.variants.iter().map(|it| it.sku.as_str()).collect();
    assert_eq!(skus, ["B"]);
}

#[tokio::test]
async fn a_description_that_grows_in_the_shop_is_shortened_until_it_fits() {
    let shop = FakeShop::start().await;
    let body = "Oak &amp; ash. ".repeat(4_600);
    let text = format!(
        "Handle,Title,Body (HTML),Variant Price,Variant Inventory Qty\noak,Oak,{body},5,1\n"
    );
    let (summary, reported) = import_text(&shop, &text).await;
    assert_eq!((summary.created, summary.rejected), (1, 0));
    assert_eq!(reported[&2].1, ["Body (HTML)", "description"]);
    let description = shop.product("oak").description;
    assert!(description.ends_with('…') && description.len() > 32 * 1024);
}

#[tokio::test]
async fn prices_are_in_the_currency_of_the_shop() {
    let shop = FakeShop::start().await;
    shop.sell_in("JPY");
    let text = "Handle,Title,Variant Price,Variant Inventory Qty\nbowl,Bowl,1200,1\n";
    import_text(&shop, text).await;
    assert_eq!(shop.product("bowl").variants[0].price.to_string(), "1200 JPY");
    shop.sell_in("CHF");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    let options =
        ImportOptions { currency: Some(Currency::EUR), ..options(vec![path], None, false) };
    let error = import_catalogue(&options, &shop.edge, Progress::Silent).await.unwrap_err();
    assert!(matches!(error, ImportError::OtherCurrency { .. }), "{error}");
    assert!(error.to_string().contains("sells in CHF, not in EUR"), "{error}");
    let silent = FakeShop::start().await;
    silent.sell_in("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    let error = import(&silent, vec![path], false).await.unwrap_err();
    assert!(error.to_string().contains("--currency"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_table_is_told_for_what_it_is() {
    let shop = FakeShop::start().await;
    for (bytes, reason) in [
        (&b""[..], "is empty"),
        (b" \n\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a text file"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0", "is not a text file"),
        (b"name;price\nMug;5\n", "has no column Handle"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("products.csv");
        std::fs::write(&path, bytes).unwrap();
        let error = import(&shop, vec![path], false).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn an_import_of_nothing_is_in_vain() {
    let shop = FakeShop::start().await;
    let header = "Handle,Title,Variant Price,Variant Inventory Qty\n";
    for (rows, is_in_vain) in
        [("", true), ("mug,Mug,free,1\n", true), ("mug,Mug,5,1\ncup,Cup,x,1\n", false)]
    {
        let (summary, _) = import_text(&shop, &format!("{header}{rows}")).await;
        assert_eq!(summary.is_in_vain(), is_in_vain, "{rows}");
    }
}

#[tokio::test]
async fn a_changed_file_changes_the_catalogue_and_the_report_says_how() {
    let shop = FakeShop::start().await;
    let header =
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n";
    let table = |rows: &str| format!("{header}{rows}");
    import_text(&shop, &table("tee,Tee,Size,S,TS,10,1\ntee,,,M,TM,10,1\n")).await;
    let skus = || -> Vec<String> {
        shop.product("tee").variants.iter().map(|it| it.sku.to_string()).collect()
    };
    // M left the file; its price changed, and L is new.
    let (summary, reported) =
        import_text(&shop, &table("tee,Tee,Size,S,TS,12,1\ntee,,,L,TL,12,1\n")).await;
    assert_eq!((summary.updated, summary.added, summary.withdrawn), (1, 1, 1));
    assert_eq!(reported[&2].1, ["variants"]);
    assert_eq!(skus(), ["TS", "TL"]);
    // A row that cannot be read is no reason to take its variant off sale.
    let (summary, reported) =
        import_text(&shop, &table("tee,Tee,Size,S,TS,12,1\ntee,,,L,TL,soon,1\n")).await;
    assert_eq!((summary.unchanged, summary.withdrawn, summary.rows_rejected), (1, 0, 1));
    assert_eq!(reported[&3].0, "rejected");
    assert_eq!(skus(), ["TS", "TL"]);
}
