//! Cost of the check of a token in a service, in this process: a function has no load of its own.

use crate::{
    latency::micros,
    numbers::float,
    report::{LoadModel, Row},
};
use async_trait::async_trait;
use jose::{Algorithm, Header, JwkSet, SigningKey};
use kernel::{Clock, SystemClock, SystemRandomness};
use resource_server::{
    Audience, IssuerKeys, KeySource, KeySourceError, RoleMapping, TokenTypes, TokenVerifier,
    TrustedIssuer,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

const ISSUER: &str = "https://shop.example/auth";
const AUDIENCE: &str = "https://shop.example";
/// Tokens that are made before the clock starts: as many are checked for the first time.
const NEW_TOKENS: usize = 3_000;

/// Key set of the issuer, which is at hand.
#[derive(Debug)]
struct KnownKeys(JwkSet);

#[async_trait]
impl KeySource for KnownKeys {
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError> {
        Ok(IssuerKeys {
            issuer: ISSUER.to_owned(),
            audience: Some(AUDIENCE.to_owned()),
            keys: self.0.clone(),
            max_age: None,
        })
    }
}

/// Times of a check: of a token that was verified before, and of a new one whose key is known.
pub(super) async fn checks(time: Duration) -> Result<Row, String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let key =
        SigningKey::generate(Algorithm::Es256, &SystemRandomness).map_err(|it| failed(&it))?;
    let keys = JwkSet::new(vec![key.public().clone()]);
    let issuer = TrustedIssuer {
        name: None,
        audience: Audience::OfIssuer,
        algorithms: vec![Algorithm::Es256],
        types: TokenTypes::AccessTokenOnly,
        roles: RoleMapping::Own,
        scopes: Vec::new(),
        lifetime_max: None,
        actor: |_, subject| subject.into(),
        keys: Arc::new(KnownKeys(keys)),
        status: None,
        introspection: None,
    };
    let verifier = TokenVerifier::new(vec![issuer], Arc::new(SystemClock));
    let tokens =
        (0..=NEW_TOKENS).map(|number| token(&key, number)).collect::<Result<Vec<_>, _>>()?;
    let (known, new) = tokens.split_first().ok_or("there is no token")?;
    verifier.verify(known).await.map_err(|it| failed(&it))?;
    let started_at = Instant::now();
    for token in new {
        verifier.verify(token).await.map_err(|it| failed(&it))?;
    }
    let new = micros(started_at.elapsed()) / float(NEW_TOKENS as u64);
    // It may have been forgotten for the sake of the new ones.
    verifier.verify(known).await.map_err(|it| failed(&it))?;
    let (started_at, mut checks) = (Instant::now(), 0_u64);
    while started_at.elapsed() < time / 5 {
        for _ in 0..1_000 {
            verifier.verify(known).await.map_err(|it| failed(&it))?;
        }
        checks += 1_000;
    }
    let verified_before = micros(started_at.elapsed()) / float(checks);
    Ok(Row::named("token check in a service", "check", LoadModel::Own)
        .with("a token that was verified before", verified_before, "µs")
        .with("a new ES256 token, its key known", new, "µs"))
}

/// Access token like those of the shop.
fn token(key: &SigningKey, number: usize) -> Result<String, String> {
    let now = SystemClock.now().as_second();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "client_id": "app", "jti": number.to_string(),
        "iat": now, "exp": now + 600, "scope": "shop.read shop.write", "roles": ["admin"],
    });
    let signed = key.sign(&Header::typed("at+jwt"), claims.to_string().as_bytes());
    signed.map_err(|error| error.to_string())
}
