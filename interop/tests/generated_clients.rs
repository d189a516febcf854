//! Clients generated from the shop's OpenAPI document: each is built from scratch and buys something.

use browser_tests::Shop;
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/openapi/shop.json");

/// The order that a client bought, from the JSON it printed in its last line.
fn bought(output: &str) -> Value {
    let line = output.lines().rfind(|line| line.starts_with('{')).expect("the client prints JSON");
    serde_json::from_str(line).expect("the client prints JSON")
}

/// The output of a program that must succeed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{out}\n{error}");
    out
}

/// An empty folder for what a test builds.
fn build_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Path of a tool, as `cargo xtask test` passes it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner passes paths through the environment, and no settings are involved"
)]
fn tool(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test --only interop`"))
}

fn assert_bought(output: &str) {
    let order = bought(output);
    assert_eq!(order["status"], "confirmed", "{order}");
    assert!(order["number"].as_str().is_some_and(|number| !number.is_empty()), "{order}");
}

#[test]
fn a_typescript_client_buys_something() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("typescript");
    let modules = PathBuf::from(tool("TEST_TYPESCRIPT")).ancestors().nth(3).unwrap().to_owned();
    let work = build_folder("typescript");
    for file in ["package.json", "tsconfig.json", "buy.ts"] {
        fs::copy(source.join(file), work.join(file)).unwrap();
    }
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
    let work = build_folder("java");
    let sources = work.join("src/main/java");
    fs::create_dir_all(&sources).unwrap();
    fs::copy(source.join("pom.xml"), work.join("pom.xml")).unwrap();
    fs::copy(source.join("src/main/java/Buy.java"), sources.join("Buy.java")).unwrap();
    let output = run(Command::new(tool("TEST_MAVEN"))
        .args(["--quiet", "--batch-mode", "compile", "exec:java"])
        .arg(format!("-Dshop.document={DOCUMENT}"))
        .arg(format!("-Dexec.args={}", Shop::shared().url("")))
        .current_dir(&work));
    assert_bought(&output);
}
