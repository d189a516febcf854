//! Behaviour that only sockets have: broken endpoints, reused connections.

use crate::echo_service::{EchoService, Parcel, ServiceListener, base, over, spawn};
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

/// A server that writes this text to each connection and closes it, and the number of connections it had.
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

/// An address where nothing listens.
async fn unused_address() -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    base(listener.local_addr().unwrap())
}

async fn put(transport: &Channel) -> Result<Parcel, CallError> {
    Client::new("echo-service", transport.clone()).put("/echo").json(&parcel()).send().await
}

#[tokio::test]
async fn a_broken_endpoint_is_retried_elsewhere_and_then_passed_over() {
    for text in [
        "",
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        "this is not HTTP\r\n\r\n",
    ] {
        let echo = EchoService::default();
        let listener = ServiceListener::to(&echo).await;
        let (broken, came) = answering(text).await;
        let policy = CallPolicy {
            breaker_pause: Duration::from_mins(1),
            latency_memory: Duration::from_millis(1),
            ..CallPolicy::default()
        };
        let transport = over(vec![broken, base(listener.address)], policy);
        for _ in 0..200 {
            assert_eq!(put(&transport).await.unwrap(), parcel(), "{text:?}");
        }
        let came = came.load(Ordering::SeqCst);
        assert!((1..=5).contains(&came), "{text:?}: {came}");
        assert_eq!(echo.runs(), 200);
        listener.stop().await;
    }
}

#[tokio::test]
async fn an_endpoint_where_nothing_listens_is_passed_over() {
    let echo = EchoService::default();
    let listener = ServiceListener::to(&echo).await;
    let nobody = unused_address().await;
    let transport = over(vec![nobody.clone(), base(listener.address)], CallPolicy::default());
    for _ in 0..50 {
        assert_eq!(put(&transport).await.unwrap(), parcel());
    }
    let error = put(&over(vec![nobody], CallPolicy::default())).await.unwrap_err();
    let CallError::Unavailable { service: "echo-service", reason } = error else {
        panic!("{error}")
    };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn a_request_that_is_not_idempotent_is_sent_once() {
    let (broken, came) = answering("").await;
    let transport = over(vec![broken], CallPolicy::default());
    let echo = Client::new("echo-service", transport);
    for calls in 1..=3 {
        let sent = echo.post("/echo").json(&parcel()).send::<Parcel>().await;
        assert!(matches!(sent, Err(CallError::Unavailable { .. })));
        assert_eq!(came.load(Ordering::SeqCst), calls);
    }
    let sent = echo.post("/echo").json(&parcel()).idempotency_key("k").send::<Parcel>().await;
    assert!(sent.is_err());
    assert_eq!(came.load(Ordering::SeqCst), 5, "twice, and then the breaker is open");
}

#[tokio::test]
async fn connections_are_used_again_and_survive_a_restart_of_the_other_side() {
    let echo = EchoService::default();
    let listener = ServiceListener::to(&echo).await;
    let address = listener.address;
    let transport = over(vec![base(address)], CallPolicy::default());
    for _ in 0..3 {
        for _ in 0..10 {
            put(&transport).await.unwrap();
        }
    }
    listener.stop().await;
    assert!(put(&transport).await.is_err());
    let listener = ServiceListener::again_at(address, &echo).await;
    put(&transport).await.unwrap();
    assert_eq!(echo.runs(), 31);
    listener.stop().await;
}

#[tokio::test]
async fn an_answer_larger_than_any_is_refused() {
    let (endless, _) = answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
    let transport = over(vec![endless], CallPolicy { attempts_max: 1, ..CallPolicy::default() });
    let request = http::Request::builder().method(Method::GET).uri("/");
    let answer = transport.send(request.body(bytes::Bytes::new()).unwrap()).await;
    assert!(matches!(answer, Err(TransportError::Unreachable { service: "echo-service", .. })));
}

#[tokio::test]
async fn an_endpoint_is_its_own_host_and_learns_the_host_that_the_client_asked_for() {
    for (asked, forwarded) in
        [(None, None), (Some("shop.example"), None), (Some("inner"), Some("shop.example:8443"))]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        let mut request = http::Request::get("/echo");
        for (name, host) in [("host", asked), ("x-forwarded-host", forwarded)] {
            if let Some(host) = host {
                request = request.header(name, host);
            }
        }
        let channel = over(vec![base(address)], CallPolicy::default());
        channel.send(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
        let received = received.await.unwrap();
        let lines = |name: &str| -> Vec<String> {
            let lines = received.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|line| line.0 == name).map(|line| line.1.to_owned()).collect()
        };
        assert_eq!(lines("host"), [address.to_string()]);
        let expected: Vec<_> = forwarded.or(asked).map(ToOwned::to_owned).into_iter().collect();
        assert_eq!(lines("x-forwarded-host"), expected, "{received}");
    }
}
