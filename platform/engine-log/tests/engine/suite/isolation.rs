//! Isolation: no service reaches another's tables, whatever its name and whatever it queries.

use super::{NOTES, append, note, open};
use journal::conformance::{services_do_not_see_each_other, services_share_one_order};
use storage::{Collection, Query};

/// Collections whose names attempt to reach another service's table (SQL injection, path traversal).
static INJECTION: Collection =
    Collection { name: "notes\" UNION SELECT * FROM \"till/documents/notes", indexes: &[] };
static TRAVERSAL: Collection = Collection { name: "../till/documents/notes", indexes: &[] };

#[tokio::test]
async fn services_do_not_see_each_others_data() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    services_do_not_see_each_other(engine.service("warehouse"), engine.service("till")).await;
    services_share_one_order(engine.service("order"), engine.service("payment")).await;
}

/// Names that would collide, or inject SQL, if they were not encoded.
#[tokio::test]
async fn no_name_reaches_another_services_tables() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let pairs = [
        ("a", "A"),
        ("a", "a/journal"),
        ("a_b", "a-b"),
        ("a%2f", "a/"),
        ("x\"; DROP TABLE \"a/journal\"; --", "x"),
        ("ä", "a"),
        ("", "/"),
    ];
    for (one, two) in pairs {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(folder.path());
        services_do_not_see_each_other(engine.service(one), engine.service(two)).await;
        engine.close().await.unwrap();
    }

    let (own, other) = (engine.service("warehouse"), engine.service("till"));
    let mut request = append("thing-1", 0);
    request.writes = vec![note("one", "red")];
    other.journal.append(request).await.unwrap().commit.wait().await.unwrap();
    own.documents.write(vec![note("two", "red")]).await.unwrap().wait().await.unwrap();
    for malicious in [&INJECTION, &TRAVERSAL] {
        assert_eq!(own.documents.find(malicious, "one").await.unwrap(), None);
    }
    let found = own.documents.query(&NOTES, Query::all("by_colour", 10)).await.unwrap();
    assert_eq!(found.documents.len(), 1);
    assert_eq!(found.documents[0].key, "two");
}

#[tokio::test]
async fn the_bulk_log_has_its_own_file_and_positions() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let (service, bulk) = (engine.service("audit"), engine.bulk("audit"));
    let appended = bulk.journal.append(append("thing-1", 0)).await.unwrap();
    appended.commit.wait().await.unwrap();
    assert_eq!(engine.watermark().flushed(), 0, "bulk takes no position in the services' log");
    assert!(service.journal.follow(0, 10).await.unwrap().is_empty());
    assert_eq!((engine.statistics().flushes, engine.bulk_statistics().flushes), (0, 1));
}
