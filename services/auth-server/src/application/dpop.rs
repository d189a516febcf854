//! DPoP at this server (RFC 9449): proofs that count, each once, and the nonces that a setting demands in them.

use super::{issuer::Issuer, seal::KEY_BYTES};
use jose::{
    DpopError, DpopProof, ExpectedProof, PROOF_AGE_SECONDS_MAX, ReplayCache, base64url_encode,
};
use kernel::{Ids, Timestamp};
use ring::hmac::{self, HMAC_SHA256};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use storage::{KeyValue, StorageError};

/// Proofs that are remembered at the same time by this process.
const PROOFS_MAX: usize = 200_000;
/// Seconds after which the server has another nonce; the one before is accepted as well.
const NONCE_SECONDS: i64 = 300;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 16;

/// Request that a proof comes with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProvenRequest<'a> {
    pub(crate) method: &'a str,
    /// Path below the issuer, such as `/token`.
    pub(crate) path: &'a str,
    /// Access token that is presented with it.
    pub(crate) access_token: Option<&'a str>,
}

/// Reason why a proof does not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofRefusal {
    #[error(transparent)]
    Invalid(#[from] DpopError),
    #[error("the proof was used before")]
    Replayed,
    #[error("more proofs are in use than can be remembered")]
    TooMany,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Verifier of proofs.
pub(crate) struct DpopVerifier {
    issuer: Arc<Issuer>,
    ids: Ids,
    /// What the processes of this service have seen.
    values: Arc<dyn KeyValue>,
    /// What this process has seen: bounds what it writes there.
    seen: Mutex<ReplayCache>,
    /// Key of the nonces, if they are demanded.
    nonce_key: Option<hmac::Key>,
}

impl DpopVerifier {
    pub(crate) fn new(
        issuer: &Arc<Issuer>,
        ids: &Ids,
        values: &Arc<dyn KeyValue>,
        nonce_key: Option<&[u8; KEY_BYTES]>,
    ) -> Self {
        Self {
            issuer: Arc::clone(issuer),
            ids: ids.clone(),
            values: Arc::clone(values),
            seen: Mutex::new(ReplayCache::new(PROOFS_MAX)),
            nonce_key: nonce_key.map(|key| hmac::Key::new(HMAC_SHA256, key)),
        }
    }

    /// Verifies a proof and uses it up. The address that it must be for is made from the issuer, and never from what a request says
    /// about its host.
    pub(crate) async fn verify(
        &self,
        proof: &str,
        request: ProvenRequest<'_>,
    ) -> Result<DpopProof, ProofRefusal> {
        let now = self.ids.now();
        let nonces = self.nonces(now);
        let expected = ExpectedProof {
            method: request.method,
            uri: &self.issuer.at(request.path),
            now,
            access_token: request.access_token,
            nonces: &nonces,
        };
        let proof = DpopProof::verify(proof, &expected)?;
        let is_new = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(&proof, now).map_err(|_| ProofRefusal::TooMany)?
        };
        let key = ["dpop-", &base64url_encode(proof.replay_key())].concat();
        let until = Some(proof.remembered_until());
        if is_new && self.values.add(&key, 1, now, until).await? == 1 {
            return Ok(proof);
        }
        Err(ProofRefusal::Replayed)
    }

    /// Nonce for the next proof, if one is demanded.
    pub(crate) fn nonce(&self) -> Option<String> {
        self.nonces(self.ids.now()).into_iter().next()
    }

    /// Nonces that are accepted: that of the present period, and that of the one before.
    fn nonces(&self, now: Timestamp) -> Vec<String> {
        let Some(key) = &self.nonce_key else { return Vec::new() };
        let period = now.as_second().div_euclid(NONCE_SECONDS);
        let nonce = |period: i64| {
            let tag = hmac::sign(key, &period.to_be_bytes());
            base64url_encode(&tag.as_ref()[..NONCE_BYTES])
        };
        vec![nonce(period), nonce(period - 1)]
    }
}

// A nonce must outlive the proof that is made with it at once.
const _: () = assert!(NONCE_SECONDS > PROOF_AGE_SECONDS_MAX);

impl fmt::Debug for DpopVerifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DpopVerifier")
    }
}
