//! Output for people: every help text and every ordinary output fits a terminal of 80 columns.
//!
//! Exceptions are what machines read (JSON, `settings --dump`) and messages on standard error, which are one line each.

use crate::program::{icommerce, start_shop, stop_shop};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

const COLUMNS: usize = 80;

/// Standard output of a command that must succeed.
fn output(command: &mut Command) -> String {
    let output = command.env("COLUMNS", "80").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_fits(text: &str) {
    for line in text.lines() {
        assert!(line.trim_end().chars().count() <= COLUMNS, "{line:?} in\n{text}");
    }
}

fn help(path: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    output(command.args(path).arg("--help"))
}

/// Names in the list of commands of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_help_text_fits_a_terminal_and_shows_an_example() {
    let mut paths = vec![Vec::new()];
    let mut count = 0;
    while let Some(path) = paths.pop() {
        let help = help(&path);
        assert_fits(&help);
        assert!(help.contains("\nUsage: icommerce"), "{path:?}: {help}");
        let below = subcommands(&help);
        if below.is_empty() || path.is_empty() {
            assert!(help.contains("\nExample"), "{path:?}: {help}");
        }
        paths.extend(below.into_iter().map(|name| [path.clone(), vec![name]].concat()));
        count += 1;
    }
    assert!(count >= 12, "{count} commands");
}

#[test]
fn a_help_text_lists_the_values_of_its_arguments() {
    let words = |path: &[&str]| {
        let help = help(&path.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        help.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(words(&["import", "catalog"]).contains("[possible values: point, comma]"));
    assert!(words(&["openapi"]).contains("[possible values: shop, operator]"));
    assert!(words(&["serve"]).contains("[possible values: text, json]"));
    assert!(words(&["rebuild"]).contains("[possible values: registry-service, audit-service, "));
}

const INVOICES: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
";
const PRODUCTS: &str =
    "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\nmug,Mug,M,5,1\n";

#[test]
fn every_ordinary_output_fits_a_terminal() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (products, invoices) = (file("products.csv", PRODUCTS), file("invoices.csv", INVOICES));
    let schemas = folder.path().join("schemas").display().to_string();
    let run = |data: &str, arguments: &[&str]| {
        // A relative path, because the output may name it.
        let mut command = icommerce(Path::new(data));
        let output = output(command.args(arguments).current_dir(folder.path()));
        assert_fits(&output.replace(&folder.path().display().to_string(), ""));
        assert!(!output.is_empty(), "{arguments:?}");
    };
    run("data", &["services"]);
    run("data", &["settings"]);
    run("data", &["events", &schemas]);
    run("data", &["import", "catalog", &products, "--dry-run"]);
    run("data", &["import", "catalog", &products]);
    run("replayed", &["replay", "online-retail", &invoices]);
    run("data", &["check"]);
    run("replayed", &["check"]);
    for service in ["product-service", "inventory-service"] {
        run("data", &["rebuild", service]);
    }
    run("data", &["--version"]);
}

#[test]
fn lists_for_machines_are_json() {
    let folder = TempDir::new().unwrap();
    let list = |command: &str| {
        let text = output(icommerce(folder.path()).args([command, "--json"]));
        let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        list
    };
    let settings = list("settings");
    let data = settings.iter().find(|it| it["key"] == "data").unwrap();
    assert_eq!(data["value"], folder.path().display().to_string());
    assert_eq!(data["default"], "./data");
    let services = list("services");
    let orders = services.iter().find(|it| it["name"] == "order-service").unwrap();
    assert_eq!(orders["runs_here"], true);
    assert!(orders["calls"].as_array().unwrap().contains(&"inventory-service".into()));
}

#[test]
fn a_start_logs_nothing_but_what_an_operator_needs() {
    let folder = TempDir::new().unwrap();
    let log = |arguments: &[&str]| {
        let mut command = icommerce(&folder.path().join("data"));
        let (child, _) = start_shop(command.env_remove("ICOMMERCE_LOG_FILTER").args(arguments));
        stop_shop(child)
    };
    let plain = log(&["--no-demo"]);
    assert_eq!(plain, "", "a start of a shop in earnest has nothing to tell");
    assert!(log(&["--no-demo", "--verbose"]).contains("health changed"));
    assert!(log(&["--no-demo", "-v"]).contains("health changed"));
}
