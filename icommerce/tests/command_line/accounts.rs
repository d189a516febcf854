//! `icommerce auth`: accounts, clients and keys of a data folder, and what the shop makes of them.

use crate::program::{
    OPERATOR_TOKEN, assert_fails, get, icommerce, start_listeners, start_shop, status, stop_shop,
};
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A shop that was started once.
fn new_shop(data: &Path) {
    let (child, _) = start_shop(icommerce(data).arg("--no-demo"));
    stop_shop(child);
}

/// Requests until the audit trail must have caught up.
const TRIES_MAX: usize = 20_000;

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
fn accounts_and_clients_are_administered_while_the_shop_is_stopped() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    new_shop(&data);
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
    let elsewhere = assert_fails(&mut auth(&data, &["user", "list"]), 3);
    assert!(elsewhere.contains("in use") && elsewhere.contains("--operator"), "{elsewhere}");
    stop_shop(shop);

    assert!(run(&["group", "add", "finance", "ada@example.com"]).contains("finance"));
    let groups: Value = serde_json::from_str(&run(&["group", "list", "--json"])).unwrap();
    let finance = groups.as_array().unwrap().iter().find(|it| it["group"] == "finance").unwrap();
    assert_eq!(finance["members"][0], "ada@example.com");
    run(&["group", "remove", "finance", "ada@example.com"]);
    assert!(!run(&["group", "list"]).contains("ada@example.com"));
    assert_eq!(run(&["consent", "list", "ada@example.com", "--json"]).trim(), "[]");
    run(&["consent", "revoke", "ada@example.com", "app"]);
    let typo = assert_fails(&mut auth(&data, &["consent", "revoke", "ada@example.com", "ap"]), 1);
    assert!(typo.contains("no such client"), "{typo}");
    run(&["user", "disable", "ada@example.com"]);
    assert!(run(&["user", "list"]).contains("disabled"));
    assert!(run(&["user", "reset", "ada@example.com"]).contains("/auth/set-up?link="));
    let both = ["user", "reset", "ada@example.com", "--second-factor", "--passkeys"];
    let lines: Vec<_> = run(&both).lines().map(str::to_owned).collect();
    let [factor, passkeys, link] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(factor, "two-step sign-in of ada@example.com was not on");
    assert_eq!(passkeys, "passkeys of ada@example.com that were removed: 0");
    assert!(link.starts_with(&format!("http://{edge}/auth/set-up?link=")), "where it was: {link}");
    assert!(run(&["keys", "rotate"]).contains("sign from"));
    run(&["client", "remove", "app"]);
    assert_eq!(run(&["client", "list", "--json"]).trim(), "[]");
}

#[test]
fn a_password_is_read_and_never_shown() {
    let folder = TempDir::new().unwrap();
    new_shop(folder.path());
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
    assert!(code == Some(2) && text.contains("fewer than 15") && !text.contains("too short"));
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
    new_shop(folder.path());
    let fails = |arguments: &[&str], code| assert_fails(&mut auth(folder.path(), arguments), code);
    assert!(fails(&["user", "add", "nonsense"], 2).contains("name@example.com"));
    assert!(fails(&["user", "disable", "nobody@example.com"], 1).contains("no such account"));
    assert!(fails(&["client", "add", "app"], 2).contains("redirect URI"));
    let http = ["client", "add", "app", "--redirect", "http://app.example/"];
    assert!(fails(&http, 2).contains("cannot be registered"));
    assert!(fails(&["client", "remove", "app"], 1).contains("no such client"));
    let keys = ["client", "add", "app", "--keys", "/nowhere.json"];
    assert!(fails(&keys, 2).contains("/nowhere.json"));
    let unnamed =
        ["client", "add", "app", "--public", "--redirect", "https://a.example/", "--name", ""];
    assert!(fails(&unnamed, 2).contains("name"));
    let claims = folder.path().join("claims.json");
    std::fs::write(&claims, "{\"name\": ").unwrap();
    let claims = claims.display().to_string();
    let broken = fails(&["user", "describe", "nobody@example.com", &claims], 2);
    assert!(broken.contains(&claims) && broken.contains("JSON"), "{broken}");
}

#[test]
fn keys_are_encrypted_under_the_master_key_and_do_not_open_without_it() {
    let folder = TempDir::new().unwrap();
    let with_key = |key: &str| {
        let mut command = auth(folder.path(), &["user", "list"]);
        command.env("ICOMMERCE_AUTH_SERVER__MASTER_KEY", key);
        command
    };
    let mut first = icommerce(folder.path());
    first.arg("--no-demo").env("ICOMMERCE_AUTH_SERVER__MASTER_KEY", "a master key of an operator");
    stop_shop(start_shop(&mut first).0);
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

/// Commands that take a data folder, and what else they need; none of them makes one. `serve`, `restore`, `import` and `replay` do.
const ON_A_FOLDER: &[&[&str]] = &[
    &["auth", "user", "add", "ada@example.com"],
    &["auth", "user", "list"],
    &["auth", "user", "disable", "ada@example.com"],
    &["auth", "user", "describe", "ada@example.com", "claims.json"],
    &["auth", "user", "reset", "ada@example.com"],
    &["auth", "client", "add", "app", "--public", "--redirect", "https://app.example/"],
    &["auth", "client", "list"],
    &["auth", "client", "remove", "app"],
    &["auth", "group", "list"],
    &["auth", "group", "add", "admin", "ada@example.com"],
    &["auth", "group", "remove", "admin", "ada@example.com"],
    &["auth", "consent", "list", "ada@example.com"],
    &["auth", "consent", "revoke", "ada@example.com", "app"],
    &["auth", "session", "list", "ada@example.com"],
    &["auth", "session", "end", "ada@example.com"],
    &["auth", "keys", "rotate"],
    &["backup", "backup"],
    &["check"],
    &["compact"],
    &["dump"],
    &["person", "export", "ada@example.com"],
    &["person", "erase", "ada@example.com"],
    &["rebuild", "order-service"],
];
/// Commands that have nothing to do with a data folder, or make one.
const OTHERS: &[&str] = &[
    "serve", "services", "settings", "import", "replay", "restore", "migrate", "move", "events",
    "openapi", "help",
];

/// Names of the commands that a help text lists.
fn listed(path: &[&str]) -> Vec<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_icommerce")).args(path).arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn no_command_makes_a_data_folder_out_of_a_path_that_was_mistyped() {
    let folder = TempDir::new().unwrap();
    let typo = folder.path().join("typo");
    std::fs::write(folder.path().join("claims.json"), "{}").unwrap();
    std::fs::write(
        folder.path().join("products.csv"),
        "Handle,Title,Variant SKU,Variant Price\nmug,Mug,M,5\n",
    )
    .unwrap();
    for arguments in ON_A_FOLDER {
        let mut command = icommerce(&typo);
        let sentence = assert_fails(command.args(*arguments).current_dir(folder.path()), 3);
        assert!(sentence.contains("typo"), "{arguments:?}: {sentence}");
        assert!(!typo.exists(), "{arguments:?}");
    }
    let mut dry_run = icommerce(&typo);
    dry_run.args(["import", "catalog", "products.csv", "--dry-run"]).current_dir(folder.path());
    printed(dry_run);
    assert!(!typo.exists(), "a look leaves nothing behind");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else was made");
    // Each command is in one of the lists.
    for name in listed(&[]) {
        let below = if name == "auth" || name == "person" { listed(&[&name]) } else { Vec::new() };
        let is_listed = |words: &[&str]| ON_A_FOLDER.iter().any(|known| known.starts_with(words));
        assert!(OTHERS.contains(&&*name) || is_listed(&[&name]), "{name}");
        for group in below.iter().filter(|group| *group != "help") {
            let deepest = listed(&[&name, group]);
            assert!(!deepest.is_empty() || is_listed(&[&name, group]), "{name} {group}");
            for last in deepest.iter().filter(|last| *last != "help") {
                assert!(is_listed(&[&name, group, last]), "{name} {group} {last}");
            }
        }
    }
}

#[test]
fn an_address_at_which_nobody_can_sign_in_is_refused() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut command = icommerce(&data);
    let sentence = assert_fails(command.env("ICOMMERCE_STOREFRONT__URL", "http://shop.example"), 2);
    assert!(sentence.contains("storefront.url") && sentence.contains("https"), "{sentence}");
    assert!(!data.exists());
}

/// What standard output has, what standard error has, and the exit code.
fn result(mut command: Command) -> (String, String, Option<i32>) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// Every command, with what differs between two runs taken out of what it printed.
fn transcript(
    folder: &Path,
    run: &dyn Fn(&[&str]) -> Command,
) -> Vec<(String, String, Option<i32>)> {
    let claims = folder.join("claims.json");
    std::fs::write(&claims, r#"{"name": "Ada Lovelace"}"#).unwrap();
    let claims = claims.display().to_string();
    let email = "ada@example.com";
    let is_random = |word: &str| word.len() >= 20 && !word.contains(' ');
    let without_randomness = |text: String| {
        let words = text.split([' ', '"', '\n', '=']).map(|word| {
            let is_time = word.starts_with("20") && word.ends_with('Z');
            if is_random(word) || is_time { "…" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    [
        &["user", "add", email, "--role", "admin"][..],
        &["user", "add", email],
        &["user", "add", "nonsense"],
        &["user", "list"],
        &["user", "list", "--json"],
        &["user", "describe", email, &claims],
        &["user", "describe", "nobody@example.com", &claims],
        &["user", "reset", email, "--second-factor", "--passkeys"],
        &["user", "disable", "nobody@example.com"],
        &["client", "add", "app", "--public", "--redirect", "https://app.example/back"],
        &["client", "add", "app", "--public", "--redirect", "https://app.example/back"],
        &["client", "add", "robot", "--grant", "client_credentials", "--scope", "foo", "--json"],
        &["client", "add", "bad"],
        &["client", "list", "--json"],
        &["group", "add", "finance", email],
        &["group", "list"],
        &["group", "list", "--json"],
        &["group", "remove", "finance", email],
        &["consent", "list", email, "--json"],
        &["consent", "revoke", email, "app"],
        &["consent", "revoke", email, "typo"],
        &["session", "list", email, "--json"],
        &["session", "end", email],
        &["session", "end", email, "nothing"],
        &["user", "disable", email],
        &["client", "remove", "app"],
        &["client", "remove", "app"],
        &["keys", "rotate"],
    ]
    .into_iter()
    .map(|arguments| {
        let (out, error, code) = result(run(arguments));
        (without_randomness(out), without_randomness(error), code)
    })
    .collect()
}

#[test]
fn a_running_shop_is_administered_over_its_operator_edge_and_answers_alike() {
    let folder = TempDir::new().unwrap();
    let (stopped, running) = (folder.path().join("stopped"), folder.path().join("running"));
    new_shop(&stopped);
    let of_stopped = transcript(folder.path(), &|arguments| auth(&stopped, arguments));
    assert!(
        of_stopped.iter().any(|it| it.2 == Some(1)) && of_stopped.iter().any(|it| it.2 == Some(2))
    );
    assert!(of_stopped.iter().any(|it| it.1.contains("knows no scope foo")), "{of_stopped:?}");

    let (shop, [_, operator]) = start_shop(icommerce(&running).arg("--no-demo"));
    let at_edge = |arguments: &[&str]| {
        let mut command = auth(&running, arguments);
        command.args(["--operator", &format!("http://{operator}")]);
        command
    };
    let of_running = transcript(folder.path(), &at_edge);
    for (stopped, running) in of_stopped.iter().zip(&of_running) {
        assert_eq!(stopped, running);
    }
    // The edge of the settings is asked where the folder is being served.
    let mut by_settings = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    by_settings.args(["auth", "user", "list", "--data"]).arg(&running);
    by_settings.env("ICOMMERCE_OPERATOR_LISTEN", &operator).env("ICOMMERCE_TOKEN", OPERATOR_TOKEN);
    let (listed, error, code) = result(by_settings);
    assert!(code == Some(0) && listed.contains("ada@example.com"), "{error}");
    let mut stranger = at_edge(&["user", "list"]);
    stranger.env_remove("ICOMMERCE_TOKEN");
    let refused = assert_fails(&mut stranger, 3);
    assert!(refused.contains("--token-file") && refused.contains("ICOMMERCE_TOKEN"), "{refused}");
    let names_operator = || {
        get(&operator, "/api/v1/audit?action=account.disabled").contains("\"actor\":\"operator\"")
    };
    assert!((0..TRIES_MAX).any(|_| names_operator()), "the audit trail knows who did it");
    stop_shop(shop);
}
