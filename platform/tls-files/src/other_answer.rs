//! Servers that take a connection and then answer otherwise than they are asked to: without TLS, with it, or in another protocol. The
//! drivers say that nobody answers, or that a message is corrupt.

use crate::PeerCertificateError;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};

/// How long a connection of a probe may take.
const PROBE_WITHIN: Duration = Duration::from_secs(1);

/// What rustls says of an answer that is not TLS.
const NOT_TLS: [&str; 2] = ["InvalidContentType", "invalid content type"];

/// What drivers say of an answer that does not come.
const TIMED_OUT: &str = "timed out";
/// What rustls says when the server ends the handshake.
const REFUSED: &str = "received fatal alert";
/// What OpenSSL says then, with the name of the alert between the two.
const REFUSED_BY_ALERT: (&str, &str) = ("SSL routines", "SSL alert number");

/// Whether anything takes connections at one of these addresses (`host:port,host:port`), whatever it is.
pub async fn takes_connections(addresses: &str) -> bool {
    for address in addresses.split(',') {
        if matches!(timeout(PROBE_WITHIN, TcpStream::connect(address)).await, Ok(Ok(_))) {
            return true;
        }
    }
    false
}

/// Whether OpenSSL says that the server ended the handshake.
pub fn is_tls_alert(reason: &str) -> bool {
    let (library, alert) = REFUSED_BY_ALERT;
    reason.contains(library) && reason.contains(alert)
}

/// What an answer means that a driver did not expect: that it is not TLS, or what the driver says, and how that comes about.
pub fn other_answer(reason: &str) -> String {
    if NOT_TLS.iter().any(|words| reason.contains(words)) {
        return "it does not speak TLS, which the URL asks for".to_owned();
    }
    if reason.contains(TIMED_OUT) {
        return format!(
            "it is busy or stopped, speaks TLS where the URL has none, or another protocol ({reason})"
        );
    }
    if reason.contains(REFUSED) || is_tls_alert(reason) {
        return format!("it refuses TLS with us, perhaps for want of a certificate ({reason})");
    }
    if PeerCertificateError::of(reason).is_some() {
        return format!("its certificate is not accepted ({reason})");
    }
    format!(
        "it speaks TLS where the URL has none, or none where the URL has it, or another protocol ({reason})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

    #[test]
    fn the_words_of_the_library_for_an_answer_without_tls_are_known() {
        let error = Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert!(other_answer(&format!("IO error: {error}")).starts_with("it does not speak TLS"));
        let refused = Error::AlertReceived(AlertDescription::CertificateRequired);
        assert!(other_answer(&refused.to_string()).contains("for want of a certificate"));
        let by_openssl =
            "error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42";
        assert!(other_answer(by_openssl).contains("for want of a certificate"));
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(other_answer(&unknown.to_string()).starts_with("its certificate is not accepted"));
        assert!(other_answer("timed out").starts_with("it is busy or stopped"));
        assert!(other_answer("unexpected end of file").contains("unexpected end of file"));
    }

    #[tokio::test]
    async fn a_port_that_takes_connections_is_told_from_one_that_does_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(takes_connections(&format!("127.0.0.1:1,{address}")).await);
        assert!(!takes_connections("127.0.0.1:1").await);
        assert!(!takes_connections("no address").await);
    }
}
