//! Certificate of the client (mutual TLS), which it presented to this edge, or which a trusted proxy passes on: in the header of RFC 9440, in
//! that of Envoy, or as a URL-encoded PEM, which is what nginx writes.

use crate::{
    client_identity::{ClientIdentity, ClientRoute},
    forwarded::{split_unquoted, unquoted},
};
use axum::http::{HeaderMap, HeaderName, request::Parts};
use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::security_checks::holds;
use transport::ClientCertificate;
use web::SecureConnection;

/// Header of RFC 9440, with the intermediate certificates beside it.
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
/// Header of Envoy.
const FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
/// Longest header that is looked at, in bytes.
const HEADER_BYTES_MAX: usize = 48 * 1024;
/// Marks of a certificate in PEM (RFC 7468).
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// Where the certificate of a client is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateSource(Option<HeaderName>);

impl CertificateSource {
    /// Header of this name; none for an empty one.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Ok(Self(None));
        }
        let name = HeaderName::try_from(name);
        name.map(|name| Self(Some(name))).map_err(|error| error.to_string())
    }

    /// Certificate of the client of a request: that of the connection, where it is the client's own, and where it is that of a trusted
    /// proxy, the one that the proxy passes on. Nobody else's header is believed, and the certificate of a proxy is that of no client.
    pub(crate) fn of_request(
        &self,
        head: &Parts,
        client: &ClientIdentity,
    ) -> Option<ClientCertificate> {
        let own = head.extensions.get::<SecureConnection>();
        let own = own.and_then(|connection| connection.certificate.clone());
        let is_direct = client.route == ClientRoute::Direct;
        if own.is_some() && holds("client_certificate_connection", is_direct) {
            return own;
        }
        let name = self.0.as_ref()?;
        let is_proxied = matches!(client.route, ClientRoute::TrustedProxy { .. });
        if !holds("client_certificate_proxy", is_proxied) {
            return None;
        }
        let text = single(&head.headers, name)?;
        if *name == CLIENT_CERT {
            let chain = single(&head.headers, &CLIENT_CERT_CHAIN);
            let all = chain.map_or_else(|| text.to_owned(), |chain| format!("{text}, {chain}"));
            return ClientCertificate::of_header(&all);
        }
        let pem = if *name == FORWARDED_CLIENT_CERT { of_envoy(text)? } else { decoded(text) };
        ClientCertificate::new(certificates(&pem)?)
    }
}

/// Text of a header that is there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    (lines.next().is_none() && line.len() <= HEADER_BYTES_MAX).then_some(line)
}

/// PEM of the last element: that of the proxy itself. Those before it came with the request.
fn of_envoy(text: &str) -> Option<String> {
    let last = split_unquoted(text, ',').last()?;
    let values = split_unquoted(last, ';').filter_map(|pair| pair.split_once('='));
    let values: Vec<_> = values.collect();
    let value = |name: &str| {
        let found = values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| decoded(&unquoted(value)))
    };
    // The chain begins with the certificate itself.
    value("chain").or_else(|| value("cert"))
}

/// Text that is URL-encoded. A plus sign is itself: it is a digit of base64.
fn decoded(text: &str) -> String {
    let escaped = ["a=", &text.replace('+', "%2B").replace('&', "%26")].concat();
    let value = form_urlencoded::parse(escaped.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Certificates of a text in PEM.
fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let mut certificates = Vec::new();
    let mut rest = pem.trim();
    while !rest.is_empty() {
        let (base64, next) = rest.strip_prefix(PEM_BEGIN)?.split_once(PEM_END)?;
        let base64: String = base64.split_ascii_whitespace().collect();
        certificates.push(BASE64_STANDARD.decode(base64).ok()?);
        rest = next.trim();
    }
    Some(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, Request};

    const PEM: &str = "-----BEGIN CERTIFICATE-----%0AAQID%2B%2F8%3D%0A-----END CERTIFICATE-----%0A";
    const DER: &[u8] = &[1, 2, 3, 0xfb, 0xff];

    fn client(is_proxied: bool) -> ClientIdentity {
        let route = if is_proxied {
            ClientRoute::TrustedProxy { proto: None, host: None }
        } else {
            ClientRoute::Direct
        };
        ClientIdentity { address: [192, 0, 2, 1].into(), route, is_secure: true }
    }

    fn read(name: &str, lines: &[(&'static str, &str)]) -> Option<Vec<Vec<u8>>> {
        let (mut head, ()) = Request::new(()).into_parts();
        for (name, line) in lines {
            head.headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        let source = CertificateSource::new(name).unwrap();
        let certificate = source.of_request(&head, &client(true))?;
        let chain = [&[certificate.der().to_vec()][..], certificate.intermediates()].concat();
        Some(chain)
    }

    #[test]
    fn each_proxy_has_a_way_of_its_own_to_say_it() {
        let one = Some(vec![DER.to_vec()]);
        assert_eq!(read("ssl-client-cert", &[("ssl-client-cert", PEM)]), one);
        assert_eq!(read("client-cert", &[("client-cert", ":AQID+/8=:")]), one);
        let two = Some(vec![DER.to_vec(), vec![1]]);
        let chain = [("client-cert", ":AQID+/8=:"), ("client-cert-chain", ":AQ==:")];
        assert_eq!(read("client-cert", &chain), two);
        let name = "x-forwarded-client-cert";
        let element = format!(r#"By=spiffe://a;Hash=ab;Cert="{PEM}";Subject="CN=a,O=b;c""#);
        assert_eq!(read(name, &[(name, &element)]), one);
        let chained = format!(
            r#"Hash=ab;Cert="{PEM}";Chain="{PEM}-----BEGIN CERTIFICATE-----%0AAQ%3D%3D%0A-----END CERTIFICATE-----%0A""#
        );
        assert_eq!(read(name, &[(name, &chained)]), two);
        let forged = format!(r#"Cert="forged",{element}"#);
        assert_eq!(read(name, &[(name, &forged)]), one, "the last is that of the proxy");
    }

    #[test]
    fn the_certificate_of_a_connection_is_that_of_its_client_and_never_that_of_a_proxy() {
        let (mut head, ()) = Request::new(()).into_parts();
        let certificate = ClientCertificate::new(vec![vec![7]]);
        head.extensions.insert(SecureConnection { certificate: certificate.clone() });
        head.headers.insert("client-cert", HeaderValue::from_static(":AQID+/8=:"));
        for name in ["", "client-cert"] {
            let source = CertificateSource::new(name).unwrap();
            assert_eq!(source.of_request(&head, &client(false)), certificate, "{name}");
            let passed_on = source.of_request(&head, &client(true));
            assert_eq!(passed_on.is_some(), !name.is_empty(), "{name}");
            assert_ne!(passed_on, certificate, "{name}");
        }
        head.extensions.insert(SecureConnection { certificate: None });
        let source = CertificateSource::new("client-cert").unwrap();
        assert_eq!(source.of_request(&head, &client(false)), None, "a header is no certificate");
    }

    #[test]
    fn what_nobody_trusted_says_or_what_is_said_twice_is_no_certificate() {
        let (mut head, ()) = Request::new(()).into_parts();
        head.headers.insert("client-cert", HeaderValue::from_static(":AQID+/8=:"));
        let source = CertificateSource::new("client-cert").unwrap();
        assert!(source.of_request(&head, &client(true)).is_some());
        assert_eq!(source.of_request(&head, &client(false)), None);
        assert_eq!(CertificateSource::new("").unwrap().of_request(&head, &client(true)), None);
        let twice = [("client-cert", ":AQ==:"), ("client-cert", ":AQ==:")];
        assert_eq!(read("client-cert", &twice), None);
        for wrong in ["", "AQ==", ":AQ:", ":AQ==:, x", "::"] {
            assert_eq!(read("client-cert", &[("client-cert", wrong)]), None, "{wrong}");
        }
        for wrong in ["", "x", "-----BEGIN CERTIFICATE-----AQ%3D%3D", "(null)"] {
            assert_eq!(read("ssl-client-cert", &[("ssl-client-cert", wrong)]), None, "{wrong}");
        }
        assert!(CertificateSource::new("no header").is_err());
    }
}
