//! Table-driven test of whole files: each file in `tests/files/<mapping>/` has an expectation beside it, which is its
//! specification: the catalogue that it leads to, and the report.
//!
//! With `ICOMMERCE_WRITE_EXPECTATIONS=1` missing and changed expectations are written; read them before you commit them.

use crate::fake_shop::FakeShop;
use catalog_import::{DecimalSeparator, ImportOptions, Mapping, import_catalogue};
use kernel::Currency;
use serde_json::{Map, Value, json};
use shop_client::Progress;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Environment variable that writes the expectations.
const WRITE: &str = "ICOMMERCE_WRITE_EXPECTATIONS";
/// Day on which all files are imported.
const NOW: &str = "2026-11-28T12:00:00Z";
/// Suffix of expectations.
const EXPECTED: &str = ".expected.json";
/// The fewest files, so that a folder that is not found does not pass.
const FILES_MIN: usize = 60;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

/// Files with an expectation to meet: every table and every file of JSON Lines in the folder of a mapping.
fn files() -> Vec<PathBuf> {
    let is_input = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "csv" || it == "tsv" || it == "jsonl")
    };
    let list = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let folders = list(&folder()).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> =
        folders.flat_map(|folder| list(&folder)).filter(is_input).collect();
    files.sort();
    files
}

/// Mapping of a file: the mapping file beside it, or the built-in one of its folder.
fn mapping(file: &Path) -> Mapping {
    let own = file.with_extension("toml");
    let folder = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let name = folder.split('-').next().unwrap();
    let own = own.exists().then(|| own.to_str().unwrap().to_owned());
    match (own, name) {
        (Some(own), _) => Mapping::load(&own).unwrap(),
        (None, "json") => Mapping::default(),
        (None, name) => Mapping::load(name).unwrap(),
    }
}

fn options(file: &Path, given: &Map<String, Value>, report: PathBuf) -> ImportOptions {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    ImportOptions {
        files: vec![file.to_owned()],
        columns: mapping(file),
        currency: text("currency").map(|code| Currency::parse(code).unwrap()),
        decimal: text("decimal").map(|it| match it {
            "comma" => DecimalSeparator::Comma,
            _ => DecimalSeparator::Point,
        }),
        uncounted_stock: given.get("uncounted_stock").and_then(Value::as_i64),
        parallel: 2,
        report: Some(report),
        dry_run: false,
        now: NOW.parse().unwrap(),
    }
}

/// What an import leads to: the catalogue, and the report as `line outcome sku field: reason`.
async fn outcome(file: &Path, given: &Map<String, Value>) -> Value {
    let shop = FakeShop::start().await;
    if let Some(currency) = given.get("currency").and_then(Value::as_str) {
        shop.sell_in(currency);
    }
    let folder = tempfile::tempdir().unwrap();
    let options = options(file, given, folder.path().join("report.csv"));
    if let Err(error) = import_catalogue(&options, &shop.edge, Progress::Silent).await {
        let path = file.display().to_string();
        return json!({ "error": error.to_string().replace(&path, "FILE") });
    }
    let products = shop.products();
    let report = report(&folder.path().join("report.csv"));
    let again = import_catalogue(&options, &shop.edge, Progress::Silent).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0), "{}: imported again", file.display());
    assert_eq!(shop.products(), products, "{}: imported again", file.display());
    json!({ "products": products, "report": report })
}

fn report(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let sku = if row[3].is_empty() { "-" } else { &row[3] };
        let told =
            if row[5].is_empty() { String::new() } else { format!(" {}: {}", &row[5], &row[6]) };
        format!("{} {} {sku}{told}", &row[1], &row[4])
    });
    rows.collect()
}

#[expect(clippy::disallowed_methods, reason = "a switch of a test, not a setting of the shop")]
fn is_writing() -> bool {
    std::env::var_os(WRITE).is_some()
}

#[tokio::test]
async fn every_file_leads_to_its_expected_catalogue_and_report() {
    let is_writing = is_writing();
    let files = files();
    assert!(files.len() >= FILES_MIN, "{} files", files.len());
    let mut differences = Vec::new();
    for file in &files {
        let path = PathBuf::from(format!("{}{EXPECTED}", file.with_extension("").display()));
        let expected: Option<Value> =
            fs::read_to_string(&path).ok().map(|text| serde_json::from_str(&text).unwrap());
        let given = expected.as_ref().and_then(|it| it["options"].as_object()).cloned();
        let given = given.unwrap_or_default();
        let mut found = outcome(file, &given).await;
        if !given.is_empty() {
            found["options"] = Value::Object(given);
        }
        if expected.as_ref() == Some(&found) {
            continue;
        }
        if is_writing {
            fs::write(&path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
        } else {
            differences.push(format!("{}: {found:#}", path.display()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_expectation_has_its_file() {
    let files = files();
    for folder in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let text = path.display().to_string();
            if let Some(stem) = text.strip_suffix(EXPECTED) {
                assert!(
                    files.iter().any(|file| file.with_extension("") == Path::new(stem)),
                    "{text}"
                );
            }
        }
    }
}
