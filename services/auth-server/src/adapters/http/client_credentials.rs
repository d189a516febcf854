//! Credentials of a client in a request: in the header or in the body, by one method.

use super::{body, error_response::ErrorResponse};
use crate::{
    application::{
        authorization::parameters::Parameters,
        clients::authentication::{AuthenticatedClient, Credentials},
    },
    provider::Provider,
};
use axum::extract::Request;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header};
use transport::Context;

/// Type of assertions (RFC 7523, section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TWO_METHODS: &str = "the client authenticates by more than one method";

/// Request of a client that authenticated itself.
#[derive(Debug)]
pub(crate) struct ClientRequest {
    pub(crate) client: AuthenticatedClient,
    pub(crate) parameters: Parameters,
    pub(crate) headers: HeaderMap,
}

/// Reads a request by POST, and authenticates its client.
pub(crate) async fn authenticated(
    provider: &Provider,
    request: Request,
) -> Result<ClientRequest, ErrorResponse> {
    let (head, body) = request.into_parts();
    let parameters = body::form(&head.headers, body).await?;
    let certificate = Context::current_certificate();
    let tried_basic = head.headers.contains_key(header::AUTHORIZATION);
    let client = match credentials(&head.headers, &parameters)? {
        Some(credentials) => {
            provider.authenticator.authenticate(&credentials, certificate.as_ref()).await?
        }
        None => None,
    };
    let client = client.ok_or(ErrorResponse::invalid_client(tried_basic))?;
    Ok(ClientRequest { client, parameters, headers: head.headers })
}

/// Credentials; none where there are none that could prove anything.
fn credentials(
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Option<Credentials>, ErrorResponse> {
    let id = parameters.get("client_id").map(ToOwned::to_owned);
    let secret = parameters.get("client_secret").map(ToOwned::to_owned);
    let assertion = parameters.get("client_assertion").map(ToOwned::to_owned);
    let two_methods = || ErrorResponse::new("invalid_request", TWO_METHODS);
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(line) = lines.next() {
        if lines.next().is_some() || secret.is_some() || assertion.is_some() {
            return Err(two_methods());
        }
        let Some((basic_id, secret)) = line.to_str().ok().and_then(basic) else { return Ok(None) };
        if id.is_some_and(|id| id != basic_id) {
            return Err(two_methods());
        }
        return Ok(Some(Credentials::Secret { id: basic_id, secret }));
    }
    match (id, secret, assertion) {
        (_, Some(_), Some(_)) => Err(two_methods()),
        (id, None, Some(assertion)) => {
            if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                let unknown = "the client_assertion_type is not supported";
                return Err(ErrorResponse::new("invalid_request", unknown));
            }
            Ok(Some(Credentials::Assertion { id, assertion }))
        }
        (Some(id), Some(secret), None) => Ok(Some(Credentials::Secret { id, secret })),
        (Some(id), None, None) => Ok(Some(Credentials::Public { id })),
        (None, _, None) => Ok(None),
    }
}

/// Identifier and secret of HTTP Basic, each form-encoded before they were joined (RFC 6749, section 2.3.1).
pub(crate) fn basic(line: &str) -> Option<(String, String)> {
    let (scheme, encoded) = line.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(text: &str) -> Option<String> {
    // As the value of a form that has nothing else in it.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    let pair = ["a=", &escaped].concat();
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn identifier_and_secret_are_decoded_after_they_were_parted() {
        let read = |text: &str| basic(&header(text));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("app:secret"), pair("app", "secret"));
        assert_eq!(read("a%3Ap%20p:s%2Be+c:r&e=t"), pair("a:p p", "s+e c:r&e=t"));
        assert_eq!(read("app:"), pair("app", ""));
        assert_eq!(read("app"), None);
        assert_eq!(basic(&header("app:x").replace("Basic", "bAsIc")), pair("app", "x"));
        for wrong in ["Basic", "Basic ", "Basic !", "Bearer YTpi", ""] {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_not(line in ".{0,80}", text in ".{0,40}") {
            basic(&line);
            let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(basic(&header(&format!("{encoded}:{encoded}"))), Some((text.clone(), text)));
        }
    }
}
