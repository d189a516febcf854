//! Issuer under the control of a test, and a verifier that trusts it.

use async_trait::async_trait;
use jose::{Algorithm, JwkSet, SigningKey, base64url_encode};
use kernel::{ManualClock, SystemRandomness, Timestamp};
use resource_server::{
    Audience, IssuerKeys, KeySource, KeySourceError, Principal, RoleMapping, TokenError,
    TokenStatus, TokenTypes, TokenVerifier, TrustedIssuer,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

pub(crate) const ISSUER: &str = "https://shop.example/auth";
pub(crate) const AUDIENCE: &str = "https://shop.example";
/// Present time of a test, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

/// Source of keys that counts how often it is asked.
#[derive(Debug)]
pub(crate) struct TestKeys {
    pub(crate) keys: Mutex<JwkSet>,
    pub(crate) fetches: AtomicUsize,
    pub(crate) is_down: AtomicBool,
    /// Whether it never answers.
    pub(crate) is_silent: AtomicBool,
    pub(crate) max_age: Mutex<Option<Duration>>,
    issuer: &'static str,
}

impl TestKeys {
    pub(crate) fn of(issuer: &'static str, keys: Vec<&SigningKey>) -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::new(set(keys)),
            fetches: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            max_age: Mutex::new(None),
            issuer,
        })
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    pub(crate) fn replace(&self, keys: Vec<&SigningKey>) {
        *self.keys.lock().unwrap() = set(keys);
    }
}

fn set(keys: Vec<&SigningKey>) -> JwkSet {
    JwkSet::new(keys.into_iter().map(|key| key.public().clone()).collect())
}

#[async_trait]
impl KeySource for TestKeys {
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        // Another request may come in the middle of it.
        tokio::task::yield_now().await;
        if self.is_silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_down.load(Ordering::Relaxed) {
            return Err(KeySourceError("it is down".to_owned()));
        }
        Ok(IssuerKeys {
            issuer: self.issuer.to_owned(),
            audience: Some(AUDIENCE.to_owned()),
            keys: self.keys.lock().unwrap().clone(),
            max_age: *self.max_age.lock().unwrap(),
        })
    }
}

/// Status of tokens that a test decides; none is an issuer that does not answer.
#[derive(Debug)]
pub(crate) struct TestStatus {
    pub(crate) answer: Mutex<Option<bool>>,
    pub(crate) questions: AtomicUsize,
    /// Revision; 0 for an issuer that has none.
    pub(crate) revision: AtomicU64,
}

#[async_trait]
impl TokenStatus for TestStatus {
    async fn is_active(&self, _: &str) -> Option<bool> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        *self.answer.lock().unwrap()
    }

    async fn revision(&self) -> Option<u64> {
        Some(self.revision.load(Ordering::Relaxed)).filter(|it| *it > 0)
    }
}

/// Verifier that trusts one issuer, the shop's own.
pub(crate) struct VerifierFixture {
    pub(crate) key: SigningKey,
    pub(crate) keys: Arc<TestKeys>,
    pub(crate) status: Arc<TestStatus>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) verifier: Arc<TokenVerifier>,
}

pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandomness).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_second(NOW).unwrap()))
}

impl VerifierFixture {
    pub(crate) fn new() -> Self {
        Self::with(key(Algorithm::Es256))
    }

    pub(crate) fn with(key: SigningKey) -> Self {
        let keys = TestKeys::of(ISSUER, vec![&key]);
        let status = Arc::new(TestStatus {
            answer: Mutex::new(Some(true)),
            questions: AtomicUsize::new(0),
            revision: AtomicU64::new(0),
        });
        let issuer = TrustedIssuer {
            name: None,
            audience: Audience::OfIssuer,
            algorithms: Algorithm::ALL.to_vec(),
            types: TokenTypes::AccessTokenOnly,
            roles: RoleMapping::Own,
            scopes: Vec::new(),
            lifetime_max: None,
            actor: |_, subject| subject.into(),
            keys: Arc::<TestKeys>::clone(&keys),
            status: Some(Arc::<TestStatus>::clone(&status)),
            introspection: None,
        };
        let clock = clock();
        let verifier = TokenVerifier::new(vec![issuer], Arc::<ManualClock>::clone(&clock));
        Self { key, keys, status, clock, verifier: Arc::new(verifier) }
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        self.verifier.verify(token).await
    }

    /// Result for a token that is right but for this change of its claims.
    pub(crate) async fn verify_claims(
        &self,
        change: impl FnOnce(&mut Value),
    ) -> Result<Arc<Principal>, TokenError> {
        let mut claims = claims();
        change(&mut claims);
        self.verify(&sign(&self.key, &header(&self.key), &claims.to_string())).await
    }

    /// Result for a token that is right but for this change of its header.
    pub(crate) async fn verify_header(
        &self,
        change: impl FnOnce(&mut Value),
    ) -> Result<Arc<Principal>, TokenError> {
        let mut header = header(&self.key);
        change(&mut header);
        self.verify(&sign(&self.key, &header, &claims().to_string())).await
    }

    /// Right token.
    pub(crate) fn token(&self) -> String {
        sign(&self.key, &header(&self.key), &claims().to_string())
    }
}

/// Claims of a right token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "client_id": "app", "jti": "1",
        "iat": NOW, "exp": NOW + 600, "scope": "shop.read shop.write", "roles": ["admin"],
    })
}

/// Header of a right token.
pub(crate) fn header(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm().name(), "typ": "at+jwt", "kid": key.public().kid()})
}

/// Token with any header and any payload, with an ES256 signature.
pub(crate) fn sign(key: &SigningKey, header: &Value, payload: &str) -> String {
    let message = format!("{}.{}", base64url_encode(header.to_string()), base64url_encode(payload));
    let signature = signature(key, &message);
    format!("{message}.{}", base64url_encode(signature))
}

pub(crate) fn signature(key: &SigningKey, message: &str) -> Vec<u8> {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.encoded(), &random);
    pair.unwrap().sign(&random, message.as_bytes()).unwrap().as_ref().to_vec()
}
