//! Public keys of clients, parsed once for each registration: to parse a set costs more than to verify an assertion.

use crate::domain::{client::Client, events::ClientId};
use jose::JwkSet;
use kernel::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;
use std::{fmt, num::NonZeroUsize, sync::Arc};

/// Most key sets that are kept parsed.
const KEY_SETS_MAX: NonZeroUsize = NonZeroUsize::new(1_000).expect("it is not zero");

/// Cache of the parsed keys of clients.
pub(crate) struct ClientKeys(Mutex<LruCache<ClientId, (Timestamp, Arc<JwkSet>)>>);

impl ClientKeys {
    /// Keys of a client; `None` if it has none.
    pub(crate) fn of(&self, id: &ClientId, client: &Client) -> Option<Arc<JwkSet>> {
        if let Some((registered_at, keys)) = self.0.lock().get(id)
            && *registered_at == client.registered_at
        {
            return Some(Arc::clone(keys));
        }
        let text = client.registration()?.keys.as_deref()?;
        let keys = Arc::new(JwkSet::parse(text.as_bytes()).ok()?);
        self.0.lock().put(id.clone(), (client.registered_at, Arc::clone(&keys)));
        Some(keys)
    }
}

impl Default for ClientKeys {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEY_SETS_MAX)))
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
    use kernel::SeededRandomness;

    fn key_set(seed: u64) -> String {
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap();
        JwkSet::new(vec![key.public().clone()]).to_json().to_string()
    }

    fn client(keys: Option<String>, second: i64) -> Client {
        let authentication = ClientAuthentication::PrivateKey;
        let registration = Registration { authentication, keys, ..registration() };
        let at = Timestamp::from_second(second).unwrap();
        Client::apply(None, &ClientEvent::Registered { registration, at })
    }

    #[test]
    fn keys_are_parsed_once_and_anew_when_the_client_is_registered_anew() {
        let (keys, id) = (ClientKeys::default(), ClientId::parse("app").unwrap());
        let first = client(Some(key_set(1)), 1);
        let once = keys.of(&id, &first).unwrap();
        assert!(Arc::ptr_eq(&once, &keys.of(&id, &first).unwrap()));
        let second = keys.of(&id, &client(Some(key_set(2)), 2)).unwrap();
        assert_ne!(once, second);
        assert_eq!(keys.of(&id, &client(None, 3)), None);
        let other = ClientId::parse("other").unwrap();
        assert_eq!(keys.of(&other, &client(Some("{".to_owned()), 1)), None);
    }
}
