//! Clients generated from the shop's OpenAPI document: each is built from scratch and buys something.

use browser_tests::Shop;
use interop::{last_json, node_modules, prerequisite, run, work_folder};
use std::{ffi::OsStr, fs, path::Path, process::Command};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/openapi/shop.json");

/// The order that a client bought is in the JSON that it printed in its last line.
fn assert_bought(output: &str) {
    let order = last_json(output);
    assert_eq!(order["status"], "confirmed", "{order}");
    assert!(order["number"].as_str().is_some_and(|number| !number.is_empty()), "{order}");
}

#[test]
fn a_typescript_client_buys_something() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("typescript");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "typescript");
    for file in ["package.json", "tsconfig.json", "buy.ts"] {
        fs::copy(source.join(file), work.join(file)).unwrap();
    }
    let modules = node_modules("TEST_TYPESCRIPT");
    std::os::unix::fs::symlink(&modules, work.join("node_modules")).unwrap();
    let node = |script: &str, arguments: &[&OsStr]| {
        let script = work.join(script);
        run(Command::new("node").arg(script).args(arguments).current_dir(&work))
    };
    let generator = "node_modules/openapi-typescript/bin/cli.js";
    node(generator, &[DOCUMENT.as_ref(), "-o".as_ref(), "build/shop.d.ts".as_ref()]);
    node("node_modules/typescript/bin/tsc", &[]);
    assert_bought(&node("build/buy.js", &[Shop::shared().url("").as_ref()]));
}

#[test]
fn a_java_client_buys_something() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("java");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "java");
    let sources = work.join("src/main/java");
    fs::create_dir_all(&sources).unwrap();
    fs::copy(source.join("pom.xml"), work.join("pom.xml")).unwrap();
    fs::copy(source.join("src/main/java/Buy.java"), sources.join("Buy.java")).unwrap();
    let output = run(Command::new(prerequisite("TEST_MAVEN"))
        .args(["--quiet", "--batch-mode", "compile", "exec:java"])
        .arg(format!("-Dshop.document={DOCUMENT}"))
        .arg(format!("-Dexec.args={}", Shop::shared().url("")))
        .current_dir(&work));
    assert_bought(&output);
}
