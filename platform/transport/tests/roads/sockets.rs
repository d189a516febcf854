//! What only happens between processes.

use crate::town::{Listening, Parcel, Town, base, over, spawn};
use http::{Method, Uri};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use transport::{CallError, CallPolicy, Channel, Client, TransportError};

fn parcel() -> Parcel {
    Parcel { name: "a".to_owned(), weight: 1 }
}

/// An address where each connection gets this text and is closed, and how many came.
async fn answering(text: &'static str) -> (Uri, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, came) = (base(listener.local_addr().unwrap()), Arc::<AtomicUsize>::default());
    let counted = Arc::clone(&came);
    spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            drop(stream.read(&mut request).await);
            drop(stream.write_all(text.as_bytes()).await);
        }
    });
    (address, came)
}

/// An address where nobody listens.
async fn deserted() -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    base(listener.local_addr().unwrap())
}

async fn put(transport: &Channel) -> Result<Parcel, CallError> {
    Client::new("town", transport.clone()).put("/echo").json(&parcel()).send().await
}

#[tokio::test]
async fn a_broken_endpoint_is_retried_around_and_then_left_alone() {
    for text in [
        "",
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        "this is not HTTP\r\n\r\n",
    ] {
        let town = Town::default();
        let listening = Listening::to(&town).await;
        let (broken, came) = answering(text).await;
        let policy = CallPolicy {
            breaker_pause: Duration::from_mins(1),
            latency_memory: Duration::from_millis(1),
            ..CallPolicy::default()
        };
        let transport = over(vec![broken, base(listening.address)], policy);
        for _ in 0..200 {
            assert_eq!(put(&transport).await.unwrap(), parcel(), "{text:?}");
        }
        let came = came.load(Ordering::SeqCst);
        assert!((1..=5).contains(&came), "{text:?}: {came}");
        assert_eq!(town.runs(), 200);
        listening.stop().await;
    }
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_walked_past() {
    let town = Town::default();
    let listening = Listening::to(&town).await;
    let nobody = deserted().await;
    let transport = over(vec![nobody.clone(), base(listening.address)], CallPolicy::default());
    for _ in 0..50 {
        assert_eq!(put(&transport).await.unwrap(), parcel());
    }
    let error = put(&over(vec![nobody], CallPolicy::default())).await.unwrap_err();
    let CallError::Unavailable { service: "town", reason } = error else { panic!("{error}") };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn what_may_not_be_repeated_is_sent_once() {
    let (broken, came) = answering("").await;
    let transport = over(vec![broken], CallPolicy::default());
    let town = Client::new("town", transport);
    for calls in 1..=3 {
        let sent = town.post("/echo").json(&parcel()).send::<Parcel>().await;
        assert!(matches!(sent, Err(CallError::Unavailable { .. })));
        assert_eq!(came.load(Ordering::SeqCst), calls);
    }
    let sent = town.post("/echo").json(&parcel()).idempotency_key("k").send::<Parcel>().await;
    assert!(sent.is_err());
    assert_eq!(came.load(Ordering::SeqCst), 5, "twice, and then the endpoint is left alone");
}

#[tokio::test]
async fn connections_are_used_again_and_survive_a_restart_of_the_other_side() {
    let town = Town::default();
    let listening = Listening::to(&town).await;
    let address = listening.address;
    let transport = over(vec![base(address)], CallPolicy::default());
    for _ in 0..3 {
        for _ in 0..10 {
            put(&transport).await.unwrap();
        }
    }
    listening.stop().await;
    assert!(put(&transport).await.is_err());
    let listening = Listening::again_at(address, &town).await;
    put(&transport).await.unwrap();
    assert_eq!(town.runs(), 31);
    listening.stop().await;
}

#[tokio::test]
async fn an_answer_larger_than_any_is_refused() {
    let (endless, _) = answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
    let transport = over(vec![endless], CallPolicy { attempts_max: 1, ..CallPolicy::default() });
    let request = http::Request::builder().method(Method::GET).uri("/");
    let answer = transport.send(request.body(bytes::Bytes::new()).unwrap()).await;
    assert!(matches!(answer, Err(TransportError::Unreachable { service: "town", .. })));
}
