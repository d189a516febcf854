//! Provider of the contract towards whoever answers for a person's data: what is known of an account, and the erasure of it.

use super::feed::outcome;
use crate::{
    application::{
        error::AuthError,
        sessions::list::ListedSession,
        sign_in::{log::LogPosition, passkeys::ListedPasskey},
    },
    domain::{
        Rejection,
        account::Account,
        events::{Role, SignInEvent},
        grant::Grant,
    },
    provider::Provider,
};
use async_trait::async_trait;
use contracts::auth::{
    People, PersonAccount, PersonConsent, PersonGrant, PersonHistory, PersonPasskey,
    PersonSecondFactor, PersonSession, PersonSignIn, SERVICE,
};
use identifiers::{AccountId, Email};
use kernel::{Cursor, Problem, codes};
use rpc::CallError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Name of the list that cursors of a history belong to.
const HISTORY: &str = "history";

/// Provider of [`People`].
#[derive(Debug)]
pub(crate) struct PeopleProvider(pub(crate) Arc<Provider>);

/// Position in a history: the grants come first.
#[derive(Serialize, Deserialize)]
enum HistoryPosition {
    Grants(String),
    SignIns(LogPosition),
}

#[async_trait]
impl People for PeopleProvider {
    async fn find(&self, email: String) -> Result<Option<PersonAccount>, CallError> {
        let Some(email) = parsed(&email) else { return Ok(None) };
        self.found(&email).await.map_err(failed)
    }

    async fn history(
        &self,
        account: AccountId,
        after: Option<Cursor>,
    ) -> Result<PersonHistory, CallError> {
        let after = after
            .map(|cursor| cursor.decode(HISTORY))
            .transpose()
            .map_err(|error| Problem::input(codes::INVALID_CURSOR, "after", error.to_string()))?;
        self.page(account, after).await.map_err(failed)
    }

    async fn close(&self, email: String) -> Result<Option<AccountId>, CallError> {
        let Some(email) = parsed(&email) else { return Ok(None) };
        let Provider { accounts, session_list, .. } = &*self.0;
        let held = accounts.holder(&email).await.map_err(failed)?;
        let Some((id, account, _)) = held else { return Ok(None) };
        if let Some(role) = account.role {
            let role = role.name();
            let title = format!("this account runs the shop as {role}; take the role away first");
            return Err(Problem::of(codes::FORBIDDEN, title).into());
        }
        // While there is a list of them.
        session_list.end_all(id).await.map_err(failed)?;
        accounts.enable(id, false).await.map_err(failed)?;
        Ok(Some(id))
    }

    async fn delete(&self, account: AccountId) -> Result<(), CallError> {
        match self.0.accounts.delete(account, None).await {
            Ok(()) | Err(AuthError::Rejected(Rejection::UnknownAccount)) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

impl PeopleProvider {
    async fn found(&self, email: &Email) -> Result<Option<PersonAccount>, AuthError> {
        let Provider { accounts, session_list, passkeys, .. } = &*self.0;
        let Some((id, account, person)) = accounts.holder(email).await? else { return Ok(None) };
        let sessions = session_list.of(id, &account).await?;
        let passkeys = passkeys.of(id).await?;
        let second_factor = account
            .second_factor
            .map(|factor| PersonSecondFactor { recovery_codes_left: factor.codes_left() });
        Ok(Some(PersonAccount {
            id,
            email: person.email.unwrap_or_default(),
            is_email_verified: account.is_email_verified,
            pending_email: person.pending_email,
            claims: person.claims,
            role: account.role.map(Role::name).map(str::to_owned),
            created_at: account.created_at,
            is_enabled: account.is_enabled,
            has_password: person.password.is_some(),
            second_factor,
            passkeys: passkeys.into_iter().map(passkey).collect(),
            sessions: sessions.into_iter().map(session).collect(),
            consents: consents(&account),
        }))
    }

    async fn page(
        &self,
        account: AccountId,
        after: Option<HistoryPosition>,
    ) -> Result<PersonHistory, AuthError> {
        let Provider { grants, sessions, .. } = &*self.0;
        let (page, next) = match after {
            None | Some(HistoryPosition::Grants(_)) => {
                let after = match &after {
                    Some(HistoryPosition::Grants(key)) => Some(key.as_str()),
                    _ => None,
                };
                let (found, next) = grants.of_account(account, after).await?;
                let grants = found.iter().map(grant).collect();
                let sign_ins = || HistoryPosition::SignIns(LogPosition::default());
                let next = next.map_or_else(sign_ins, HistoryPosition::Grants);
                (PersonHistory { grants, ..PersonHistory::default() }, Some(next))
            }
            Some(HistoryPosition::SignIns(after)) => {
                let (found, next) = sessions.log.of_account(account, &after).await?;
                let sign_ins = found.iter().map(sign_in).collect();
                let page = PersonHistory { sign_ins, ..PersonHistory::default() };
                (page, next.map(HistoryPosition::SignIns))
            }
        };
        Ok(PersonHistory { next: next.map(|next| Cursor::encode(HISTORY, &next)), ..page })
    }
}

fn passkey(passkey: ListedPasskey) -> PersonPasskey {
    PersonPasskey { credential: passkey.credential, added_at: passkey.added }
}

fn session(ListedSession { began, browser, .. }: ListedSession) -> PersonSession {
    PersonSession { began_at: began, browser }
}

fn consents(account: &Account) -> Vec<PersonConsent> {
    let consents = account.consents().map(|(client, scopes)| PersonConsent {
        client: client.as_str().to_owned(),
        scopes: scopes.into_iter().map(str::to_owned).collect(),
    });
    consents.collect()
}

fn grant(grant: &Grant) -> PersonGrant {
    PersonGrant {
        client: grant.authorization.client.as_str().to_owned(),
        scopes: grant.authorization.scopes.clone(),
        authorized_at: grant.authorized_at,
        is_revoked: grant.is_revoked,
    }
}

fn sign_in(event: &SignInEvent) -> PersonSignIn {
    PersonSignIn { at: event.at(), outcome: outcome(event) }
}

/// Address of an account; none of a text that no account can have.
fn parsed(email: &str) -> Option<Email> {
    Email::parse(email.trim()).ok()
}

fn failed(error: impl Into<AuthError>) -> CallError {
    let error = error.into();
    tracing::error!(%error, "what is known of a person could not be answered or erased");
    Problem::unavailable(SERVICE).into()
}
