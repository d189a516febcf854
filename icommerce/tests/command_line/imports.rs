//! Imports and replays as commands: their arguments, and exit codes that tell whether anything was done.

use crate::program::{assert_fails, get, icommerce, start_shop, stop_shop};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

const HEADER: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n";

fn import(folder: &Path, name: &str, text: &str) -> Command {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    let mut command = icommerce(&folder.join("data"));
    command.args(["import", "catalog"]).arg(file);
    command
}

/// Exit code, and the last line of standard error.
fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), errors.lines().last().unwrap_or_default().to_owned())
}

#[test]
fn an_import_that_did_nothing_fails_and_one_that_did_something_does_not() {
    let folder = TempDir::new().unwrap();
    let rows = |rows: &str| format!("{HEADER}{rows}");
    let refused =
        outcome(&mut import(folder.path(), "a.csv", &rows("mug,Mug,M,free,1\ncup,Cup,C,,1\n")));
    assert_eq!(refused.0, Some(1));
    assert!(refused.1.contains("none of the 2 rows"), "{}", refused.1);
    let empty = outcome(&mut import(folder.path(), "b.csv", HEADER));
    assert_eq!(empty.0, Some(1));
    assert!(empty.1.contains("nothing was imported"), "{}", empty.1);
    let partial = rows("mug,Mug,M,5,1\ncup,Cup,C,,1\n");
    assert_eq!(outcome(&mut import(folder.path(), "c.csv", &partial)), (Some(0), String::new()));
}

#[test]
fn what_an_import_cannot_tell_it_asks_for() {
    let folder = TempDir::new().unwrap();
    let ambiguous = format!("{HEADER}sofa,Sofa,S,\"1,299\",1\n");
    let (code, line) = outcome(&mut import(folder.path(), "a.csv", &ambiguous));
    assert_eq!(code, Some(2));
    assert!(line.contains("line 2") && line.contains("--decimal point"), "{line}");
    let told = outcome(import(folder.path(), "a.csv", &ambiguous).args(["--decimal", "point"]));
    assert_eq!(told, (Some(0), String::new()));
    let mapping = assert_fails(
        import(folder.path(), "a.csv", &ambiguous).args(["--columns", "nowhere.toml"]),
        2,
    );
    assert!(mapping.contains("--columns") && mapping.contains("woocommerce"), "{mapping}");
    let currency =
        assert_fails(import(folder.path(), "a.csv", &ambiguous).args(["--currency", "euro"]), 2);
    assert!(currency.contains("--currency"), "{currency}");
}

#[test]
fn a_file_or_currency_that_needs_another_argument_is_a_usage_error() {
    let folder = TempDir::new().unwrap();
    let foreign = assert_fails(&mut import(folder.path(), "a.csv", "name;price\nMug;5\n"), 2);
    assert!(foreign.contains("no column Handle") && foreign.contains("--columns"), "{foreign}");
    let table = format!("{HEADER}mug,Mug,M,5,1\n");
    for currency in ["USD", "JPY"] {
        let other =
            assert_fails(import(folder.path(), "b.csv", &table).args(["--currency", currency]), 2);
        assert!(other.contains("sells in EUR") && other.contains(currency), "{other}");
    }
    let own = outcome(import(folder.path(), "b.csv", &table).args(["--currency", "EUR"]));
    assert_eq!(own, (Some(0), String::new()));
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_unavailable() {
    let folder = TempDir::new().unwrap();
    let empty = assert_fails(&mut import(folder.path(), "a.csv", ""), 3);
    assert!(empty.contains("is empty"), "{empty}");
    let picture = assert_fails(&mut import(folder.path(), "b.csv", "GIF89a\0\0\0"), 3);
    assert!(picture.contains("is not a text file"), "{picture}");
    let table = format!("{HEADER}mug,Mug,M,5,1\n");
    let nowhere = folder.path().join("nowhere/report.csv");
    let report =
        assert_fails(import(folder.path(), "c.csv", &table).arg("--report").arg(nowhere), 3);
    assert!(report.contains("the report") && report.contains("cannot be written"), "{report}");
}

#[test]
fn an_interrupted_import_says_how_to_go_on() {
    let folder = TempDir::new().unwrap();
    let table = format!("{HEADER}mug,Mug,M,5,1\n");
    // A shop that never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let mut command = import(folder.path(), "a.csv", &table);
    command.args(["--shop", &address, "--operator", &address]).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let connection = silent.accept().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let output = child.wait_with_output().unwrap();
    drop(connection);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("what was imported stays imported"), "{errors}");
}

#[test]
fn a_dry_run_leaves_a_folder_new_for_the_demonstration() {
    let folder = TempDir::new().unwrap();
    let table = format!("{HEADER}mug,Mug,M,5,1\n");
    let tried = outcome(import(folder.path(), "a.csv", &table).arg("--dry-run"));
    assert_eq!(tried, (Some(0), String::new()));
    let products = |data: &Path| -> u64 {
        let (shop, [_, operator]) = start_shop(&mut icommerce(data));
        let page: serde_json::Value =
            serde_json::from_str(&get(&operator, "/api/v1/products?limit=1")).unwrap();
        stop_shop(shop);
        page["total"].as_u64().unwrap()
    };
    assert!(products(&folder.path().join("data")) > 1, "the demonstration catalogue");
}

#[test]
fn a_replay_of_nothing_fails() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("empty.csv");
    fs::write(
        &file,
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n",
    )
    .unwrap();
    let mut command = icommerce(&folder.path().join("data"));
    let (code, line) = outcome(command.args(["replay", "online-retail"]).arg(file));
    assert_eq!(code, Some(1), "{line}");
    assert!(line.contains("nothing was replayed"), "{line}");
}
