//! Journal adapter of accounts, addresses, clients, grants, sign-ins and keys.

use crate::{
    application::{
        accounts::{ACCOUNT_PREFIX, addresses::ADDRESS_PREFIX},
        clients::CLIENT_PREFIX,
        grants::{GRANT_PREFIX, GrantStream},
        keys::store::KEYS_STREAM,
        sign_in::log::SIGN_INS_PREFIX,
    },
    domain::{
        account::Account,
        address::Address,
        client::Client,
        events::{AccountEvent, AddressEvent, ClientEvent, GrantEvent, KeyEvent, SignInEvent},
        grant::Grant,
        key_trail::KeyTrail,
        sign_in_trail::SignInTrail,
    },
};
use journal::{Aggregate, DecodeError, EventName, RecordedEvent, event_json};
use serde_json::value::RawValue;

macro_rules! event_names {
    ($($event:ident),*) => {
        $(impl EventName for $event {
            fn name(&self) -> &'static str {
                self.name()
            }
        })*
    };
}

event_names!(AccountEvent, AddressEvent, ClientEvent, GrantEvent, KeyEvent, SignInEvent);

impl Aggregate for Account {
    type Event = AccountEvent;

    fn apply(state: Option<&Self>, event: &AccountEvent) -> Self {
        Self::apply(state.cloned(), event)
    }
}

impl Aggregate for Address {
    type Event = AddressEvent;

    fn apply(_: Option<&Self>, event: &AddressEvent) -> Self {
        Self::apply(event)
    }
}

impl Aggregate for Client {
    type Event = ClientEvent;

    fn apply(state: Option<&Self>, event: &ClientEvent) -> Self {
        Self::apply(state.cloned(), event)
    }
}

impl Aggregate for GrantStream {
    type Event = GrantEvent;

    fn apply(state: Option<&Self>, event: &GrantEvent) -> Self {
        Self(Grant::apply(state.and_then(|stream| stream.0.clone()), event))
    }
}

impl Aggregate for SignInTrail {
    type Event = SignInEvent;

    fn apply(state: Option<&Self>, event: &SignInEvent) -> Self {
        Self::apply(state, event)
    }
}

impl Aggregate for KeyTrail {
    type Event = KeyEvent;

    fn apply(_: Option<&Self>, event: &KeyEvent) -> Self {
        Self::apply(event)
    }
}

/// Reader of the stored events as JSON: the stream says of which kind an event is.
pub(crate) fn json(recorded: &RecordedEvent) -> Result<Box<RawValue>, DecodeError> {
    let is_of = |prefix: &str| recorded.stream.starts_with(prefix);
    if is_of(ACCOUNT_PREFIX) {
        event_json::<AccountEvent>(recorded)
    } else if is_of(ADDRESS_PREFIX) {
        event_json::<AddressEvent>(recorded)
    } else if is_of(CLIENT_PREFIX) {
        event_json::<ClientEvent>(recorded)
    } else if is_of(GRANT_PREFIX) {
        event_json::<GrantEvent>(recorded)
    } else if is_of(SIGN_INS_PREFIX) {
        event_json::<SignInEvent>(recorded)
    } else if is_of(KEYS_STREAM) {
        event_json::<KeyEvent>(recorded)
    } else {
        Err(DecodeError::new(recorded, "the stream is of no known kind".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use journal::test_vectors::{check_values, check_variants};

    #[test]
    fn stored_events_keep_their_formats() {
        check_variants(&check_values::<AccountEvent>(include_str!(
            "../../tests/stored_account_events.jsonl"
        )));
        check_variants(&check_values::<AddressEvent>(include_str!(
            "../../tests/stored_address_events.jsonl"
        )));
        check_variants(&check_values::<ClientEvent>(include_str!(
            "../../tests/stored_client_events.jsonl"
        )));
        check_variants(&check_values::<GrantEvent>(include_str!(
            "../../tests/stored_grant_events.jsonl"
        )));
        check_variants(&check_values::<SignInEvent>(include_str!(
            "../../tests/stored_sign_in_events.jsonl"
        )));
        check_variants(&check_values::<KeyEvent>(include_str!(
            "../../tests/stored_key_events.jsonl"
        )));
    }
}
