//! Caller's credential: proof that a request between processes comes from a member of the fleet.
//!
//! Members share a secret. Each request carries `v1.<expiry>.<mac>`: Unix seconds until which it is valid, and the
//! HMAC-SHA-256 (RFC 2104) over version, called service and expiry, in hexadecimal digits. So a credential opens one
//! service for a minute; it neither names nor signs the request, which the network between the processes has to protect.

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderValue};
use kernel::{Clock, Problem, Timestamp, codes, hex};
use sha2::Sha256;
use std::{fmt, sync::Arc};
use transport::{Channel, Request, Response, Transport, TransportError};

/// Header that carries the credential.
pub const CREDENTIAL_HEADER: &str = "icommerce-credential";
/// Value of the same header in the refusal of a request without a valid credential, which tells it from an answer of the service.
pub const CREDENTIAL_REFUSED: &str = "refused";
/// How long a credential is valid, in seconds: longer than any call, and than clocks of one fleet differ.
const VALID_SECONDS: i64 = 60;
/// The shortest secret, in bytes: one that can be guessed protects nothing.
pub const SECRET_BYTES_MIN: usize = 16;

/// Secret of a fleet, with which its members make and verify credentials.
///
/// ```
/// use kernel::{ManualClock, Timestamp};
/// use rpc::FleetSecret;
/// use std::sync::Arc;
///
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let secret = FleetSecret::new(b"sixteen bytes or more", clock).unwrap();
/// let credential = secret.credential("task-service");
/// assert!(secret.verify("task-service", &credential));
/// assert!(!secret.verify("mail-service", &credential));
/// ```
#[derive(Clone)]
pub struct FleetSecret {
    key: Arc<[u8]>,
    clock: Arc<dyn Clock>,
}

impl FleetSecret {
    /// The secret of a fleet; `None` when it is shorter than [`SECRET_BYTES_MIN`].
    pub fn new(secret: &[u8], clock: Arc<dyn Clock>) -> Option<Self> {
        (secret.len() >= SECRET_BYTES_MIN).then(|| Self { key: Arc::from(secret), clock })
    }

    /// A credential for calls of this service.
    pub fn credential(&self, service: &str) -> String {
        let expiry = self.clock.now().as_second() + VALID_SECONDS;
        let mac = self.mac(service, expiry).finalize().into_bytes();
        format!("v1.{expiry}.{}", hex::encode(&mac))
    }

    /// Whether a credential is valid now for calls of this service. Compares in constant time.
    pub fn verify(&self, service: &str, credential: &str) -> bool {
        let Some((expiry, digits)) =
            credential.strip_prefix("v1.").and_then(|rest| rest.split_once('.'))
        else {
            return false;
        };
        let Ok(expiry) = expiry.parse::<i64>() else { return false };
        let now: Timestamp = self.clock.now();
        // One from too far in the future was not made by a member whose clock is right.
        let is_current = (now.as_second()..=now.as_second() + 2 * VALID_SECONDS).contains(&expiry);
        let Some(mac) = hex::decode(digits) else { return false };
        is_current && self.mac(service, expiry).verify_slice(&mac).is_ok()
    }

    /// Refuses a request to this service that carries no valid credential.
    ///
    /// # Errors
    ///
    /// 401 `unauthenticated`.
    pub fn authenticate(&self, service: &str, headers: &HeaderMap) -> Result<(), Problem> {
        let credential = headers.get(CREDENTIAL_HEADER).and_then(|value| value.to_str().ok());
        if credential.is_some_and(|credential| self.verify(service, credential)) {
            return Ok(());
        }
        let title =
            "only processes of this fleet may call its services; give this one the fleet's secret";
        Err(Problem::of(codes::UNAUTHENTICATED, title))
    }

    /// The same channel, whose requests carry a credential for the service it leads to. Where that is refused, the service cannot be
    /// reached: whoever called this process has done nothing wrong, and may try again when the clocks agree.
    pub fn sign(&self, service: &'static str, channel: Channel) -> Channel {
        Channel::new(SigningTransport { secret: self.clone(), service, channel })
    }

    /// Secret for another purpose than credentials, the same in each process of the fleet. It is not to be printed.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let key = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        key.chain_update(format!("derived.{purpose}")).finalize().into_bytes().into()
    }

    fn mac(&self, service: &str, expiry: i64) -> Hmac<Sha256> {
        let key = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        key.chain_update(format!("v1.{service}.{expiry}"))
    }
}

impl fmt::Debug for FleetSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FleetSecret(***)")
    }
}

struct SigningTransport {
    secret: FleetSecret,
    service: &'static str,
    channel: Channel,
}

#[async_trait]
impl Transport for SigningTransport {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        let credential = HeaderValue::from_str(&self.secret.credential(self.service));
        let credential = credential.expect("digits and points may stand in a header");
        request.headers_mut().insert(CREDENTIAL_HEADER, credential);
        let response = self.channel.send(request).await?;
        if response.headers().get(CREDENTIAL_HEADER).is_some_and(|it| it == CREDENTIAL_REFUSED) {
            let reason = "it does not take this process for a member of its fleet: their secrets differ, or their clocks by more than a minute";
            return Err(TransportError::Unreachable {
                service: self.service,
                reason: reason.to_owned(),
            });
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ManualClock;
    use std::time::Duration;

    fn secret(text: &str, clock: &Arc<ManualClock>) -> FleetSecret {
        FleetSecret::new(text.as_bytes(), Arc::<ManualClock>::clone(clock)).expect("long enough")
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time")))
    }

    #[test]
    fn a_credential_opens_one_service_for_a_minute() {
        let clock = clock();
        let ours = secret("the secret of one fleet", &clock);
        let credential = ours.credential("order-service");
        assert!(ours.verify("order-service", &credential));
        assert!(!ours.verify("cart-service", &credential));
        assert!(!secret("the secret of another", &clock).verify("order-service", &credential));
        clock.advance(Duration::from_mins(1));
        assert!(ours.verify("order-service", &credential));
        clock.advance(Duration::from_secs(1));
        assert!(!ours.verify("order-service", &credential));
    }

    #[test]
    fn whatever_was_changed_is_refused() {
        let ours = secret("the secret of one fleet", &clock());
        let credential = ours.credential("order-service");
        for index in 0..credential.len() {
            let mut changed = credential.clone().into_bytes();
            changed[index] = if changed[index] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(!ours.verify("order-service", &changed), "{changed}");
            assert!(!ours.verify("order-service", &credential[..index]), "{index}");
        }
        for nonsense in
            ["", "v1", "v1..", "v1.x.00", "v2.1.00", "v1.99999999999.00", "v1.1.ä", "v1.1.+f"]
        {
            assert!(!ours.verify("order-service", nonsense), "{nonsense}");
        }
    }

    /// Service that verifies credentials by another clock, and answers 401 for itself.
    struct Verifying(FleetSecret);

    #[async_trait]
    impl Transport for Verifying {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let mut response = http::Response::builder().status(401);
            if self.0.authenticate("order-service", request.headers()).is_err() {
                response = response.header(CREDENTIAL_HEADER, CREDENTIAL_REFUSED);
            }
            Ok(response.body(bytes::Bytes::new()).expect("a response"))
        }
    }

    #[tokio::test]
    async fn a_service_whose_clock_is_another_cannot_be_reached_and_its_own_answers_pass() {
        let (here, there) = (clock(), clock());
        let theirs = Channel::new(Verifying(secret("the secret of one fleet", &there)));
        let signed = secret("the secret of one fleet", &here).sign("order-service", theirs);
        let own = signed.send(Request::default()).await.expect("an answer of the service");
        assert_eq!(own.status(), 401);
        for (clock, by) in [(&here, Duration::from_hours(1)), (&there, Duration::from_hours(3))] {
            clock.advance(by);
            let refused = signed.send(Request::default()).await;
            assert!(
                matches!(
                    refused,
                    Err(TransportError::Unreachable { service: "order-service", .. })
                ),
                "{refused:?}"
            );
        }
        here.advance(Duration::from_hours(2));
        assert!(signed.send(Request::default()).await.is_ok());
    }

    #[test]
    fn a_request_without_a_credential_is_a_stranger() {
        let ours = secret("the secret of one fleet", &clock());
        let problem = ours.authenticate("order-service", &HeaderMap::new()).unwrap_err();
        assert_eq!((problem.status, problem.code), (401, codes::UNAUTHENTICATED));
        let mut headers = HeaderMap::new();
        let credential = ours.credential("order-service").parse().expect("a header");
        headers.insert(CREDENTIAL_HEADER, credential);
        assert!(ours.authenticate("order-service", &headers).is_ok());
        assert!(FleetSecret::new(b"short", clock()).is_none());
    }
}
