//! Signing in at the operator edge as a browser does, with the account that the shop itself has, and signing out.

use crate::program::{assert_fails, icommerce, start_shop, stop_shop};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";

/// Browser: cookies of a host belong to all its ports.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

/// Response of a page.
struct Page {
    status: u16,
    location: String,
    body: String,
}

impl Browser {
    fn get(&mut self, url: &str) -> Page {
        self.send("GET", url, "")
    }

    fn post(&mut self, url: &str, form: &str) -> Page {
        self.send("POST", url, form)
    }

    fn send(&mut self, method: &str, url: &str, form: &str) -> Page {
        let address = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url}"));
        let (host, path) = address.split_at(address.find('/').unwrap());
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            cookies.join("; "),
            form.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut location = String::new();
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "location" => value.clone_into(&mut location),
                "set-cookie" => self.keep(value),
                _ => {}
            }
        }
        if location.starts_with('/') {
            location = format!("http://{host}{location}");
        }
        Page { status, location, body: body.to_owned() }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Signs in at the operator edge; where it leads.
    fn sign_in(&mut self, operator: &str, shop: &str) -> Page {
        let begun = self.get(&format!("http://{operator}/sign-in?return_to=%2Fapi%2Fv1%2Forders"));
        assert!(
            begun.location.starts_with(&format!("http://{shop}/auth/authorize?")),
            "{}",
            begun.location
        );
        let page = self.get(&begun.location);
        let (_, form) = page.body.split_once(r#"name="form" value=""#).unwrap();
        let form = form.split('"').next().unwrap();
        let password = PASSWORD.replace(' ', "+");
        let fields = format!("form={form}&email=ada%40example.com&password={password}");
        let answer = self.post(&format!("http://{shop}/auth/sign-in"), &fields);
        assert!(
            answer.location.starts_with(&format!("http://{operator}/sign-in/callback?")),
            "{}",
            answer.body
        );
        self.get(&answer.location)
    }
}

#[test]
fn an_operator_signs_in_and_out_in_the_browser() {
    let folder = TempDir::new().unwrap();
    stop_shop(start_shop(icommerce(folder.path()).arg("--no-demo")).0);
    let mut add = icommerce(folder.path());
    add.args(["auth", "user", "add", "ada@example.com", "--role", "viewer", "--password-stdin"]);
    let mut add = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    add.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(add.wait().unwrap().success());
    let (child, [shop, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    let orders = format!("http://{operator}/api/v1/orders");

    let mut browser = Browser::default();
    assert_eq!(browser.get(&orders).status, 401);
    let signed_in = browser.sign_in(&operator, &shop);
    assert_eq!((signed_in.status, &*signed_in.location), (303, &*orders), "{}", signed_in.body);
    assert_eq!(browser.get(&orders).status, 200);
    assert!(browser.get(&format!("http://{operator}/")).body.contains("the role: viewer"));
    let refused = browser.post(&format!("http://{operator}/api/v1/products"), "{}");
    assert!(refused.status == 403 && refused.body.contains("merchandiser"), "{}", refused.body);
    assert_eq!(Browser::default().get(&orders).status, 401, "another browser");

    // Whoever is signed out elsewhere is so with the next request.
    let mut end = icommerce(folder.path());
    end.args(["auth", "session", "end", "ada@example.com", "--operator"]);
    let ended = end.arg(format!("http://{operator}")).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(browser.get(&orders).status, 401, "at once");
    assert_eq!(browser.sign_in(&operator, &shop).status, 303);
    assert_eq!(browser.get(&orders).status, 200);

    let kept = browser.cookies.clone();
    let signing_out = browser.post(&format!("http://{operator}/sign-out"), "");
    assert!(
        signing_out.location.starts_with(&format!("http://{shop}/auth/logout?")),
        "{}",
        signing_out.location
    );
    assert!(!signing_out.location.contains("id_token"), "no token is in an address");
    let signed_out = browser.get(&signing_out.location);
    assert_eq!(
        (signed_out.status, &*signed_out.location),
        (303, &*format!("http://{operator}/")),
        "{}",
        signed_out.body
    );
    assert_eq!(browser.get(&orders).status, 401);
    assert_eq!(Browser { cookies: kept }.get(&orders).status, 401, "also for who kept the cookies");
    let again = browser.get(&format!("http://{operator}/sign-in"));
    assert!(
        browser.get(&again.location).body.contains("name=\"password\""),
        "at the provider as well"
    );
    stop_shop(child);
}

#[test]
fn a_program_uses_the_operator_edge_with_the_credentials_of_a_client() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    stop_shop(start_shop(icommerce(&data).arg("--no-demo")).0);
    let client = |id: &str, role: &str| {
        let mut add = icommerce(&data);
        add.args(["auth", "client", "add", id, "--grant", "client_credentials", "--json"]);
        let output = add.args(["--role", role]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (mut admin, mut viewer) =
        (client("admin-robot", "admin"), client("viewer-robot", "viewer"));
    assert!(admin["token_endpoint"].as_str().unwrap().ends_with("/auth/token"));
    let (child, [shop, operator]) = start_shop(icommerce(&data).arg("--no-demo"));
    let backup = |credentials: &mut Value, name: &str| {
        // The port of this shop was free by chance.
        credentials["token_endpoint"] = format!("http://{shop}/auth/token").into();
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, credentials.to_string()).unwrap();
        let mut command = icommerce(&data);
        command.env_remove("ICOMMERCE_TOKEN").arg("backup").arg(folder.path().join(name));
        command.arg("--operator").arg(format!("http://{operator}"));
        command.arg("--token-file").arg(file);
        command
    };
    let refused = assert_fails(&mut backup(&mut viewer, "by-viewer"), 3);
    assert!(refused.contains("one of the roles admin"), "{refused}");
    let mut stranger = icommerce(&data);
    stranger.env_remove("ICOMMERCE_TOKEN").arg("backup").arg(folder.path().join("by-stranger"));
    stranger.arg("--operator").arg(format!("http://{operator}"));
    let refused = assert_fails(&mut stranger, 3);
    assert!(refused.contains("takes the token of an operator"), "{refused}");
    assert!(!refused.contains("no shop gives"), "{refused}");
    let output = backup(&mut admin, "by-admin").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    admin["client_secret"] = "wrong".into();
    let refused = assert_fails(&mut backup(&mut admin, "by-thief"), 2);
    assert!(refused.contains("it answered 401"), "{refused}");
    stop_shop(child);
}
