//! A provider with an account and some clients, a browser with cookies, and a client of the token endpoint.

use auth_server::{Administration, MODULE, NewClient, RegistrationRequest};
use axum::body::{Body, to_bytes};
use engine_memory::MemoryEngine;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use jose::{Algorithm, Claims, JwkSet, Jws, base64url_encode};
use journal::{Journal, ServiceStorage};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
use runtime::{Module, OfflineContext};
use serde_json::Value;
use settings::{Settings, Sources};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use testkit::ServiceFixture;
use transport::{ClientCertificate, Context, Edge};

pub(crate) const ISSUER: &str = "http://127.0.0.1:8080/auth";
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";
pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const BACK: &str = "https://app.example/back";
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

static TABLE: &[Module] = &[MODULE];

/// Seed of the next administration.
static SEED: AtomicU64 = AtomicU64::new(100);

/// Response that was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Address of a redirect.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    /// Parameter of the address of a redirect.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once(['?', '#'])?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Value of the hidden field of a page.
    pub(crate) fn form(&self) -> String {
        let (_, rest) = self
            .body
            .split_once(r#"name="form" value=""#)
            .unwrap_or_else(|| panic!("{}", self.body));
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Error word and status of an endpoint for programs.
    pub(crate) fn error(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), error)
    }
}

/// Provider under test.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) fixture: ServiceFixture,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) engine: MemoryEngine,
}

impl World {
    /// A provider with one account.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-29T08:00:00Z".parse().expect("a time")));
        let engine = MemoryEngine::new();
        let world = Self::on(engine, clock, settings).await;
        let administration = world.administration().await;
        administration.add_user(EMAIL, None, Some(PASSWORD)).await.expect("it is added");
        world
    }

    async fn on(engine: MemoryEngine, clock: Arc<ManualClock>, settings: &[(&str, &str)]) -> Self {
        let fixture =
            ServiceFixture::start(TABLE, engine.clone(), Arc::clone(&clock), settings).await;
        Self { fixture, clock, engine }
    }

    /// The same provider after a restart, on a journal of the caller's choice.
    pub(crate) async fn restarted_on(
        &self,
        journal: &(dyn Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Sync),
    ) -> Self {
        let (engine, clock) = (self.engine.clone(), Arc::clone(&self.clock));
        let storage = |name| {
            let storage = engine.service(name);
            ServiceStorage { journal: journal(Arc::clone(&storage.journal)), ..storage }
        };
        let started =
            ServiceFixture::start_on(TABLE, engine.clone(), Arc::clone(&clock), &[], &storage);
        let fixture = started.await;
        Self { fixture, clock, engine }
    }

    /// The same provider after a restart.
    pub(crate) async fn restarted(&self) -> Self {
        self.restarted_with(&[]).await
    }

    /// The same after a restart with these settings.
    pub(crate) async fn restarted_with(&self, settings: &[(&str, &str)]) -> Self {
        Self::on(self.engine.clone(), Arc::clone(&self.clock), settings).await
    }

    pub(crate) async fn administration(&self) -> Administration {
        let sections = [MODULE.settings.expect("it has settings")];
        let settings = Settings::load(sections, &Sources::default());
        let context = OfflineContext {
            name: MODULE.name,
            storage: self.engine.service(MODULE.name),
            bulk: self.engine.bulk(MODULE.name),
            settings: Arc::new(settings.expect("the defaults are allowed")),
        };
        // Of a seed of its own each: identifiers must differ.
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let ids = Ids::new(self.clock.clone(), Arc::new(SeededRandomness::new(seed)));
        Administration::open(&context, &ids).await.expect("the storage can be used")
    }

    /// A public client with PKCE.
    pub(crate) async fn public_client(&self, id: &str) {
        let registration_request =
            RegistrationRequest { is_public: true, ..Self::registration_request(id) };
        self.client(&registration_request).await;
    }

    /// A client with a secret; the secret.
    pub(crate) async fn secret_client(&self, id: &str) -> String {
        self.client(&Self::registration_request(id)).await.secret.expect("it has a secret")
    }

    pub(crate) fn registration_request(id: &str) -> RegistrationRequest {
        RegistrationRequest {
            id: id.to_owned(),
            redirect_uris: vec![BACK.to_owned()],
            post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
            ..RegistrationRequest::default()
        }
    }

    pub(crate) async fn client(&self, registration_request: &RegistrationRequest) -> NewClient {
        self.administration()
            .await
            .add_client(registration_request)
            .await
            .expect("it is registered")
    }

    /// Sends a request from an address.
    pub(crate) async fn send_from(&self, client: &str, request: Request<Body>) -> Answer {
        let client: IpAddr = client.parse().expect("an address");
        let context = Context { edge: Edge::Shop, client: Some(client), ..Context::default() };
        self.send_in(context, request).await
    }

    /// Sends a request of a client that presents this certificate.
    pub(crate) async fn send_presenting(
        &self,
        certificate: Option<ClientCertificate>,
        request: Request<Body>,
    ) -> Answer {
        let context = Context { edge: Edge::Shop, certificate, ..Context::default() };
        self.send_in(context, request).await
    }

    async fn send_in(&self, context: Context, request: Request<Body>) -> Answer {
        let response = self.fixture.router.handle(request, Some(context)).await;
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("the body ends");
        let body = String::from_utf8(body.to_vec()).expect("it is text");
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("192.0.2.1", request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Posts a form, with a header if there is one.
    pub(crate) async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        header: Option<(&str, &str)>,
    ) -> Answer {
        let mut request = form_request(path, fields);
        if let Some((name, value)) = header {
            let name: http::HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        self.send(request).await
    }

    /// Posts to the token endpoint.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/auth/token", fields, None).await
    }

    /// A code for a client, of a person who signs in and consents.
    pub(crate) async fn code(&self, client: &str, scope: &str) -> String {
        Browser::new(self).code(client, scope).await
    }

    /// Redeems a code of a public client.
    pub(crate) async fn redeem(&self, client: &str, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Tokens of a public client.
    pub(crate) async fn tokens(&self, client: &str, scope: &str) -> Value {
        let code = self.code(client, scope).await;
        let answer = self.redeem(client, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ])
        .await
    }

    /// Claims of a token that is signed with a published key.
    pub(crate) async fn claims(&self, token: &str) -> Claims {
        let keys = self.get("/auth/jwks").await;
        let keys = JwkSet::parse(keys.body.as_bytes()).expect("a key set");
        let jws = Jws::parse(token).expect("a signed token");
        let payload = jws.verify_by_set(&keys, &Algorithm::ALL).expect("by a published key");
        Claims::parse(&payload).expect("claims")
    }

    /// `UserInfo` with an access token.
    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request = Request::get("/auth/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty());
        self.send(request.expect("a request")).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        kernel::Clock::now(&*self.clock)
    }
}

pub(crate) fn form_request(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .expect("a request")
}

/// Challenge of the verifier.
pub(crate) fn challenge() -> String {
    base64url_encode(Sha256::digest(VERIFIER))
}

/// Fields of an authorization request that is right.
pub(crate) fn authorization<'a>(client: &'a str, challenge: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", BACK),
        ("scope", "openid"),
        ("state", "the state"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

/// The same with another value of one field, or without it.
pub(crate) fn changed<'a>(
    fields: &[(&'a str, &'a str)],
    name: &'a str,
    value: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let others = fields.iter().copied().filter(|(known, _)| *known != name);
    others.chain(value.map(|value| (name, value))).collect()
}

/// Path of an authorization request by GET.
pub(crate) fn authorize_path(fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/auth/authorize?{query}")
}

/// Browser with a cookie jar.
#[derive(Debug)]
pub(crate) struct Browser<'a> {
    world: &'a World,
    pub(crate) cookies: Mutex<BTreeMap<String, String>>,
    pub(crate) address: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, cookies: Mutex::default(), address: "192.0.2.1".to_owned() }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("no test panicked").get(name).cloned()
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<String> = {
            let cookies = self.cookies.lock().expect("no test panicked");
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        if !cookies.is_empty() {
            let value = HeaderValue::from_str(&cookies.join("; ")).expect("a header");
            request.headers_mut().insert(header::COOKIE, value);
        }
        let answer = self.world.send_from(&self.address, request).await;
        let mut jar = self.cookies.lock().expect("no test panicked");
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"));
            let (name, value) = pair.split_once('=').expect("a value");
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(jar);
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form_request(path, fields)).await
    }

    pub(crate) async fn authorize(&self, fields: &[(&str, &str)]) -> Answer {
        self.get(&authorize_path(fields)).await
    }

    /// Submits the sign-in page.
    pub(crate) async fn sign_in(&self, page: &Answer, email: &str, password: &str) -> Answer {
        let form = page.form();
        self.post("/auth/sign-in", &[("form", &form), ("email", email), ("password", password)])
            .await
    }

    /// Submits the consent page.
    pub(crate) async fn decide(&self, page: &Answer, decision: &str) -> Answer {
        let form = page.form();
        self.post("/auth/consent", &[("form", &form), ("decision", decision)]).await
    }

    /// Response to a request, with sign-in and consent where they are asked for.
    pub(crate) async fn authorized(&self, fields: &[(&str, &str)]) -> Answer {
        let mut answer = self.authorize(fields).await;
        if answer.body.contains(r#"id="sign-in""#) {
            answer = self.sign_in(&answer, EMAIL, PASSWORD).await;
        }
        if answer.body.contains(r#"id="allow""#) {
            answer = self.decide(&answer, "allow").await;
        }
        answer
    }

    /// A code for a client.
    pub(crate) async fn code(&self, client: &str, scope: &str) -> String {
        let challenge = challenge();
        let fields = changed(&authorization(client, &challenge), "scope", Some(scope));
        let answer = self.authorized(&fields).await;
        answer.parameter("code").unwrap_or_else(|| panic!("{}", answer.location()))
    }
}
