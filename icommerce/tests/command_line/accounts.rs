//! `icommerce auth`: accounts, clients and keys of a data folder, and what the shop makes of them.

use crate::program::{
    assert_fails, get, icommerce, start_listeners, start_shop, status, stop_shop,
};
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

fn auth(data: &Path, arguments: &[&str]) -> Command {
    let mut command = icommerce(data);
    command.arg("auth").args(arguments);
    command
}

/// What a command that succeeds prints.
fn printed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn accounts_and_clients_are_there_before_the_first_start_and_after_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| printed(auth(&data, arguments));
    let link = run(&["user", "add", "ada@example.com", "--role", "admin"]);
    let path = link.trim().split_once("/auth/").unwrap().1.to_owned();
    let client = run(&["client", "add", "app", "--redirect", "https://app.example/back", "--json"]);
    let client: Value = serde_json::from_str(&client).unwrap();
    assert!(client["client_secret"].as_str().unwrap().len() >= 43);
    let listed: Value = serde_json::from_str(&run(&["user", "list", "--json"])).unwrap();
    assert_eq!((&listed[0]["role"], &listed[0]["status"]), (&"admin".into(), &"invited".into()));

    let (shop, [edge, operator]) = start_shop(icommerce(&data).arg("--no-demo"));
    let metadata: Value =
        serde_json::from_str(&get(&edge, "/auth/.well-known/openid-configuration")).unwrap();
    assert_eq!(metadata["issuer"], format!("http://{edge}/auth"), "the port that was free");
    let other = get(&edge, "/.well-known/oauth-authorization-server/auth");
    assert_eq!(serde_json::from_str::<Value>(&other).unwrap(), metadata);
    assert!(get(&edge, &format!("/auth/{path}")).contains("ada@example.com"));
    let authorize =
        "/auth/authorize?response_type=code&client_id=app&redirect_uri=https://app.example/back";
    assert_eq!(status(&edge, "GET", authorize, ""), 303, "an error that the client is told");
    assert_eq!(status(&edge, "GET", &authorize.replace("back", "x"), ""), 400);
    assert_eq!(status(&operator, "GET", "/auth/jwks", ""), 404, "not at the operator edge");
    assert!(assert_fails(&mut auth(&data, &["user", "list"]), 3).contains("in use"));
    stop_shop(shop);

    assert!(run(&["group", "add", "finance", "ada@example.com"]).contains("finance"));
    let groups: Value = serde_json::from_str(&run(&["group", "list", "--json"])).unwrap();
    let finance = groups.as_array().unwrap().iter().find(|it| it["group"] == "finance").unwrap();
    assert_eq!(finance["members"][0], "ada@example.com");
    run(&["group", "remove", "finance", "ada@example.com"]);
    assert!(!run(&["group", "list"]).contains("ada@example.com"));
    assert_eq!(run(&["consent", "list", "ada@example.com", "--json"]).trim(), "[]");
    run(&["consent", "revoke", "ada@example.com", "app"]);
    run(&["user", "disable", "ada@example.com"]);
    assert!(run(&["user", "list"]).contains("disabled"));
    assert!(run(&["user", "reset", "ada@example.com"]).contains("/auth/set-up?link="));
    assert!(run(&["keys", "rotate"]).contains("sign from"));
    run(&["client", "remove", "app"]);
    assert_eq!(run(&["client", "list", "--json"]).trim(), "[]");
}

#[test]
fn a_password_is_read_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let add = |password: &str| {
        let mut command =
            auth(folder.path(), &["user", "add", "ada@example.com", "--password-stdin"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, text) = add("too short\n");
    assert!(code == Some(1) && text.contains("fewer than 15") && !text.contains("too short"));
    let (code, text) = add("correct horse battery staple\n");
    assert!(code == Some(0) && text.contains("can sign in") && !text.contains("horse"), "{text}");
    let dumped = printed({
        let mut command = icommerce(folder.path());
        command.arg("dump");
        command
    });
    assert!(dumped.contains("password_set"));
    assert!(!dumped.contains("ada@example.com") && !dumped.contains("argon2"), "{dumped}");
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let fails = |arguments: &[&str], code| assert_fails(&mut auth(folder.path(), arguments), code);
    let missing = folder.path().join("data");
    assert!(assert_fails(&mut auth(&missing, &["user", "list"]), 3).contains("data"));
    assert!(!missing.exists(), "a list makes no folder");
    assert!(fails(&["user", "add", "nonsense"], 1).contains("name@example.com"));
    assert!(fails(&["user", "disable", "nobody@example.com"], 1).contains("no such account"));
    assert!(fails(&["client", "add", "app"], 1).contains("redirect URI"));
    let http = ["client", "add", "app", "--redirect", "http://app.example/"];
    assert!(fails(&http, 1).contains("cannot be registered"));
    assert!(fails(&["client", "remove", "app"], 1).contains("no such client"));
    let keys = ["client", "add", "app", "--keys", "/nowhere.json"];
    assert!(fails(&keys, 2).contains("/nowhere.json"));
}

#[test]
fn keys_are_encrypted_under_the_master_key_and_do_not_open_without_it() {
    let folder = TempDir::new().unwrap();
    let with_key = |key: &str| {
        let mut command = auth(folder.path(), &["user", "list"]);
        command.env("ICOMMERCE_AUTH_SERVER__MASTER_KEY", key);
        command
    };
    let mut first = auth(folder.path(), &["user", "add", "ada@example.com"]);
    first.env("ICOMMERCE_AUTH_SERVER__MASTER_KEY", "a master key of an operator");
    printed(first);
    printed(with_key("a master key of an operator"));
    assert!(assert_fails(&mut with_key("another master key"), 3).contains("another master key"));
    assert!(assert_fails(&mut with_key("short"), 2).contains("auth-server.master_key"));
    let start = assert_fails(&mut icommerce(folder.path()), 3);
    assert!(start.contains("another master key"), "{start}");
    printed(with_key("a master key of an operator"));
}

#[test]
fn a_short_master_key_is_refused_before_anything_is_encrypted_under_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "        short        \n").unwrap();
    let data = folder.path().join("data");
    let mut command = icommerce(&data);
    command.env("ICOMMERCE_AUTH_SERVER__MASTER_KEY_FILE", &file);
    let sentence = assert_fails(&mut command, 2);
    assert!(sentence.contains("auth-server.master_key_file"), "{sentence}");
    assert!(!data.join("icommerce.keys").exists());
}

#[test]
fn the_provider_may_run_in_a_process_of_its_own() {
    let (own, edge) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut provider = icommerce(own.path());
    provider.args(["--services=auth-server", "--service-listen=127.0.0.1:0"]);
    provider.env("ICOMMERCE_AUTH_SERVER__ISSUER", "https://shop.example/auth");
    let (provider, [address]) = start_listeners(&mut provider, ["services"]);
    let mut gateway = icommerce(edge.path());
    gateway.args([
        "--no-demo",
        "--services=api-gateway",
        &format!("--peers=auth-server=http://{address}"),
    ]);
    let (gateway, [shop, _]) = start_shop(&mut gateway);
    let metadata = "/auth/.well-known/openid-configuration";
    for address in [&address, &shop] {
        let metadata: Value = serde_json::from_str(&get(address, metadata)).unwrap();
        assert_eq!(metadata["issuer"], "https://shop.example/auth");
    }
    assert_eq!(status(&shop, "GET", "/auth/authorize", ""), 400, "a page of the provider");
    assert_eq!(status(&shop, "POST", "/auth/token", ""), 400, "an error of the provider");
    stop_shop(gateway);
    stop_shop(provider);
}
