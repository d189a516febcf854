//! Client: a program that acts for people, or for itself.

use super::{
    Rejection,
    events::{ClientAuthentication, ClientEvent, GrantType, Registration},
    redirect_uri,
};
use kernel::Timestamp;

/// Client as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// `None` once it was removed.
    registration: Option<Registration>,
    /// Since when it is registered: what it was granted before is void.
    pub(crate) registered_at: Timestamp,
    /// Since when it is registered as it is: requests that were validated before have to be made again.
    pub(crate) changed_at: Timestamp,
}

impl Client {
    /// Registers a client, also under the name of one that was removed.
    pub(crate) fn register(
        client: Option<&Self>,
        registration: Registration,
        at: Timestamp,
    ) -> Result<Vec<ClientEvent>, Rejection> {
        match client {
            Some(client) if client.registration.is_some() => Err(Rejection::ClientExists),
            _ => Ok(vec![ClientEvent::Registered { registration, at }]),
        }
    }

    /// Replaces the registration of a client; the same one again is no change.
    pub(crate) fn update(
        client: Option<&Self>,
        registration: Registration,
        at: Timestamp,
    ) -> Result<Vec<ClientEvent>, Rejection> {
        let present = client.and_then(Self::registration).ok_or(Rejection::UnknownClient)?;
        if *present == registration {
            return Ok(Vec::new());
        }
        Ok(vec![ClientEvent::Updated { registration, at }])
    }

    /// Removes a client.
    pub(crate) fn remove(
        client: Option<&Self>,
        at: Timestamp,
    ) -> Result<Vec<ClientEvent>, Rejection> {
        match client {
            Some(client) if client.registration.is_some() => Ok(vec![ClientEvent::Removed { at }]),
            _ => Err(Rejection::UnknownClient),
        }
    }

    /// Registration of a client that was not removed.
    pub(crate) fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// State with one more event.
    pub(crate) fn apply(client: Option<Self>, event: &ClientEvent) -> Self {
        match event {
            ClientEvent::Registered { registration, at } => {
                let registration = Some(registration.clone());
                Self { registration, registered_at: *at, changed_at: *at }
            }
            ClientEvent::Updated { registration, at } => {
                let registered_at = client.map_or(*at, |client| client.registered_at);
                Self { registration: Some(registration.clone()), registered_at, changed_at: *at }
            }
            ClientEvent::Removed { at } => {
                let registered_at = client.map_or(*at, |client| client.registered_at);
                Self { registration: None, registered_at, changed_at: *at }
            }
        }
    }
}

impl Registration {
    /// Whether a grant type is registered.
    pub(crate) fn allows(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether it can keep a secret.
    pub(crate) fn is_confidential(&self) -> bool {
        self.authentication != ClientAuthentication::Public
    }

    /// Whether this address is registered: to the letter, but for the port of a loopback address, which a native program is given
    /// by its system (RFC 8252, section 7.3).
    pub(crate) fn has_redirect_uri(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_uri::matches(registered, uri))
    }

    /// Scopes of a request that the client may have, in the order of its registration; others are ignored.
    pub(crate) fn permitted(&self, requested: &[&str]) -> Vec<String> {
        let wanted = |scope: &&String| requested.contains(&scope.as_str());
        self.scopes.iter().filter(wanted).cloned().collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::events::ClientPolicy;

    pub(crate) fn registration() -> Registration {
        Registration {
            name: "An app".to_owned(),
            authentication: ClientAuthentication::Public,
            secret_digest: None,
            keys: None,
            redirect_uris: vec!["https://app.example/back".to_owned()],
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            is_trusted: false,
            requires_pkce: true,
            id_token_algorithm: None,
            policy: ClientPolicy::default(),
        }
    }

    #[test]
    fn a_client_is_registered_once_and_again_after_it_was_removed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let registered = Client::register(None, registration(), at(1)).unwrap();
        let client = Client::apply(None, &registered[0]);
        assert_eq!(client.registration(), Some(&registration()));
        let again = Client::register(Some(&client), registration(), at(2));
        assert_eq!(again, Err(Rejection::ClientExists));
        let removed = Client::remove(Some(&client), at(3)).unwrap();
        let removed = Client::apply(Some(client), &removed[0]);
        assert_eq!(removed.registration(), None);
        assert_eq!(Client::remove(Some(&removed), at(4)), Err(Rejection::UnknownClient));
        assert_eq!(Client::remove(None, at(4)), Err(Rejection::UnknownClient));
        let again = Client::register(Some(&removed), registration(), at(5)).unwrap();
        assert_eq!(Client::apply(Some(removed), &again[0]).registered_at, at(5));
    }

    #[test]
    fn an_update_keeps_what_the_client_was_granted() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let client =
            Client::apply(None, &Client::register(None, registration(), at(1)).unwrap()[0]);
        let new = Registration { name: "Another name".to_owned(), ..registration() };
        let events = Client::update(Some(&client), new.clone(), at(2)).unwrap();
        let updated = Client::apply(Some(client), &events[0]);
        assert_eq!((updated.registration(), updated.registered_at), (Some(&new), at(1)));
        assert_eq!(updated.changed_at, at(2), "what was asked before is asked again");
        assert_eq!(Client::update(Some(&updated), new.clone(), at(3)), Ok(Vec::new()));
        let removed = Client::apply(Some(updated), &ClientEvent::Removed { at: at(4) });
        let refused = Client::update(Some(&removed), new.clone(), at(5));
        assert_eq!(refused, Err(Rejection::UnknownClient));
        assert_eq!(Client::update(None, new, at(5)), Err(Rejection::UnknownClient));
    }

    #[test]
    fn scopes_that_are_not_registered_are_ignored() {
        let permitted = registration().permitted(&["admin", "email", "openid", "openid"]);
        assert_eq!(permitted, ["openid", "email"]);
        assert!(registration().permitted(&["OPENID", ""]).is_empty());
    }
}
