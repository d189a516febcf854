//! Cache of verified tokens: what a token says, by its SHA-256 digest, so that a token that was verified before costs a digest and not a
//! signature. An entry ends with its token; it counts for one generation of its issuer's keys.

use crate::{Principal, sender_constraint::Confirmation};
use kernel::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Most tokens that are remembered; beyond, the one that was remembered first is forgotten.
pub(crate) const TOKENS_MAX: usize = 4_096;

/// Digest of a token: the token itself is kept nowhere.
pub(crate) type TokenDigest = [u8; 32];

/// Token that was verified.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedToken {
    pub(crate) principal: Arc<Principal>,
    /// What it has to be presented with.
    pub(crate) confirmation: Arc<Confirmation>,
    /// Position of its issuer among the trusted ones.
    pub(crate) issuer: usize,
    /// Generation of the keys by which it was verified; none if its issuer was asked.
    pub(crate) generation: Option<u64>,
    pub(crate) expires: Timestamp,
    /// When its issuer was last asked for its status.
    pub(crate) checked_at: Timestamp,
    /// Revision of its issuer at that time, if the issuer has one.
    pub(crate) revision: Option<u64>,
}

/// Cache of verified tokens.
#[derive(Debug, Default)]
pub(crate) struct VerifiedTokens(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    tokens: HashMap<TokenDigest, VerifiedToken>,
    /// Digests in the order in which they came.
    order: VecDeque<TokenDigest>,
}

/// Digest of this token.
pub(crate) fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token).into()
}

impl VerifiedTokens {
    /// Token with this digest, unless it has expired.
    pub(crate) fn find(&self, digest: &TokenDigest, now: Timestamp) -> Option<VerifiedToken> {
        self.0.lock().tokens.get(digest).filter(|token| now < token.expires).cloned()
    }

    /// Remembers a token.
    pub(crate) fn insert(&self, digest: TokenDigest, token: VerifiedToken) {
        let mut entries = self.0.lock();
        if entries.tokens.insert(digest, token).is_none() {
            entries.order.push_back(digest);
        }
        while entries.order.len() > TOKENS_MAX {
            let Some(first) = entries.order.pop_front() else { return };
            entries.tokens.remove(&first);
        }
    }

    /// Notes that the status of a token is being asked for now; false if another request does so already.
    pub(crate) fn begin_check(
        &self,
        digest: &TokenDigest,
        seen: Timestamp,
        now: Timestamp,
    ) -> bool {
        match self.0.lock().tokens.get_mut(digest) {
            Some(token) if token.checked_at == seen => {
                token.checked_at = now;
                true
            }
            _ => false,
        }
    }

    /// Notes at which revision of its issuer a token was active.
    pub(crate) fn note_revision(&self, digest: &TokenDigest, revision: Option<u64>) {
        if let Some(token) = self.0.lock().tokens.get_mut(digest) {
            token.revision = revision;
        }
    }

    /// Forgets a token.
    pub(crate) fn remove(&self, digest: &TokenDigest) {
        // Its place in the order stays until it is the first one: rare, and bounded with the rest.
        self.0.lock().tokens.remove(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(expires: i64) -> VerifiedToken {
        let at = |second| Timestamp::from_second(second).unwrap();
        let principal = Principal {
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            client: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            actor: "s".into(),
        };
        VerifiedToken {
            principal: Arc::new(principal),
            confirmation: Arc::default(),
            issuer: 0,
            generation: Some(0),
            expires: at(expires),
            checked_at: at(0),
            revision: None,
        }
    }

    #[test]
    fn no_more_tokens_are_kept_than_may_be_and_none_beyond_its_end() {
        let (tokens, now) = (VerifiedTokens::default(), Timestamp::from_second(5).unwrap());
        for number in 0..TOKENS_MAX + 10 {
            tokens.insert(digest(&number.to_string()), token(10));
        }
        assert_eq!(tokens.0.lock().tokens.len(), TOKENS_MAX);
        assert_eq!(tokens.0.lock().order.len(), TOKENS_MAX);
        assert!(tokens.find(&digest("9"), now).is_none(), "the first ones went");
        assert!(tokens.find(&digest("10"), now).is_some());
        assert!(tokens.find(&digest("10"), Timestamp::from_second(10).unwrap()).is_none());
        for _ in 0..3 * TOKENS_MAX {
            tokens.remove(&digest("11"));
            tokens.insert(digest("11"), token(10));
        }
        assert!(
            tokens.0.lock().order.len() <= TOKENS_MAX,
            "a token that comes and goes takes no room"
        );
    }

    #[test]
    fn one_request_asks_for_the_status() {
        let (tokens, seen) = (VerifiedTokens::default(), Timestamp::from_second(0).unwrap());
        tokens.insert(digest("a"), token(10));
        let now = Timestamp::from_second(6).unwrap();
        assert!(tokens.begin_check(&digest("a"), seen, now));
        assert!(!tokens.begin_check(&digest("a"), seen, now));
        assert!(!tokens.begin_check(&digest("b"), seen, now));
    }
}
