//! DPoP at this server (RFC 9449): proofs that count, each once, and the nonces that a setting demands in them.

use crate::{
    application::{issuer::Issuer, keys::seal::KEY_BYTES},
    domain::events::ClientId,
};
use jose::{
    DpopError, DpopProof, ExpectedProof, PROOF_AGE_SECONDS_MAX, PROOF_AHEAD_SECONDS_MAX,
    ReplayCache, base64url_encode,
};
use kernel::{Ids, Timestamp};
use ring::hmac::{self, HMAC_SHA256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use storage::{KeyValue, StorageError};

/// Proofs that are remembered at the same time by this process.
const PROOFS_MAX: usize = 200_000;
/// Proofs of one client within a window: so many that a few clients cannot take the place of all others.
const CLIENT_PROOFS_MAX: u32 = 20_000;
/// Seconds of such a window: as long as a proof is remembered.
const WINDOW_SECONDS: i64 = PROOF_AGE_SECONDS_MAX + PROOF_AHEAD_SECONDS_MAX + 1;
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
    /// Client that sends it, or that the access token was issued to.
    pub(crate) client: &'a ClientId,
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

/// Proofs that this process has seen, in all and of each client.
struct RememberedProofs {
    proofs: ReplayCache,
    shares: ClientShares,
}

/// Shares of the clients: fixed-window counters.
struct ClientShares {
    max: u32,
    window: i64,
    counts: HashMap<ClientId, u32>,
}

impl ClientShares {
    fn new(max: u32) -> Self {
        Self { max, window: 0, counts: HashMap::new() }
    }

    /// Counts a proof of a client; whether it is within its share.
    fn take(&mut self, client: &ClientId, now: Timestamp) -> bool {
        let window = now.as_second().div_euclid(WINDOW_SECONDS);
        if window != self.window {
            (self.window, self.counts) = (window, HashMap::new());
        }
        let count = self.counts.entry(client.clone()).or_default();
        *count = count.saturating_add(1);
        *count <= self.max
    }
}

/// Verifier of proofs.
pub(crate) struct DpopVerifier {
    issuer: Arc<Issuer>,
    ids: Ids,
    /// What the processes of this service have seen.
    values: Arc<dyn KeyValue>,
    /// What this process has seen: bounds what it writes there.
    seen: Mutex<RememberedProofs>,
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
            seen: Mutex::new(RememberedProofs {
                proofs: ReplayCache::new(PROOFS_MAX),
                shares: ClientShares::new(CLIENT_PROOFS_MAX),
            }),
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
            if !seen.shares.take(request.client, now) {
                return Err(ProofRefusal::TooMany);
            }
            seen.proofs.insert(&proof, now).map_err(|_| ProofRefusal::TooMany)?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_sends_more_proofs_than_its_share_takes_no_place_of_another() {
        let mut shares = ClientShares::new(2);
        let (one, other) = (ClientId::parse("one").unwrap(), ClientId::parse("other").unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        let taken = [1, 2, 3].map(|second| shares.take(&one, at(second)));
        assert_eq!(taken, [true, true, false]);
        assert!(shares.take(&other, at(4)));
        assert!(shares.take(&one, at(4 + WINDOW_SECONDS)), "in the next window");
    }
}
