//! Public keys of clients: registered with them, and parsed once for each registered set, because to parse a set costs more than to
//! verify an assertion; or published by them (`jwks_uri`).

use super::remote_keys::RemoteKeys;
use crate::domain::{client::Client, events::ClientId};
use jose::JwkSet;
use lru::LruCache;
use parking_lot::Mutex;
use std::{fmt, num::NonZeroUsize, sync::Arc};

/// Most key sets that are kept parsed.
const KEY_SETS_MAX: NonZeroUsize = NonZeroUsize::new(1_000).expect("it is not zero");

/// Keys of clients.
pub(crate) struct ClientKeys {
    /// Keys that are registered, by client, with the text that they were parsed from.
    parsed: Mutex<LruCache<ClientId, (String, Arc<JwkSet>)>>,
    remote: RemoteKeys,
}

impl ClientKeys {
    pub(crate) fn new(remote: RemoteKeys) -> Self {
        Self { parsed: Mutex::new(LruCache::new(KEY_SETS_MAX)), remote }
    }

    /// Keys of a client, with the one that a token names if the client has it; `None` if it has none.
    pub(crate) async fn of(
        &self,
        id: &ClientId,
        client: &Client,
        kid: Option<&str>,
    ) -> Option<Arc<JwkSet>> {
        match &client.registration()?.policy.jwks_uri {
            Some(uri) => Some(self.remote.at(uri, kid).await),
            None => self.registered(id, client),
        }
    }

    fn registered(&self, id: &ClientId, client: &Client) -> Option<Arc<JwkSet>> {
        let text = client.registration()?.keys.as_deref()?;
        if let Some((parsed, keys)) = self.parsed.lock().get(id)
            && parsed == text
        {
            return Some(Arc::clone(keys));
        }
        let keys = Arc::new(JwkSet::parse(text.as_bytes()).ok()?);
        self.parsed.lock().put(id.clone(), (text.to_owned(), Arc::clone(&keys)));
        Some(keys)
    }
}

impl fmt::Debug for ClientKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClientKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        client::tests::registration,
        events::{ClientAuthentication, ClientEvent, Registration},
    };
    use jose::{Algorithm, SigningKey};
    use kernel::{SeededRandomness, Timestamp};

    fn key_set(seed: u64) -> String {
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap();
        JwkSet::new(vec![key.public().clone()]).to_json().to_string()
    }

    fn client_keys() -> ClientKeys {
        let time_max = std::time::Duration::from_secs(1);
        let limits = outbound::FetchLimits { bytes_max: 1, time_max, redirects_max: 0 };
        let fetcher = outbound::Fetcher::new("tests/1.0", "*/*", limits, outbound::Reach::Public);
        let clock = kernel::ManualClock::at(Timestamp::UNIX_EPOCH);
        let ids = kernel::Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        ClientKeys::new(RemoteKeys::new(fetcher, &ids))
    }

    fn with_keys(keys: Option<String>) -> Registration {
        let authentication = ClientAuthentication::PrivateKey;
        Registration { authentication, keys, ..registration() }
    }

    fn client(keys: Option<String>) -> Client {
        let (registration, at) = (with_keys(keys), Timestamp::UNIX_EPOCH);
        Client::apply(None, &ClientEvent::Registered { registration, at })
    }

    #[test]
    fn keys_are_parsed_once_and_anew_when_the_client_registers_others() {
        let (keys, id) = (client_keys(), ClientId::parse("app").unwrap());
        let first = client(Some(key_set(1)));
        let once = keys.registered(&id, &first).unwrap();
        assert!(Arc::ptr_eq(&once, &keys.registered(&id, &first).unwrap()));
        // An update keeps the time of the registration.
        let (registration, at) = (with_keys(Some(key_set(2))), Timestamp::UNIX_EPOCH);
        let updated = Client::apply(Some(first), &ClientEvent::Updated { registration, at });
        assert_ne!(once, keys.registered(&id, &updated).unwrap());
        assert_eq!(keys.registered(&id, &client(None)), None);
        let other = ClientId::parse("other").unwrap();
        assert_eq!(keys.registered(&other, &client(Some("{".to_owned()))), None);
    }
}
