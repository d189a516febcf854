//! Posting to servers on this machine: what arrives, what counts as success, which addresses are refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use outbound::{FetchError, FetchLimits, Fetcher, Reach};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

const LIMITS: FetchLimits =
    FetchLimits { bytes_max: 1_000, time_max: Duration::from_secs(20), redirects_max: 3 };
const FORM: &str = "application/x-www-form-urlencoded";

/// Result of a request that is answered with this, and the request as it arrived.
async fn posted(response: &'static str) -> (Result<(), FetchError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/path?a=b", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"token=x") {
            received.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(response.as_bytes()).await.unwrap();
        String::from_utf8(received).unwrap()
    });
    let fetcher = Fetcher::new("tests/1.0", "*/*", LIMITS, Reach::PublicAndLoopback);
    let result = fetcher.post(&address, FORM, "token=x".into()).await;
    (result, server.join_next().await.unwrap().unwrap())
}

#[tokio::test]
async fn a_form_arrives_and_the_status_says_how_it_went() {
    let (result, request) = posted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(result, Ok(()));
    assert!(request.starts_with("POST /path?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.contains("content-length: 7\r\n"), "{request}");
    for (response, expected) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", Ok(())),
        ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", Err(FetchError::Status(400))),
        ("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", Err(FetchError::Status(503))),
        (
            "HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
            Err(FetchError::Redirects),
        ),
        ("no HTTP\r\n\r\n", Err(FetchError::Unreachable)),
    ] {
        assert_eq!(posted(response).await.0, expected, "{response}");
    }
}

#[tokio::test]
async fn only_public_addresses_are_posted_to_unless_an_operator_opens_the_others() {
    let post = async |reach, address: &str| {
        Fetcher::new("tests/1.0", "*/*", LIMITS, reach).post(address, FORM, "a".into()).await
    };
    for address in ["http://127.0.0.1:9/", "http://10.0.0.1/", "http://[fd00::1]/"] {
        assert_eq!(post(Reach::Public, address).await, Err(FetchError::NotPublic), "{address}");
    }
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    assert_eq!(post(Reach::Everywhere, &closed).await, Err(FetchError::Unreachable));
    for address in ["", "/path", "ftp://host/a", "http://me:secret@127.0.0.1/"] {
        let refused = post(Reach::Everywhere, address).await;
        assert_eq!(refused, Err(FetchError::InvalidAddress), "{address}");
    }
}
