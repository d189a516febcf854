//! Pushed authorization requests (PAR, RFC 9126): what a client sent ahead, kept under a reference that only a browser which that client
//! sent here will show.

use super::parameters::Parameters;
use crate::{
    application::{error::AuthError, keys::seal::digest},
    domain::events::ClientId,
};
use jose::base64url_encode;
use kernel::{Ids, Timestamp, security_checks::holds};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Prefix of every reference.
pub(crate) const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// Time within which a browser must arrive with the reference.
pub(crate) const LIFETIME: Duration = Duration::from_mins(1);
/// Time for which it is remembered that a request was answered: longer than its pages can be open, each of which begins with the form of
/// the one before.
const ANSWERED_REMEMBERED: Duration = Duration::from_hours(24);
/// Largest request that is kept, in bytes.
const REQUEST_BYTES_MAX: usize = 32 * 1024;
/// Random bytes of a reference.
const REFERENCE_BYTES: usize = 32;

/// Pushed request as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRequest {
    client: ClientId,
    /// The parameters as a form.
    form: String,
    /// Whether the client signed them.
    is_signed: bool,
}

/// Pushed request that was found.
pub(crate) struct PushedRequest {
    pub(crate) parameters: Parameters,
    pub(crate) is_signed: bool,
    /// What is given to [`PushedRequests::answer`].
    pub(crate) reference: String,
}

/// Pushed requests of all clients.
#[derive(Debug)]
pub(crate) struct PushedRequests {
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
}

impl PushedRequests {
    /// Keeps a request that was validated; its `request_uri`. `None` if it is too large.
    pub(crate) async fn push(
        &self,
        client: &ClientId,
        parameters: &Parameters,
        is_signed: bool,
    ) -> Result<Option<String>, AuthError> {
        let stored =
            StoredRequest { client: client.clone(), form: parameters.to_form(), is_signed };
        let body = serde_json::to_vec(&stored);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        if body.len() > REQUEST_BYTES_MAX {
            return Ok(None);
        }
        let mut reference = [0; REFERENCE_BYTES];
        self.ids.randomness().fill(&mut reference);
        let uri = [URN, &base64url_encode(reference)].concat();
        let expires = self.ids.now().checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        drop(self.values.put(&key(&uri), body.into(), Some(expires)).await?);
        Ok(Some(uri))
    }

    /// Request of this `request_uri`, if this client pushed it, not long ago, and it was not answered.
    pub(crate) async fn find(
        &self,
        uri: &str,
        client: &ClientId,
    ) -> Result<Option<PushedRequest>, StorageError> {
        let (reference, now) = (digest(uri), self.ids.now());
        let Some(stored) = self.values.value(&key(uri), now).await? else { return Ok(None) };
        let answers = self.values.value(&answered_key(&reference), now).await?;
        // Zero after an answer was put back.
        if answers.is_some_and(|answers| answers != "0") {
            return Ok(None);
        }
        let corrupt = || StorageError::Corrupt("a pushed request".to_owned());
        let stored: StoredRequest = serde_json::from_slice(&stored).map_err(|_| corrupt())?;
        if !holds("pushed_request_client", stored.client == *client) {
            return Ok(None);
        }
        let parameters = Parameters::parse(stored.form.as_bytes()).map_err(|_| corrupt())?;
        Ok(Some(PushedRequest { parameters, is_signed: stored.is_signed, reference }))
    }

    /// Uses a request up, when it is answered and not before: until then the browser may load its page again. Whether it is the first
    /// answer.
    pub(crate) async fn answer(&self, reference: &str) -> Result<bool, StorageError> {
        let now = self.ids.now();
        let until = now.checked_add(ANSWERED_REMEMBERED).unwrap_or(Timestamp::MAX);
        Ok(self.values.add(&answered_key(reference), 1, now, Some(until)).await? == 1)
    }

    /// Takes back an answer that could not be given at this moment.
    pub(crate) async fn put_back(&self, reference: &str) -> Result<(), StorageError> {
        let now = self.ids.now();
        self.values.add(&answered_key(reference), -1, now, Some(now)).await.map(drop)
    }
}

fn key(uri: &str) -> String {
    ["pushed-", &digest(uri)].concat()
}

fn answered_key(reference: &str) -> String {
    ["pushed-answered-", reference].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness};

    fn pushed_requests() -> (PushedRequests, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let values = MemoryEngine::new().service("auth-server").key_value;
        (PushedRequests { values, ids }, clock)
    }

    fn client(id: &str) -> ClientId {
        ClientId::parse(id).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_found_by_its_client_for_a_minute_until_it_is_answered() {
        let (requests, clock) = pushed_requests();
        let parameters = Parameters::parse(b"scope=openid+email&state=a%26b").unwrap();
        let uri = requests.push(&client("app"), &parameters, false).await.unwrap().unwrap();
        assert!(uri.len() > URN.len() + 40, "{uri}");
        let find = async |uri: &str, id: &str| requests.find(uri, &client(id)).await.unwrap();
        let found = find(&uri, "app").await.unwrap();
        assert_eq!(found.parameters.get("state"), Some("a&b"));
        assert!(find(&uri, "app").await.is_some(), "a page may be loaded again");
        assert!(find(&uri, "other").await.is_none());
        assert!(find(&[&uri, "A"].concat(), "app").await.is_none());
        clock.advance(LIFETIME.saturating_sub(Duration::from_secs(1)));
        assert!(find(&uri, "app").await.is_some());
        assert!(requests.answer(&found.reference).await.unwrap());
        assert!(!requests.answer(&found.reference).await.unwrap(), "once");
        assert!(find(&uri, "app").await.is_none(), "answered");
        let uri = requests.push(&client("app"), &parameters, false).await.unwrap().unwrap();
        let reference = find(&uri, "app").await.unwrap().reference;
        assert!(requests.answer(&reference).await.unwrap());
        requests.put_back(&reference).await.unwrap();
        assert!(find(&uri, "app").await.is_some(), "it was not answered after all");
        assert!(requests.answer(&reference).await.unwrap());
        clock.advance(Duration::from_hours(23));
        assert!(!requests.answer(&reference).await.unwrap(), "not from a page that is still open");
        let uri = requests.push(&client("app"), &parameters, false).await.unwrap().unwrap();
        clock.advance(LIFETIME);
        assert!(find(&uri, "app").await.is_none(), "expired");
    }

    #[tokio::test]
    async fn a_request_that_is_too_large_is_not_kept() {
        let (requests, _) = pushed_requests();
        let value = "x".repeat(8_000);
        let form: Vec<_> = (0..5).map(|number| format!("a{number}={value}")).collect();
        let large = Parameters::parse(form.join("&").as_bytes()).unwrap();
        assert_eq!(requests.push(&client("app"), &large, false).await.unwrap(), None);
    }
}
