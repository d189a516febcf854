//! Servers and databases that are refused, each with a sentence of its own.

use engine_mongodb::{MongoEngine, MongoError, MongoOptions};
use std::time::Duration;
use test_servers::{MongoDatabase, MongoServer, MongoVersion};

async fn refused(url: &str) -> MongoError {
    let mut options = MongoOptions::new(url).unwrap();
    options.connect_timeout = Duration::from_millis(500);
    MongoEngine::open(options).await.expect_err("it is refused")
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let error = refused("mongodb://shop:the-password@127.0.0.1:1/shop").await;
    assert!(matches!(error, MongoError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:1/shop"), "{error}");
    assert!(!error.to_string().contains("the-password"), "{error}");
}

#[tokio::test]
async fn a_user_whom_the_server_does_not_know_is_refused() {
    let database = MongoDatabase::create().unwrap();
    let url = database.url().replace("mongodb://", "mongodb://shop:the-password@");
    let error = refused(&url).await;
    assert!(matches!(error, MongoError::Credentials { .. }), "{error:?}");
    assert!(!error.to_string().contains("the-password"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let libraries = test_servers::mongodb_libraries().unwrap();
    let server = MongoServer::start_version(&libraries, MongoVersion::Four).unwrap();
    let error = refused(&format!("{}/shop", server.url())).await;
    assert!(
        matches!(&error, MongoError::Version { version, .. } if version == "4.4.0"),
        "{error:?}"
    );
}

#[tokio::test]
async fn documents_of_a_newer_program_are_refused_and_left_as_they_are() {
    let database = MongoDatabase::create().unwrap();
    let options = MongoOptions::new(database.url()).unwrap();
    MongoEngine::open(options.clone()).await.expect("an empty database is marked");
    MongoEngine::open(options).await.expect("a marked one is opened again");
    let client = mongodb::Client::with_uri_str(database.url()).await.unwrap();
    let layouts = client.default_database().unwrap().collection("icommerce");
    let newer = mongodb::bson::doc! { "_id": "layout", "number": MongoError::LAYOUT + 1 };
    layouts.replace_one(mongodb::bson::doc! {}, &newer).await.unwrap();
    let error = refused(database.url()).await;
    assert!(matches!(error, MongoError::Layout { found: 2, .. }), "{error:?}");
    let left = layouts.find_one(mongodb::bson::doc! {}).await.unwrap();
    assert_eq!(left, Some(newer));
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let mut options = MongoOptions::new("mongodb://127.0.0.1:1/shop").unwrap();
    for (file, reason) in [("/nothing/here.pem", "No such file"), ("Cargo.toml", "no certificate")]
    {
        options.certificate_authorities = Some(file.into());
        let error = MongoEngine::open(options.clone()).await.expect_err("it is refused");
        assert!(matches!(error, MongoError::Certificates { .. }), "{error:?}");
        assert!(
            error.to_string().starts_with(file) && error.to_string().contains(reason),
            "{error}"
        );
    }
}
