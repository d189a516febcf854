//! Whole imports of malformed files into a fake shop that validates its input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake_shop;
mod fixtures;

use catalog_import::{ImportError, ImportOptions, Mapping, Summary, import_catalogue};
use fake_shop::FakeShop;
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

async fn import(
    shop: &FakeShop,
    files: Vec<PathBuf>,
    dry_run: bool,
) -> Result<(Summary, ReportedLines), ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    let options = ImportOptions {
        files,
        columns: Mapping::default(),
        currency: None,
        decimal: None,
        untracked_stock: None,
        parallel: 3,
        report: Some(report.clone()),
        dry_run,
        now: "2026-11-28T12:00:00Z".parse().unwrap(),
    };
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
    assert_eq!(outcome(10), ("rejected", "Variant SKU".to_owned()));
    assert_eq!(outcome(11), ("rejected", "Handle".to_owned()));
    assert_eq!(outcome(12), ("rejected", "Handle".to_owned()));
    assert_eq!(outcome(13), ("rejected", "Variant Price".to_owned()));
    assert_eq!(outcome(14), ("created", String::new()));
    assert_eq!(outcome(15), ("created", String::new()));
    assert_eq!(outcome(16), ("created", "Image Src".to_owned()));
    assert_eq!(outcome(17), ("rejected", "Handle".to_owned()));
    assert_eq!(outcome(18).0, "created");
    assert_eq!(reported[&18].1.len(), 5);
    assert_eq!(outcome(19), ("rejected", "name".to_owned()));
    assert_eq!(reported.len(), 16);
    assert_eq!((summary.rows, summary.rows_accepted, summary.rows_rejected), (16, 9, 7));
    assert_eq!((summary.created, summary.rejected), (5, 1));

    let apron = shop.product("linen-apron");
    assert_eq!(apron.description, "<p>Two pockets,\n\"deep\" ones.</p>");
    let skus: Vec<_> = apron.variants.iter().map(|variant| variant.sku.as_str()).collect();
    assert_eq!(skus, ["APR-OAT-S", "LINEN-APRON-OAT-L", "APR-COAL-S"]);
    assert_eq!(apron.options[0].values, ["Oat", "Coal"]);
    assert_eq!(apron.media.len(), 3);
    assert_eq!(shop.product("oak-table").variants[0].price.to_string(), "1299.00 EUR");
    assert_eq!(shop.product("paper-lamp").media[0].image.url, "https://cdn.example.com/lamp.jpg");
}

#[tokio::test]
async fn a_second_import_and_a_dry_run_change_nothing() {
    let shop = FakeShop::start().await;
    let (first, reported) = import(&shop, vec![file("nasty.csv")], true).await.unwrap();
    assert_eq!((first.created, shop.len()), (5, 0));
    assert!(first.to_string().starts_with("What an import would do"));
    let (second, reported_again) = import(&shop, vec![file("nasty.csv")], false).await.unwrap();
    assert_eq!((second.created, shop.len(), reported_again), (5, 5, reported));
    let (third, _) = import(&shop, vec![file("nasty.csv")], false).await.unwrap();
    assert_eq!((third.created, third.updated, third.unchanged), (0, 0, 5));
    assert_eq!((third.rows, third.rows_rejected), (16, 7));
}

#[tokio::test]
async fn files_of_any_encoding_compression_and_layout_are_imported_together() {
    let shop = FakeShop::start().await;
    let files = ["windows.csv", "utf16.csv", "new-format.csv.gz"].map(file).to_vec();
    let (summary, reported) = import(&shop, files, false).await.unwrap();
    assert_eq!((summary.rows, summary.created), (4, 3));
    assert_eq!(reported.keys().copied().collect::<Vec<_>>(), [2, 3]);
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
    assert_eq!(outcomes[3..], [5, 6, 7, 8, 9, 10].map(rejected));
    assert_eq!(reported[&8].1, ["variants[0].price.amount"]);
    assert_eq!((summary.created, summary.rows_rejected), (3, 6));
    assert_eq!(shop.product("json-mug").variants[0].stock, Some(3));
}

#[tokio::test]
async fn a_batch_that_is_rejected_whole_is_bisected_to_the_invalid_product() {
    let shop = FakeShop::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.csv");
    let mut text = "Handle,Title,Body (HTML),Variant Price\n".to_owned();
    for index in 0..40 {
        let body = if index == 17 { "x".repeat(2 << 20) } else { "y".repeat(9) };
        writeln!(text, "p-{index},P {index},{body},5").unwrap();
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
            prop_assert_eq!(reported.len(), rows.len());
            prop_assert_eq!(first.rejected, 0, "the shop accepts what the import sends");
            let (second, _) = import(&shop, vec![path], false).await.unwrap();
            prop_assert_eq!((second.unchanged, second.created, second.updated), (first.created, 0, 0));
            prop_assert_eq!(second.rows_rejected, first.rows_rejected);
            Ok(())
        })?;
    }
}
