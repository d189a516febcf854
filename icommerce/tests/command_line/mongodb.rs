//! Read models of consumers in MongoDB: what is refused, what lies there, and what becomes of it when the server, the shop or its data
//! were away.

#[cfg(feature = "mongodb")]
mod read_models;

use crate::program::{assert_fails, icommerce};
use std::process::Command;
use tempfile::TempDir;

fn with_mongodb<'a>(command: &'a mut Command, url: &str) -> &'a mut Command {
    command.env("ICOMMERCE_STORAGE__DOCUMENTS__ENGINE", "mongodb");
    command.env("ICOMMERCE_STORAGE__DOCUMENTS__URL", url)
}

#[cfg(not(feature = "mongodb"))]
#[test]
fn a_build_without_mongodb_names_the_feature() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut shop = icommerce(&data);
    let refused = assert_fails(with_mongodb(&mut shop, "mongodb://127.0.0.1:1/shop"), 2);
    assert!(
        refused.contains("storage.documents.engine") && refused.contains("--features mongodb"),
        "{refused}"
    );
    assert!(!data.exists());
}

#[cfg(feature = "mongodb")]
#[test]
fn a_database_that_cannot_be_used_is_told_by_its_setting() {
    use test_servers::{MongoDatabase, MongoServer, MongoVersion, mongodb_libraries};

    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let refused = |url: &str, code| {
        let sentence = assert_fails(with_mongodb(&mut icommerce(&data), url), code);
        assert!(sentence.contains("storage.documents.url"), "{url}: {sentence}");
        assert!(!sentence.contains("the-password"), "{sentence}");
        sentence
    };
    for wrong in ["", "http://127.0.0.1/shop", "mongodb://127.0.0.1", "mongodb://"] {
        refused(wrong, 2);
    }
    let unreachable = refused("mongodb://shop:the-password@127.0.0.1:1/shop", 3);
    let reason =
        "no MongoDB server answers at 127.0.0.1:1/shop: Connection refused (os error 111)\n";
    assert!(unreachable.ends_with(reason), "{unreachable}");
    let database = MongoDatabase::create().unwrap();
    let url = database.url().replace("mongodb://", "mongodb://shop:the-password@");
    assert!(refused(&url, 3).contains("refuses the user or the password"));
    let old = MongoServer::start_version(&mongodb_libraries().unwrap(), MongoVersion::Four);
    let old = old.unwrap();
    let version = refused(&format!("{}/shop", old.url()), 3);
    assert!(version.contains("is version 4.4.0; version 5 or later is needed"), "{version}");

    let mut missing = icommerce(&data);
    let file = folder.path().join("missing");
    with_mongodb(&mut missing, "").env("ICOMMERCE_STORAGE__DOCUMENTS__URL_FILE", file);
    assert!(assert_fails(&mut missing, 3).contains("storage.documents.url_file"));
    let mut authorities = icommerce(&data);
    let variable = "ICOMMERCE_STORAGE__DOCUMENTS__CERTIFICATE_AUTHORITIES";
    with_mongodb(&mut authorities, database.url()).env(variable, "/nothing/here.pem");
    let authorities = assert_fails(&mut authorities, 3);
    assert!(
        authorities.contains("storage.documents.certificate_authorities: /nothing/here.pem"),
        "{authorities}"
    );
    assert!(!data.exists(), "nothing was opened");
}
