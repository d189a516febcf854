//! Wrong and missing arguments of every command: exit code 2, and one sentence that names what would be right.

use crate::program::{assert_fails, icommerce};
use tempfile::TempDir;

/// Arguments, and what the sentence contains.
const WRONG: &[(&[&str], &[&str])] = &[
    (&["srve"], &["srve", "did you mean", "serve"]),
    (&["nothing"], &["there is no command \"nothing\"", "icommerce --help"]),
    (&["--lisen=1"], &["there is no option --lisen", "did you mean --listen"]),
    (&["--data"], &["--data needs a value"]),
    (&["--log=xml"], &["--log cannot be \"xml\"", "text, json"]),
    (&["--listen=here"], &["listen", "here", "127.0.0.1:8080"]),
    (&["serve", "now"], &["nothing is expected at now", "icommerce serve --help"]),
    (&["services", "--jsn"], &["--jsn", "--json", "icommerce services --help"]),
    (&["settings", "--json", "--dump"], &["--json", "icommerce settings --help"]),
    (&["import"], &["icommerce import needs a command: catalog", "icommerce import --help"]),
    (&["import", "catalogue"], &["\"catalogue\"", "did you mean", "catalog"]),
    (&["import", "catalog"], &["<FILE>... is missing", "icommerce import catalog --help"]),
    (
        &["import", "catalog", "a.csv", "--decimal=dot"],
        &["--decimal cannot be \"dot\"", "point, comma", "see icommerce import catalog --help"],
    ),
    (&["import", "catalog", "a.csv", "--decimal"], &["--decimal needs a value", "point, comma"]),
    (
        &["import", "catalog", "a.csv", "--wait=99999999"],
        &["--wait", "99999999", "0 to 86400", "see icommerce import catalog --help"],
    ),
    (&["import", "catalog", "a.csv", "--wait=-1"], &["--wait", "a whole number from 0 to 86400"]),
    (
        &["import", "catalog", "a.csv", "--parallel=many"],
        &["--parallel", "many", "a whole number from 1 to 256"],
    ),
    (
        &["import", "catalog", "a.csv", "--parallel=0"],
        &["--parallel", "a whole number from 1 to 256"],
    ),
    (
        &["import", "catalog", "a.csv", "--uncounted-stock=-5"],
        &["--uncounted-stock", "-5", "from 0 to"],
    ),
    (&["import", "catalog", "a.csv", "--currency=euro"], &["--currency"]),
    (&["import", "catalog", "a.csv", "--columns=nowhere.toml"], &["--columns", "shopify"]),
    (&["import", "catalog", "a.csv", "--shop=http://127.0.0.1:1"], &["--operator", "missing"]),
    (&["import", "catalog", "a.csv", "--operator=http://127.0.0.1:1"], &["--shop", "missing"]),
    (&["import", "catalog", "a.csv", "--dry-run=yes"], &["--dry-run"]),
    (
        &["import", "catalog", "a.csv", "--report=a", "--report=b"],
        &["--report can be given only once"],
    ),
    (
        &["restore", "b", "--keys=k", "--keys-are-current", "--without-keys"],
        &["--keys", "cannot be given together with", "--without-keys"],
    ),
    (&["settings", "--json", "--dump"], &["--dump", "cannot be given together with", "--json"]),
    (&["restore", "b"], &["--keys <FILE> is missing", "--without-keys"]),
    (&["restore", "b", "--keys=k"], &["--erased <FILE> is missing", "--keys-are-current"]),
    (&["replay"], &["icommerce replay needs a command: online-retail"]),
    (
        &["replay", "online-retail"],
        &["<FILE>... is missing", "icommerce replay online-retail --help"],
    ),
    (&["replay", "online-retail", "a.csv", "--rate=0"], &["--rate", "from 1 to"]),
    (&["rebuild"], &["<SERVICE> is missing", "icommerce rebuild --help"]),
    (&["rebuild", "orders"], &["\"orders\"", "order-service", "see icommerce rebuild --help"]),
    (&["check", "now"], &["now", "icommerce check --help"]),
    (&["events"], &["<FOLDER> is missing", "icommerce events --help"]),
    (&["openapi"], &["<EDGE> is missing", "icommerce openapi --help"]),
    (&["openapi", "inside"], &["<EDGE> cannot be \"inside\"", "shop, operator"]),
];

#[test]
fn a_wrong_argument_gets_one_sentence_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for (arguments, expected) in WRONG {
        // The shared flags come last, so that the arguments are what is read first.
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_icommerce"));
        command.args(*arguments).env("ICOMMERCE_DATA", &data);
        let sentence = assert_fails(&mut command, 2);
        for words in *expected {
            assert!(sentence.contains(words), "{arguments:?}: {words:?} is not in: {sentence}");
        }
        for leak in ["provided:;", "..=", "invalid digit", "expected struct", "u64", "usize"] {
            assert!(!sentence.contains(leak), "{arguments:?}: {sentence}");
        }
    }
    assert!(!data.exists(), "nothing was opened");
}

#[test]
fn a_wrong_setting_is_told_in_words_and_not_in_types() {
    let folder = TempDir::new().unwrap();
    for (text, expected) in [
        ("[order-service]\nhold_minutes = [1]", "a whole number"),
        ("[order-service]\nhold_minutes = \"soon\"", "a whole number"),
        ("[api-gateway]\ntrusted_proxies = [[1]]", "a string"),
        ("demo = 3", "true or false"),
        ("services = 3", "an array"),
    ] {
        let file = folder.path().join("shop.toml");
        std::fs::write(&file, text).unwrap();
        let sentence = assert_fails(icommerce(folder.path()).arg("--config").arg(&file), 2);
        assert!(sentence.contains(expected), "{text:?}: {sentence}");
        for leak in ["struct", "u32", "u64", "sequence"] {
            assert!(!sentence.contains(leak), "{text:?}: {sentence}");
        }
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_build_without_postgresql_names_the_option_and_the_feature() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let url = "postgres://shop@127.0.0.1:1/shop";
    for (option, arguments) in [
        ("--storage", &["serve", "--storage", url][..]),
        ("--to", &["move", "--from", "embedded:x", "--to", url]),
        ("--from", &["move", "--from", url, "--to", "embedded:x"]),
    ] {
        let refused = assert_fails(icommerce(&data).args(arguments), 2);
        assert!(refused.starts_with(&format!("icommerce: {option}: this build")), "{refused}");
        assert!(refused.contains("--features postgres"), "{refused}");
    }
    assert!(!data.exists());
}
