//! Verifier of DPoP proofs (RFC 9449): each counts once, within a bounded memory of which each client has a share, and with a nonce of the
//! server where one is demanded.

use jose::{
    DpopError, DpopProof, ExpectedProof, PROOF_AGE_SECONDS_MAX, PROOF_AHEAD_SECONDS_MAX,
    ReplayCache, base64url_encode,
};
use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use ring::hmac::{self, HMAC_SHA256};
use std::{collections::HashMap, fmt, sync::Arc};

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
pub struct ProvenRequest<'a> {
    /// Method.
    pub method: &'a str,
    /// Address as its client may know it: one of these. None of them may follow from what a stranger writes.
    pub uris: &'a [String],
    /// Client that sends it, or that the access token was issued to.
    pub client: &'a str,
    /// Access token that is presented with it.
    pub access_token: Option<&'a str>,
}

/// Reason why a proof does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefusal {
    /// There is none, or more than one.
    #[error("one DPoP proof is needed")]
    Missing,
    /// Not for this request.
    #[error(transparent)]
    Invalid(#[from] DpopError),
    /// By another key than the token is bound to.
    #[error("the proof is of another key than the access token is bound to")]
    OtherKey,
    /// Seen before.
    #[error("the proof was used before")]
    Replayed,
    /// No room is left to remember it.
    #[error("more proofs are in use than can be remembered")]
    TooMany,
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
    counts: HashMap<String, u32>,
}

impl ClientShares {
    fn new(max: u32) -> Self {
        Self { max, window: 0, counts: HashMap::new() }
    }

    /// Counts a proof of a client; whether it is within its share.
    fn take(&mut self, client: &str, now: Timestamp) -> bool {
        let window = now.as_second().div_euclid(WINDOW_SECONDS);
        if window != self.window {
            (self.window, self.counts) = (window, HashMap::new());
        }
        let Some(count) = self.counts.get_mut(client) else {
            self.counts.insert(client.to_owned(), 1);
            return self.max > 0;
        };
        *count = count.saturating_add(1);
        *count <= self.max
    }
}

/// Verifier of proofs.
pub struct DpopVerifier {
    clock: Arc<dyn Clock>,
    seen: Mutex<RememberedProofs>,
    /// Key of the nonces, if they are demanded.
    nonce_key: Option<hmac::Key>,
}

impl DpopVerifier {
    /// Verifier that demands nonces made with this key, if there is one.
    pub fn new(clock: Arc<dyn Clock>, nonce_key: Option<&[u8]>) -> Self {
        let (proofs, shares) = (ReplayCache::new(PROOFS_MAX), ClientShares::new(CLIENT_PROOFS_MAX));
        Self {
            clock,
            seen: Mutex::new(RememberedProofs { proofs, shares }),
            nonce_key: nonce_key.map(|key| hmac::Key::new(HMAC_SHA256, key)),
        }
    }

    /// Verifies a proof and uses it up.
    ///
    /// # Errors
    ///
    /// [`ProofRefusal`].
    pub fn verify(
        &self,
        proof: &str,
        request: ProvenRequest<'_>,
    ) -> Result<DpopProof, ProofRefusal> {
        let now = self.clock.now();
        let nonces = self.nonces(now);
        let mut verified = Err(DpopError::Uri);
        for uri in request.uris {
            let expected = ExpectedProof {
                method: request.method,
                uri,
                now,
                access_token: request.access_token,
                nonces: &nonces,
            };
            verified = DpopProof::verify(proof, &expected);
            if verified != Err(DpopError::Uri) {
                break;
            }
        }
        let proof = verified?;
        let mut seen = self.seen.lock();
        if !seen.shares.take(request.client, now) {
            return Err(ProofRefusal::TooMany);
        }
        match seen.proofs.insert(&proof, now) {
            Ok(true) => Ok(proof),
            Ok(false) => Err(ProofRefusal::Replayed),
            Err(_) => Err(ProofRefusal::TooMany),
        }
    }

    /// Present time of the clock by which proofs are verified.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Nonce for the next proof, if one is demanded.
    pub fn nonce(&self) -> Option<String> {
        self.nonces(self.clock.now()).into_iter().next()
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
        let at = |second| Timestamp::from_second(second).unwrap();
        let taken = [1, 2, 3].map(|second| shares.take("one", at(second)));
        assert_eq!(taken, [true, true, false]);
        assert!(shares.take("other", at(4)));
        assert!(shares.take("one", at(4 + WINDOW_SECONDS)), "in the next window");
    }
}
