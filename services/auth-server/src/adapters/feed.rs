//! Feed of the service: its events in terms of the contract. Refreshes are left out: they change nothing for anybody but the client.

use crate::{
    application::{
        accounts::ACCOUNT_PREFIX,
        clients::CLIENT_PREFIX,
        grants::{GRANT_PREFIX, GrantStream},
        keys::store::KEYS_STREAM,
        sign_in::log::SIGN_INS_PREFIX,
    },
    domain::{
        account::Account,
        events::{AccountEvent, GrantEvent, KeyEvent, RevocationReason, SignInEvent},
        key_trail::KeyTrail,
        sign_in_trail::SignInTrail,
    },
};
use contracts::auth_event::{AuthEvent, SignInOutcome};
use identifiers::{AccountId, GrantId};
use journal::{DecodeError, RecordedEvent};

/// Event of the feed, if the recorded event concerns others.
pub(crate) fn translate(recorded: &RecordedEvent) -> Result<Option<AuthEvent>, DecodeError> {
    let stream = &*recorded.stream;
    if let Some(account) = stream.strip_prefix(ACCOUNT_PREFIX) {
        let Ok(account_id) = account.parse() else { return Ok(None) };
        let event = recorded.event_of::<Account>()?;
        return Ok(Some(account_event(account_id, &event)));
    }
    if let Some(client) = stream.strip_prefix(CLIENT_PREFIX) {
        let change = recorded.name.strip_prefix("client_").unwrap_or(&recorded.name).to_owned();
        return Ok(Some(AuthEvent::ClientChanged { client_id: client.to_owned(), change }));
    }
    if let Some(grant) = stream.strip_prefix(GRANT_PREFIX) {
        let Ok(grant_id) = grant.parse() else { return Ok(None) };
        let event = recorded.event_of::<GrantStream>()?;
        return Ok(grant_event(grant_id, &event));
    }
    if stream.starts_with(SIGN_INS_PREFIX) {
        let event = recorded.event_of::<SignInTrail>()?;
        return Ok(Some(sign_in(&event)));
    }
    if stream == KEYS_STREAM {
        let KeyEvent::KeysRotated { at_once, .. } = *recorded.event_of::<KeyTrail>()?;
        return Ok(Some(AuthEvent::KeysRotated { at_once }));
    }
    Ok(None)
}

fn account_event(account_id: AccountId, event: &AccountEvent) -> AuthEvent {
    let change = match event {
        AccountEvent::ConsentGiven { client, .. } => {
            let (client_id, change) = (client.as_str().to_owned(), "given".to_owned());
            return AuthEvent::ConsentChanged { account_id, client_id, change };
        }
        AccountEvent::ConsentWithdrawn { client, .. } => {
            let (client_id, change) = (client.as_str().to_owned(), "withdrawn".to_owned());
            return AuthEvent::ConsentChanged { account_id, client_id, change };
        }
        event => event.name().strip_prefix("account_").unwrap_or(event.name()).to_owned(),
    };
    AuthEvent::AccountChanged { account_id, change }
}

fn grant_event(grant_id: GrantId, event: &GrantEvent) -> Option<AuthEvent> {
    let change = match event {
        GrantEvent::Refreshed { .. } => return None,
        GrantEvent::Revoked { reason: RevocationReason::CodeReplayed, .. } => "code_replayed",
        GrantEvent::Revoked { reason: RevocationReason::RefreshTokenReplayed, .. } => {
            "refresh_token_replayed"
        }
        GrantEvent::Revoked { .. } => "revoked",
        event => event.name(),
    };
    Some(AuthEvent::GrantChanged { grant_id, change: change.to_owned() })
}

fn sign_in(event: &SignInEvent) -> AuthEvent {
    AuthEvent::SignInAttempted { account_id: event.account(), outcome: outcome(event) }
}

/// What came of an attempt to sign in, in terms of the contract.
pub(crate) fn outcome(event: &SignInEvent) -> SignInOutcome {
    match event {
        SignInEvent::SignedIn { .. } => SignInOutcome::SignedIn,
        SignInEvent::SignInFailed { .. } => SignInOutcome::Failed,
        SignInEvent::LockedOut { .. } => SignInOutcome::LockedOut,
        SignInEvent::SignedOut { .. } => SignInOutcome::SignedOut,
    }
}
