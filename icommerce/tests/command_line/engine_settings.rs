//! Settings of engines: which of them are refused together, which one a message names, and what stays unwritten.

use crate::program::{assert_fails, icommerce};
use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
};
use tempfile::TempDir;

/// Commands that read the settings of engines.
const COMMANDS: [&str; 3] = ["serve", "check", "settings"];

fn with(data: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = icommerce(data);
    for (name, value) in variables {
        command.env(format!("ICOMMERCE_{name}"), value);
    }
    command
}

#[test]
fn a_setting_without_effect_is_refused_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for (variables, key, engine) in [
        (&[("STORAGE__URL", "postgres://shop:hidden@h/shop")][..], "storage.url", "embedded"),
        (
            &[("STORAGE__ENGINE", "embedded"), ("STORAGE__URL_FILE", "/hidden")],
            "storage.url_file",
            "embedded",
        ),
        (&[("STORAGE__KEY_VALUE__URL", "redis://:hidden@h")], "storage.key_value.url", "storage"),
        (&[("STORAGE__DOCUMENTS__URL", "mongodb://h/x")], "storage.documents.url", "storage"),
        (&[("BUS__URL", "amqp://shop:hidden@h")], "bus.url", "feeds"),
    ] {
        for name in COMMANDS {
            let refused = assert_fails(with(&data, variables).arg(name), 2);
            let table = key.rsplit_once('.').unwrap().0;
            let expected = format!("is set, but {table}.engine is {engine}: set {table}.engine = ");
            assert!(refused.contains(key) && refused.contains(&expected), "{refused}");
            assert!(!refused.contains("hidden"), "{refused}");
        }
    }
    let mut file = icommerce(&data);
    let path = folder.path().join("shop.toml");
    std::fs::write(&path, "[storage]\nurl = \"postgres://shop@127.0.0.1/shop\"\n").unwrap();
    let refused = assert_fails(file.arg("--config").arg(&path), 2);
    assert!(refused.contains("storage.url (file ") && refused.contains("embedded"), "{refused}");
    assert!(!data.exists());
    // Whoever chooses the engine by an option sets the file aside.
    let mut chosen = icommerce(&data);
    chosen.args(["settings", "--storage=embedded", "--config"]).arg(&path);
    assert!(chosen.status().unwrap().success());
}

#[test]
fn a_secret_that_is_given_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for (engine, key) in [
        (("STORAGE__ENGINE", "postgres"), "STORAGE__URL"),
        (("STORAGE__ENGINE", "postgres"), "STORAGE__MIGRATE_URL"),
        (("STORAGE__KEY_VALUE__ENGINE", "redis"), "STORAGE__KEY_VALUE__URL"),
        (("STORAGE__DOCUMENTS__ENGINE", "mongodb"), "STORAGE__DOCUMENTS__URL"),
        (("BUS__ENGINE", "kafka"), "BUS__URL"),
        (("LOG", "text"), "AUTH_SERVER__MASTER_KEY"),
    ] {
        let file = format!("{key}_FILE");
        let variables = [engine, (key, "hidden-hidden-hidden"), (&file, "/hidden")];
        let refused = assert_fails(with(&data, &variables).arg("serve"), 2);
        assert!(refused.contains("are both set: leave one of the two out"), "{refused}");
        assert!(refused.contains(&format!("ICOMMERCE_{file}")), "{refused}");
        assert!(!refused.contains("hidden"), "{refused}");
    }
    assert!(!data.exists());
    let variables = [("STORAGE__ENGINE", "postgres"), ("STORAGE__URL_FILE", "/nowhere")];
    let mut replaced = with(&data, &variables);
    replaced.args(["settings", "--storage=postgres://shop@h/shop"]);
    assert!(replaced.status().unwrap().success(), "an option takes the place of both");
}

/// Address of a server that answers each connection with these bytes and closes it.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            // Whether it is read or written does not matter to whoever expects another protocol.
            let _ = connection.read(&mut [0; 64]);
            let _ = connection.write_all(answer);
        }
    });
    address
}

#[test]
fn a_server_that_answers_otherwise_is_not_said_to_be_away() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let (amqp, redis) = (answering(b"AMQP\0\0\x09\x01"), answering(b"-ERR unknown\r\n"));
    let mut told = Vec::new();
    if cfg!(feature = "redis") {
        told.push(("redis", format!("redis://{amqp}")));
        told.push(("redis", format!("rediss://{redis}")));
    }
    if cfg!(feature = "rabbitmq") {
        told.push(("bus", format!("amqp://{redis}")));
        told.push(("bus", format!("amqps://{amqp}")));
    }
    if cfg!(feature = "kafka") {
        told.push(("bus", format!("kafka://{redis}")));
    }
    for (kind, url) in told {
        let mut command = if kind == "bus" {
            let mut command = icommerce(&data);
            command.args(["--bus", &url]);
            command
        } else {
            with(
                &data,
                &[("STORAGE__KEY_VALUE__ENGINE", "redis"), ("STORAGE__KEY_VALUE__URL", &url)],
            )
        };
        let refused = assert_fails(command.arg("serve"), 3);
        assert!(refused.contains("what takes connections at 127.0.0.1:"), "{url}: {refused}");
        assert!(refused.contains("does not answer as "), "{url}: {refused}");
        let is_tls = url.starts_with("rediss") || url.starts_with("amqps");
        assert_eq!(refused.contains("it does not speak TLS"), is_tls, "{url}: {refused}");
    }
    assert!(!data.exists());
}

#[cfg(feature = "redis")]
#[test]
fn files_of_tls_without_tls_are_refused() {
    let folder = TempDir::new().unwrap();
    let variables = [
        ("STORAGE__KEY_VALUE__ENGINE", "redis"),
        ("STORAGE__KEY_VALUE__URL", "redis://127.0.0.1:1"),
        ("STORAGE__KEY_VALUE__CERTIFICATE_AUTHORITIES", "/ca.pem"),
    ];
    let refused = assert_fails(with(folder.path(), &variables).arg("serve"), 2);
    let setting = "storage.key_value.certificate_authorities: it has no effect without TLS";
    assert!(refused.contains(setting), "{refused}");
}
