//! Tokens that are bound to a key (DPoP, RFC 9449) or to a certificate (RFC 8705).

use crate::harness::{NOW, VerifierFixture, claims, header, key, sign};
use jose::{Algorithm, DpopError, SigningKey, base64url_encode};
use resource_server::{
    DpopVerifier, PresentedToken, Principal, ProofRefusal, TokenError, TokenScheme, confirmation,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const URI: &str = "https://shop.example/api/v1/orders";
const CERTIFICATE: &str = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";

/// Number of the next proof.
static NUMBER: AtomicU64 = AtomicU64::new(1);

struct BoundTokenWorld {
    fixture: VerifierFixture,
    proofs: DpopVerifier,
    client: SigningKey,
    uris: Vec<String>,
}

impl BoundTokenWorld {
    fn new(nonce_key: Option<&[u8]>) -> Self {
        let fixture = VerifierFixture::new();
        let clock: Arc<kernel::ManualClock> = Arc::clone(&fixture.clock);
        let (proofs, client) = (DpopVerifier::new(clock, nonce_key), key(Algorithm::Es256));
        Self { fixture, proofs, client, uris: vec![URI.to_owned()] }
    }

    /// Token with this confirmation.
    fn token(&self, confirmation: Option<Value>) -> String {
        let mut claims = claims();
        if let Some(confirmation) = confirmation {
            claims["cnf"] = confirmation;
        }
        let key = &self.fixture.key;
        sign(key, &header(key), &claims.to_string())
    }

    /// Token that is bound to the key of the client.
    fn bound(&self) -> String {
        self.token(confirmation(Some(&self.client.public().thumbprint()), None))
    }

    /// Claims of a new proof that is right.
    fn proof_claims(token: &str) -> Value {
        json!({
            "jti": NUMBER.fetch_add(1, Ordering::Relaxed).to_string(), "htm": "GET", "htu": URI,
            "iat": NOW, "ath": base64url_encode(Sha256::digest(token)),
        })
    }

    fn proof(key: &SigningKey, claims: &Value) -> String {
        let mut jwk = key.public().to_json();
        for name in ["use", "alg", "kid"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
        sign(key, &header, &claims.to_string())
    }

    async fn present(
        &self,
        scheme: TokenScheme,
        token: &str,
        proof: Option<&str>,
        certificate: Option<&str>,
    ) -> Result<Arc<Principal>, TokenError> {
        let uris = &self.uris;
        let presented = PresentedToken { scheme, token, proof, method: "GET", uris, certificate };
        self.fixture.verifier.verify_presented(&presented, &self.proofs).await
    }

    async fn with_proof(&self, token: &str, claims: &Value) -> Result<Arc<Principal>, TokenError> {
        let proof = Self::proof(&self.client, claims);
        self.present(TokenScheme::Dpop, token, Some(&proof), None).await
    }
}

fn refused(error: impl Into<ProofRefusal>) -> Result<Arc<Principal>, TokenError> {
    Err(TokenError::Proof(error.into()))
}

#[tokio::test]
async fn a_bound_token_counts_with_a_new_proof_of_its_key_for_this_request_alone() {
    let world = BoundTokenWorld::new(None);
    let token = world.bound();
    for _ in 0..2 {
        let principal = world.with_proof(&token, &BoundTokenWorld::proof_claims(&token)).await;
        assert_eq!(principal.unwrap().subject, "ada", "also when it is remembered");
    }
    let changed = async |name: &str, value: Value| {
        let mut claims = BoundTokenWorld::proof_claims(&token);
        claims[name] = value;
        world.with_proof(&token, &claims).await
    };
    assert_eq!(changed("htm", json!("POST")).await, refused(DpopError::Method));
    assert_eq!(changed("htu", json!("https://shop.example/api")).await, refused(DpopError::Uri));
    assert_eq!(changed("htu", json!("http://shop.example/api")).await, refused(DpopError::Uri));
    assert!(changed("htu", json!(format!("{URI}?page=2#top"))).await.is_ok());
    assert_eq!(changed("ath", Value::Null).await, refused(DpopError::Malformed("ath")));
    let other = base64url_encode(Sha256::digest("another"));
    assert_eq!(changed("ath", json!(other)).await, refused(DpopError::AccessToken));
    for iat in [NOW - 61, NOW + 31, NOW - 3_600, NOW + 3_600] {
        assert_eq!(changed("iat", json!(iat)).await, refused(DpopError::Time), "{iat}");
    }
    for iat in [NOW - 60, NOW + 30] {
        assert!(changed("iat", json!(iat)).await.is_ok(), "{iat}");
    }
    let missing = world.present(TokenScheme::Dpop, &token, None, None).await;
    assert_eq!(missing, refused(ProofRefusal::Missing));
}

#[tokio::test]
async fn a_proof_counts_once() {
    let world = BoundTokenWorld::new(None);
    let token = world.bound();
    let claims = BoundTokenWorld::proof_claims(&token);
    assert!(world.with_proof(&token, &claims).await.is_ok());
    assert_eq!(world.with_proof(&token, &claims).await, refused(ProofRefusal::Replayed));
}

#[tokio::test]
async fn the_proof_of_another_key_is_none() {
    let world = BoundTokenWorld::new(None);
    let token = world.bound();
    let proof =
        BoundTokenWorld::proof(&key(Algorithm::Es256), &BoundTokenWorld::proof_claims(&token));
    let result = world.present(TokenScheme::Dpop, &token, Some(&proof), None).await;
    assert_eq!(result, refused(ProofRefusal::OtherKey));
}

#[tokio::test]
async fn a_bound_token_is_no_bearer_token_and_an_unbound_one_needs_no_proof() {
    let world = BoundTokenWorld::new(None);
    let (bound, unbound) = (world.bound(), world.token(None));
    let proof = BoundTokenWorld::proof(&world.client, &BoundTokenWorld::proof_claims(&bound));
    for proof in [None, Some(&*proof)] {
        let result = world.present(TokenScheme::Bearer, &bound, proof, None).await;
        assert_eq!(result, Err(TokenError::NeedsProof));
    }
    assert!(world.present(TokenScheme::Bearer, &unbound, None, None).await.is_ok());
    let claims = BoundTokenWorld::proof_claims(&unbound);
    assert_eq!(world.with_proof(&unbound, &claims).await, Err(TokenError::Unproven));
    assert_eq!(world.fixture.verify(&bound).await, Err(TokenError::Unproven));
    assert!(world.fixture.verifier.verify_confirmed(&bound).await.is_ok());
}

#[tokio::test]
async fn a_token_of_a_certificate_counts_with_this_certificate_alone() {
    let world = BoundTokenWorld::new(None);
    let token = world.token(confirmation(None, Some(CERTIFICATE)));
    let present = |certificate| world.present(TokenScheme::Bearer, &token, None, certificate);
    assert!(present(Some(CERTIFICATE)).await.is_ok());
    for other in [None, Some("another"), Some("")] {
        assert_eq!(present(other).await, Err(TokenError::Unproven), "{other:?}");
    }
    let unbound = world.token(None);
    let result = world.present(TokenScheme::Bearer, &unbound, None, Some(CERTIFICATE)).await;
    assert!(result.is_ok(), "a certificate binds nothing by itself");
}

#[tokio::test]
async fn a_token_of_both_needs_both() {
    let world = BoundTokenWorld::new(None);
    let key = world.client.public().thumbprint();
    let token = world.token(confirmation(Some(&key), Some(CERTIFICATE)));
    let proof = || BoundTokenWorld::proof(&world.client, &BoundTokenWorld::proof_claims(&token));
    let (first, second) = (proof(), proof());
    let dpop = TokenScheme::Dpop;
    assert!(world.present(dpop, &token, Some(&first), Some(CERTIFICATE)).await.is_ok());
    assert!(world.present(dpop, &token, Some(&second), None).await.is_err());
    let bearer = world.present(TokenScheme::Bearer, &token, None, Some(CERTIFICATE)).await;
    assert_eq!(bearer, Err(TokenError::NeedsProof));
}

#[tokio::test]
async fn a_confirmation_of_a_kind_that_nobody_checks_here_is_refused() {
    let world = BoundTokenWorld::new(None);
    for confirmation in [
        json!({"jwk": {}}),
        json!({"kid": "1"}),
        json!({"jkt": 7}),
        json!({"x5t#S256": CERTIFICATE, "other": "x"}),
        json!({}),
        json!([]),
        json!(null),
    ] {
        let token = world.token(Some(confirmation.clone()));
        let result = world.present(TokenScheme::Bearer, &token, None, Some(CERTIFICATE)).await;
        assert_eq!(result, Err(TokenError::Unproven), "{confirmation}");
    }
}

#[tokio::test]
async fn where_nonces_are_demanded_a_proof_has_that_of_the_server() {
    let world = BoundTokenWorld::new(Some(b"a key of nonces"));
    let token = world.bound();
    let with = async |nonce: Option<&str>| {
        let mut claims = BoundTokenWorld::proof_claims(&token);
        claims["nonce"] = nonce.into();
        claims["iat"] = kernel::Clock::now(&*world.fixture.clock).as_second().into();
        world.with_proof(&token, &claims).await
    };
    assert_eq!(with(None).await, refused(DpopError::Nonce));
    assert_eq!(with(Some("invented")).await, refused(DpopError::Nonce));
    let nonce = world.proofs.nonce().unwrap();
    assert!(with(Some(&nonce)).await.is_ok());
    world.fixture.clock.advance(Duration::from_mins(5));
    assert!(with(Some(&nonce)).await.is_ok(), "the one before is accepted");
    assert_ne!(world.proofs.nonce().unwrap(), nonce);
}
