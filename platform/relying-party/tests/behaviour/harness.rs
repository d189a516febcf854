//! Provider under the control of a test, and a browser at a relying party of it.

use async_trait::async_trait;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use http::{HeaderMap, HeaderValue, header};
use jose::{Algorithm, Header, JwkSet, SigningKey};
use kernel::{Clock, Ids, ManualClock, SeededRandomness, SystemRandomness, Timestamp};
use relying_party::{
    ClientRegistration, Provider, Redirect, Registrar, RegistrationError, RelyingParty,
    RelyingPartyParts, SignInError, WebOrigin,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use transport::{Channel, Request, Response, Transport, TransportError};

pub(crate) const ISSUER: &str = "https://shop.example/auth";
pub(crate) const NOW: i64 = 1_800_000_000;

/// Provider that answers as a test wants.
#[derive(Debug)]
pub(crate) struct FakeProvider {
    pub(crate) key: SigningKey,
    /// Changes of the next answer of the token endpoint.
    pub(crate) answer: Mutex<Answers>,
    /// Forms that the endpoints received, with their paths.
    pub(crate) received: Mutex<Vec<(String, BTreeMap<String, String>)>>,
    pub(crate) clock: Arc<ManualClock>,
}

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Claims of ID tokens that are other than right; null for one that is missing.
    pub(crate) claims: Vec<(&'static str, Value)>,
    /// Type of ID tokens.
    pub(crate) typ: Option<&'static str>,
    /// Key that signs in place of the right one.
    pub(crate) stranger: Option<SigningKey>,
    /// Status and error of a refusal.
    pub(crate) refusal: Option<(u16, &'static str)>,
    pub(crate) is_down: bool,
    pub(crate) nonce: String,
}

#[async_trait]
impl Registrar for FakeProvider {
    async fn registration(&self) -> Result<ClientRegistration, RegistrationError> {
        if self.answer.lock().unwrap().is_down {
            return Err(RegistrationError("it is down".to_owned()));
        }
        Ok(ClientRegistration {
            issuer: ISSUER.to_owned(),
            keys: JwkSet::new(vec![self.key.public().clone()]),
            client_id: "operator-edge".to_owned(),
            client_secret: "a secret of the client".to_owned(),
            authorization_endpoint: format!("{ISSUER}/authorize"),
            end_session_endpoint: format!("{ISSUER}/logout"),
            token_path: "/auth/token".to_owned(),
            revocation_path: "/auth/revoke".to_owned(),
        })
    }
}

struct FakeTransport(Arc<FakeProvider>);

#[async_trait]
impl Transport for FakeTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let provider = &self.0;
        assert!(request.headers()[header::AUTHORIZATION].to_str().unwrap().starts_with("Basic "));
        let form: BTreeMap<_, _> = form_urlencoded::parse(request.body()).into_owned().collect();
        provider.received.lock().unwrap().push((request.uri().path().to_owned(), form));
        let answers = provider.answer.lock().unwrap();
        if answers.is_down {
            return Err(TransportError::Unreachable {
                service: "auth-server",
                reason: String::new(),
            });
        }
        let (status, body) = match answers.refusal {
            Some((status, error)) => (status, json!({"error": error})),
            None => (200, provider.tokens(&answers)),
        };
        let response = http::Response::builder().status(status).body(Bytes::from(body.to_string()));
        Ok(response.unwrap())
    }
}

impl FakeProvider {
    fn tokens(&self, answers: &Answers) -> Value {
        let now = self.clock.now().as_second();
        let mut claims = json!({
            "iss": ISSUER, "aud": "operator-edge", "sub": "ada", "iat": now, "exp": now + 600, "nonce": answers.nonce,
            "sid": "session-1",
        });
        for (name, value) in &answers.claims {
            claims[*name] = value.clone();
        }
        let key = answers.stranger.as_ref().unwrap_or(&self.key);
        let header = Header::typed(answers.typ.unwrap_or("JWT"));
        let id_token = key.sign(&header, claims.to_string().as_bytes()).unwrap();
        let number = self.received.lock().unwrap().len();
        json!({
            "access_token": format!("access-{number}"), "token_type": "Bearer", "expires_in": 600,
            "refresh_token": format!("refresh-{number}"), "id_token": id_token,
        })
    }

    /// Forms that were sent to a path.
    pub(crate) fn sent_to(&self, path: &str) -> Vec<BTreeMap<String, String>> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|(at, _)| at == path).map(|(_, form)| form.clone()).collect()
    }
}

/// Relying party, and a browser there.
pub(crate) struct SignInFixture {
    pub(crate) provider: Arc<FakeProvider>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) relying_party: RelyingParty,
    pub(crate) origin: WebOrigin,
    pub(crate) cookies: Mutex<BTreeMap<String, String>>,
}

impl SignInFixture {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW).unwrap()));
        let provider = Arc::new(FakeProvider {
            key: SigningKey::generate(Algorithm::Es256, &SystemRandomness).unwrap(),
            answer: Mutex::default(),
            received: Mutex::default(),
            clock: Arc::clone(&clock),
        });
        let relying_party = RelyingParty::new(RelyingPartyParts {
            provider: Provider {
                registrar: Arc::<FakeProvider>::clone(&provider),
                channel: Channel::new(FakeTransport(Arc::clone(&provider))),
            },
            values: MemoryEngine::new().service("edge").key_value,
            ids: Ids::new(Arc::<ManualClock>::clone(&clock), Arc::new(SeededRandomness::new(1))),
            cookie: "operator",
            scope: "openid shop.write",
            redirect_path: "/sign-in/callback",
            signed_out_path: "/",
            session_idle_max: Duration::from_hours(8),
            session_lifetime_max: Duration::from_hours(24),
        });
        let origin = WebOrigin::new("https://ops.example");
        Self { provider, clock, relying_party, origin, cookies: Mutex::default() }
    }

    /// Headers of a request of the browser.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &*self.cookies.lock().unwrap() {
            let cookie = HeaderValue::from_str(&format!("{name}={value}")).unwrap();
            headers.append(header::COOKIE, cookie);
        }
        headers
    }

    /// Takes over the cookies of an answer.
    pub(crate) fn keep(&self, redirect: &Redirect) {
        let mut jar = self.cookies.lock().unwrap();
        for cookie in &redirect.cookies {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
                assert!(attributes.contains(attribute), "{cookie}");
            }
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-operator"));
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Begins a sign-in; the parameters of the authorization request.
    pub(crate) async fn begin(&self, return_to: &str) -> BTreeMap<String, String> {
        let redirect = self.relying_party.begin(&self.origin, return_to).await.unwrap();
        self.keep(&redirect);
        let (address, query) = redirect.location.split_once('?').unwrap();
        assert_eq!(address, format!("{ISSUER}/authorize"));
        let request: BTreeMap<_, _> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        self.provider.answer.lock().unwrap().nonce.clone_from(&request["nonce"]);
        request
    }

    pub(crate) async fn finish(
        &self,
        parameters: &[(&str, &str)],
    ) -> Result<Redirect, SignInError> {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let redirect = self.relying_party.finish(&self.origin, &self.headers(), &query).await?;
        self.keep(&redirect);
        Ok(redirect)
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self) -> Result<Redirect, SignInError> {
        let request = self.begin("/orders").await;
        self.finish(&[("state", &request["state"]), ("code", "the code"), ("iss", ISSUER)]).await
    }

    /// Access token of the browser's session.
    pub(crate) async fn access_token(&self) -> Option<String> {
        let session = self.relying_party.session(&self.origin, &self.headers()).await.unwrap();
        session.map(|session| session.access_token)
    }
}
