//! The suite that every document store passes.

use engine_mongodb::{MongoEngine, MongoOptions};
use std::sync::Arc;
use storage::Documents;
use test_servers::MongoDatabase;

async fn documents() -> (Arc<dyn Documents>, MongoEngine) {
    let database = MongoDatabase::create().expect("`cargo xtask test` starts a server");
    let options = MongoOptions::new(database.url()).expect("it is a URL");
    let engine = MongoEngine::open(options).await.expect("the server answers");
    (engine.documents("warehouse"), engine)
}

storage::documents_conformance!(documents);
storage::conditional_documents_conformance!(documents);

#[tokio::test]
async fn services_do_not_mix() {
    static NOTES: storage::Collection = storage::Collection { name: "notes", indexes: &[] };
    let (documents, engine) = documents().await;
    let note = storage::Document { key: "one".to_owned(), body: "red".into(), fields: Vec::new() };
    let put = storage::Write::Put { collection: &NOTES, document: note };
    documents.write(vec![put]).await.unwrap().wait().await.unwrap();
    assert!(documents.find(&NOTES, "one").await.unwrap().is_some());
    let other = engine.documents("letter-service");
    assert!(other.find(&NOTES, "one").await.unwrap().is_none());
    assert!(other.scan(&NOTES, None, 10).await.unwrap().is_empty());
}
