//! TLS towards servers: a shop that is kept and carried by them, and with which sentence one that is not trusted is refused.

use crate::{
    personal_data::succeeds,
    program::{assert_fails, icommerce, shopper_get, start_shop, stop_shop},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
#[cfg(feature = "kafka-tls")]
use test_servers::{KafkaServer, KafkaTls, kafka_libraries};
#[cfg(feature = "mongodb")]
use test_servers::{MongoServer, mongodb_libraries};
use test_servers::{
    PostgresServer, PostgresTls, RabbitServer, RabbitTls, RedisServer, TestAuthority,
    postgres_programs, rabbitmq_program, redis_program,
};

/// The superuser without a password, a user with one, and a user with a certificate; nobody without TLS.
const ACCESS: &str = "\
hostssl all postgres 127.0.0.1/32 trust
hostssl all shop     127.0.0.1/32 scram-sha-256
hostssl all robot    127.0.0.1/32 cert
";

fn database(authority: &TestAuthority) -> PostgresServer {
    let server = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let tls = PostgresTls { server, client_authority: authority.certificate(), access: ACCESS };
    PostgresServer::start_with_tls(&postgres_programs().unwrap(), tls).unwrap()
}

/// A command with these settings of the files of TLS in a section.
fn with_files(mut command: Command, section: &str, files: &[(&str, &Path)]) -> Command {
    for (name, file) in files {
        command.env(format!("ICOMMERCE_{section}__{name}"), file);
    }
    command
}

/// Asserts that a command is refused with exit code 3 and a sentence that begins with this setting or option, and has this word.
fn assert_refused(mut command: Command, (named, told): (&str, &str)) {
    let sentence = assert_fails(&mut command, 3);
    assert!(sentence.starts_with(&format!("icommerce: {named}: ")), "{named}: {sentence}");
    assert!(sentence.contains(told), "{told}: {sentence}");
}

#[test]
fn a_database_is_used_with_tls_and_refused_when_it_is_not_trusted() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let (server, folder) = (database(&authority), TempDir::new().unwrap());
    server.query("postgres", "CREATE DATABASE shop").unwrap();
    server.query("postgres", "CREATE ROLE robot LOGIN SUPERUSER").unwrap();
    let data = folder.path().join("data");
    let of = |user: &str, host: &str, parameters: &str| {
        let address = server.address().replace("127.0.0.1", host);
        format!("--storage=postgres://{user}@{address}/shop{parameters}")
    };
    let command = |arguments: &[&str], files: &[(&str, &Path)]| {
        let mut command = icommerce(&data);
        command.args(arguments);
        with_files(command, "STORAGE", files)
    };
    let [own, unknown] = [&authority, &other].map(TestAuthority::certificate);
    let full = of("postgres", "127.0.0.1", "?sslmode=verify-full");
    let trusted = [("CERTIFICATE_AUTHORITIES", &*own)];

    let file = "storage.certificate_authorities";
    let unset = command(&["serve", &full], &[]);
    assert_refused(unset, (file, "not trusted"));
    let wrong = command(&["serve", &full], &[("CERTIFICATE_AUTHORITIES", &unknown)]);
    assert_refused(wrong, (file, "not trusted"));
    let missing = Path::new("/nothing/here.pem");
    let missing = command(&["serve", &full], &[("CERTIFICATE_AUTHORITIES", missing)]);
    assert_refused(missing, (file, "/nothing/here.pem"));
    let by_name = of("postgres", "localhost", "?sslmode=verify-full");
    assert_refused(command(&["serve", &by_name], &trusted), ("--storage", "localhost"));
    let plain = of("postgres", "127.0.0.1", "?sslmode=disable");
    assert_refused(command(&["serve", &plain], &[]), ("--storage", "no encryption"));
    let half = of("postgres", "127.0.0.1", "?sslmode=verify-ca");
    assert!(assert_fails(&mut command(&["serve", &half], &trusted), 2).contains("verify-full"));

    let [robot, another] = ["robot", "another"].map(|it| authority.certify_client(it).unwrap());
    let shown = |key: &Path| {
        let (certificate, own) = (robot.certificate.clone(), own.clone());
        let files = [
            ("CERTIFICATE_AUTHORITIES", &*own),
            ("CLIENT_CERTIFICATE", &*certificate),
            ("CLIENT_KEY", key),
        ];
        command(&["migrate", &of("robot", "127.0.0.1", "")], &files)
    };
    let alone = command(&["migrate", &of("robot", "127.0.0.1", "")], &trusted);
    assert_refused(alone, ("--storage", "certificate"));
    assert_refused(shown(&another.key), ("storage.client_key", "not the key"));
    succeeds(&mut shown(&robot.key));

    let (shop, [buyers, _]) = start_shop(&mut command(&["serve", &full], &trusted));
    assert!(shopper_get(&buyers, "/api/v1/products?limit=1").contains("\"slug\""));
    stop_shop(shop);
    succeeds(&mut command(&["check", &full], &trusted));
}

#[test]
fn a_password_of_the_environment_or_a_file_is_used_and_never_shown() {
    let (authority, folder) = (TestAuthority::create().unwrap(), TempDir::new().unwrap());
    let server = database(&authority);
    server.query("postgres", "CREATE ROLE shop LOGIN SUPERUSER PASSWORD 'right'").unwrap();
    let (address, own) = (server.address(), authority.certificate());
    let migrating = || {
        let mut command = icommerce(&folder.path().join("data"));
        command.arg("migrate");
        with_files(command, "STORAGE", &[("CERTIFICATE_AUTHORITIES", &own)])
    };
    let by_environment = |password: &str| {
        let mut command = migrating();
        command.arg(format!("--storage=postgres://shop@{address}/postgres"));
        command.env("PGPASSWORD", password);
        command
    };
    let by_file = |password: &str| {
        let file = folder.path().join("url");
        fs::write(&file, format!("postgres://shop:{password}@{address}/postgres\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = migrating();
        command.env("ICOMMERCE_STORAGE__ENGINE", "postgres");
        command.env("ICOMMERCE_STORAGE__URL_FILE", file);
        command
    };
    let wrong = "the-password";
    for (mut command, named) in
        [(by_environment(wrong), "--storage"), (by_file(wrong), "storage.url_file")]
    {
        let sentence = assert_fails(&mut command, 3);
        assert!(sentence.starts_with(&format!("icommerce: {named}: ")), "{sentence}");
        assert!(sentence.contains("refuses the user or the password"), "{sentence}");
        assert!(!sentence.contains(wrong), "{sentence}");
    }
    succeeds(&mut by_environment("right"));
    assert!(succeeds(&mut by_file("right")).contains("nothing to apply"));
}

/// A shop with a server of streams or values, or a broker, that takes TLS: with the right authority it starts; with another one, and with
/// another name than that of the certificate, it is refused.
fn assert_trusts_its_authority_alone(
    section: &str,
    (url, key): (&str, &str),
    (own, unknown): (&Path, &Path),
    settings: impl Fn(&mut Command, &str),
) {
    let folder = TempDir::new().unwrap();
    let shop = |url: &str, authority: Option<&Path>| {
        let mut command = icommerce(&folder.path().join("data"));
        command.arg("--no-demo");
        settings(&mut command, url);
        let files: Vec<_> =
            authority.map(|file| ("CERTIFICATE_AUTHORITIES", file)).into_iter().collect();
        with_files(command, section, &files)
    };
    let file = format!("{}.certificate_authorities", section.to_lowercase().replace("__", "."));
    assert_refused(shop(url, None), (&file, "not trusted"));
    assert_refused(shop(url, Some(unknown)), (&file, "not trusted"));
    let by_name = url.replace("127.0.0.1", "localhost");
    assert_refused(shop(&by_name, Some(own)), (key, "localhost"));
    assert!(!folder.path().join("data").exists(), "nothing is made for a shop that cannot start");
    let (child, _) = start_shop(&mut shop(url, Some(own)));
    stop_shop(child);
}

fn authorities() -> (TestAuthority, TestAuthority, [PathBuf; 2]) {
    let (own, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let files = [own.certificate(), other.certificate()];
    (own, other, files)
}

#[test]
fn a_server_of_values_and_streams_is_trusted_by_its_authority_alone() {
    let (authority, _other, [own, unknown]) = authorities();
    let server = RedisServer::start(&redis_program().unwrap()).unwrap();
    let certified = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let url = server.listen_with_tls(&certified, None).unwrap();
    let files = (&*own, &*unknown);
    let of_bus = |command: &mut Command, url: &str| {
        command.args(["--bus", url]);
    };
    assert_trusts_its_authority_alone("BUS", (&url, "--bus"), files, of_bus);
    let of_values = |command: &mut Command, url: &str| {
        command.env("ICOMMERCE_STORAGE__KEY_VALUE__ENGINE", "redis");
        command.env("ICOMMERCE_STORAGE__KEY_VALUE__URL", url);
    };
    let section = "STORAGE__KEY_VALUE";
    assert_trusts_its_authority_alone(section, (&url, "storage.key_value.url"), files, of_values);
}

#[test]
fn a_broker_of_queues_is_trusted_by_its_authority_alone() {
    let (authority, _other, [own, unknown]) = authorities();
    let server = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let tls = RabbitTls { server, client_authority: None };
    let broker = RabbitServer::start_with_tls(&rabbitmq_program().unwrap(), tls).unwrap();
    let url = broker.tls_url();
    let of_bus = |command: &mut Command, url: &str| {
        command.args(["--bus", url]).env("ICOMMERCE_BUS__PARTITIONS", "1");
    };
    assert_trusts_its_authority_alone("BUS", (&url, "--bus"), (&own, &unknown), of_bus);
}

#[cfg(feature = "kafka-tls")]
#[test]
fn a_broker_of_logs_is_trusted_by_its_authority_alone() {
    let (authority, _other, [own, unknown]) = authorities();
    let server = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let tls = KafkaTls { server, client_authority: authority.certificate() };
    let broker = KafkaServer::start_with_tls(&kafka_libraries().unwrap(), tls).unwrap();
    let folder = TempDir::new().unwrap();
    let of_user = |password: &str, host: &str| {
        let address = broker.scram_address().replace("127.0.0.1", host);
        format!("kafkas://{}:{password}@{address}?mechanism=SCRAM-SHA-512", KafkaServer::USER)
    };
    let shop = |url: &str, authority: Option<&Path>| {
        let mut command = icommerce(&folder.path().join("data"));
        command.args(["--no-demo", "--config"]).arg(with_url(folder.path(), "bus", "kafka", url));
        let files: Vec<_> =
            authority.map(|file| ("CERTIFICATE_AUTHORITIES", file)).into_iter().collect();
        with_files(command, "BUS", &files)
    };
    let right = of_user(KafkaServer::PASSWORD, "127.0.0.1");
    let told = ("bus.certificate_authorities", "not trusted");
    assert_refused(shop(&right, None), told);
    assert_refused(shop(&right, Some(&unknown)), told);
    assert_refused(shop(&of_user(KafkaServer::PASSWORD, "localhost"), Some(&own)), told);
    assert_refused(shop(&of_user("another", "127.0.0.1"), Some(&own)), ("bus.url", "password"));
    assert!(!folder.path().join("data").exists(), "nothing is made for a shop that cannot start");
    let (child, _) = start_shop(&mut shop(&right, Some(&own)));
    stop_shop(child);
}

#[cfg(feature = "mongodb")]
#[test]
fn a_server_of_documents_is_trusted_by_its_authority_alone() {
    let (authority, _other, [own, unknown]) = authorities();
    let certified = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let server = MongoServer::start_with_tls(&mongodb_libraries().unwrap(), certified).unwrap();
    let folder = TempDir::new().unwrap();
    let (url, section) = (format!("{}/shop?tls=true", server.url()), "storage.documents");
    let shop = |url: &str, authority: Option<&Path>| {
        let mut command = icommerce(&folder.path().join("data"));
        command.args(["--no-demo", "--config"]).arg(with_url(
            folder.path(),
            section,
            "mongodb",
            url,
        ));
        let files: Vec<_> =
            authority.map(|file| ("CERTIFICATE_AUTHORITIES", file)).into_iter().collect();
        with_files(command, "STORAGE__DOCUMENTS", &files)
    };
    let by_name = url.replace("127.0.0.1", "localhost");
    for (url, authority, told) in [
        (&url, None, "certificate"),
        (&url, Some(&*unknown), "certificate"),
        (&by_name, Some(&*own), "not valid for name"),
    ] {
        assert_refused(shop(url, authority), ("storage.documents.url", told));
    }
    assert!(!folder.path().join("data").exists(), "nothing is made for a shop that cannot start");
    let (child, _) = start_shop(&mut shop(&url, Some(&own)));
    stop_shop(child);
}

/// Settings file in this folder with the engine and the address of a section, where a password is seen by nobody else.
#[cfg(any(feature = "kafka-tls", feature = "mongodb"))]
fn with_url(folder: &Path, section: &str, engine: &str, url: &str) -> PathBuf {
    let file = folder.join("shop.toml");
    fs::write(&file, format!("[{section}]\nengine = \"{engine}\"\nurl = \"{url}\"\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}
