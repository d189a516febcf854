//! Waiting for the pictures that the shop fetches after an import.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use axum::{Json, Router, routing::get};
use catalog_import::{FetchedPictures, wait_for_pictures};
use contracts::product::{MediaFailure, MediaReport};
use kernel::{Ids, ManualClock, SeededRandomness, Uuid};
use parking_lot::Mutex;
use shop_client::{EdgeClient, Progress, RetryPolicy};
use std::{collections::VecDeque, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

/// Outcome of waiting at a shop that reports these states, one after the other.
async fn wait(reports: Vec<MediaReport>) -> FetchedPictures {
    let reports = Arc::new(Mutex::new(VecDeque::from(reports)));
    let next = move || {
        let next = reports.lock().pop_front();
        async move { Json(next.unwrap()) }
    };
    let router = Router::new().route("/api/v1/media", get(next));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
    let edge = EdgeClient::new(&address, RetryPolicy::default(), ids).unwrap();
    wait_for_pictures(&edge, Progress::Silent).await.unwrap()
}

fn report(fetching: bool, pending: u64, stored: u64) -> MediaReport {
    MediaReport { fetching, pending, stored, ..MediaReport::default() }
}

#[tokio::test]
async fn an_import_waits_until_nothing_is_pending_and_names_what_failed() {
    let failure = |number: u32| MediaFailure {
        product_id: Uuid::from_u128(number.into()).to_string().parse().unwrap(),
        slug: format!("mug-{number}"),
        source: format!("https://cdn.example/{number}.jpg"),
        reason: "its server answered 404".to_owned(),
    };
    let failures: Vec<_> = (0..12).map(failure).collect();
    let last = MediaReport { failed: 12, failures, ..report(true, 0, 4_988) };
    let fetched = wait(vec![report(true, 3, 4_985), report(true, 1, 4_987), last]).await;
    assert_eq!((fetched.stored, fetched.failed, fetched.pending), (4_988, 12, 0));
    let shown = fetched.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "pictures from elsewhere: 4988 in the shop, 12 failed");
    assert_eq!(lines[1], "  mug-0: https://cdn.example/0.jpg its server answered 404");
    assert_eq!(lines.len(), 12);
}

#[tokio::test]
async fn nothing_is_waited_for_where_nothing_is_fetched() {
    let off = wait(vec![report(false, 7, 0)]).await;
    assert_eq!(
        off.to_string(),
        "pictures from elsewhere: 0 in the shop, 0 failed, 7 not fetched yet"
    );
    assert_eq!(wait(vec![report(true, 0, 0)]).await, FetchedPictures::default());
}
