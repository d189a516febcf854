//! Account of a person: who may sign in, and which clients may act for them.

mod administration;
mod changes;
mod passkeys;
mod second_factor;

pub(crate) use administration::{AccountUpdate, NewAccount};
pub(crate) use second_factor::{RECOVERY_CODES, SecondFactor};

use super::{
    Rejection,
    events::{AccountEvent, ClientId, Role},
};
use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most clients whose consent an account remembers.
pub(crate) const CONSENTS_MAX: usize = 500;

/// Account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) role: Option<Role>,
    pub(crate) is_enabled: bool,
    /// Whether somebody can sign in: a password was set.
    pub(crate) is_set_up: bool,
    pub(crate) created_at: Timestamp,
    /// Sessions and grants of before are void.
    pub(crate) valid_from: Timestamp,
    /// How many passwords were set: what was remembered of a device counts under the one with which somebody signed in there.
    pub(crate) passwords: u32,
    /// Whether mail to the address was shown to be read.
    pub(crate) is_email_verified: bool,
    pub(crate) second_factor: Option<SecondFactor>,
    passkeys: BTreeSet<String>,
    /// Version of the records of the account: how many changes they have seen.
    pub(crate) record_version: u32,
    /// Version of the account: how many events it has.
    pub(crate) version: u64,
    offer: Option<Offer>,
    offers: u32,
    email_change: Option<Offer>,
    email_changes: u32,
    /// When the person agreed, by client and scope.
    consents: BTreeMap<ClientId, BTreeMap<String, Timestamp>>,
    /// When the person took back a consent last, by client.
    withdrawn: BTreeMap<ClientId, Timestamp>,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// One-time link that has not been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    number: u32,
    expires: Timestamp,
    is_mailed: bool,
}

impl Offer {
    /// The offer, if it is the one of this number and can be used.
    fn check(offer: Option<Self>, number: u32, at: Timestamp) -> Result<Self, Rejection> {
        let usable = offer.filter(|offer| offer.number == number && at < offer.expires);
        usable.ok_or(Rejection::OfferInvalid)
    }
}

impl Account {
    /// A new account.
    pub(crate) fn create(
        account: Option<&Self>,
        role: Option<Role>,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        match account {
            None => Ok(vec![AccountEvent::Created { role, at }]),
            Some(_) => Err(Rejection::AccountExists),
        }
    }

    /// Number of the next one-time link.
    pub(crate) fn next_offer(&self) -> u32 {
        self.offers.saturating_add(1)
    }

    /// A new one-time link, which voids earlier ones.
    pub(crate) fn offer_set_up(&self, expires: Timestamp, at: Timestamp) -> Vec<AccountEvent> {
        vec![AccountEvent::SetUpOffered { number: self.next_offer(), expires, at }]
    }

    /// A new one-time link that goes to the address of the account, which voids earlier ones.
    pub(crate) fn offer_reset(
        &self,
        expires: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        Ok(vec![AccountEvent::ResetOffered { number: self.next_offer(), expires, at }])
    }

    /// Whether the one-time link of this number can be used.
    pub(crate) fn check_offer(&self, number: u32, at: Timestamp) -> Result<(), Rejection> {
        self.usable_offer(number, at).map(drop)
    }

    fn usable_offer(&self, number: u32, at: Timestamp) -> Result<Offer, Rejection> {
        let offer = Offer::check(self.offer, number, at)?;
        if self.is_enabled { Ok(offer) } else { Err(Rejection::OfferInvalid) }
    }

    /// A password set by a one-time link. If the link was mailed, the mail was read. It is the way back for whoever lost the account to
    /// somebody else, who may have added passkeys: from now on the password alone opens it.
    pub(crate) fn set_up(
        &self,
        number: u32,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let offer = self.usable_offer(number, at)?;
        let is_new = offer.is_mailed && !self.is_email_verified;
        let verified = is_new.then_some(AccountEvent::EmailVerified { at });
        let set = [AccountEvent::PasswordSet { at }];
        Ok(verified.into_iter().chain(self.remove_passkeys(at)).chain(set).collect())
    }

    /// Disables the account; what is signed in is signed out.
    pub(crate) fn disable(&self, at: Timestamp) -> Vec<AccountEvent> {
        if self.is_enabled { vec![AccountEvent::Disabled { at }] } else { Vec::new() }
    }

    /// Enables the account again. Whatever it was disabled for, neither its old password nor a passkey must bring it back.
    pub(crate) fn enable(&self, at: Timestamp) -> Vec<AccountEvent> {
        if self.is_enabled { Vec::new() } else { vec![AccountEvent::Enabled { at }] }
    }

    /// Whether the person agreed to all of these scopes for a client, since it is registered: a client that was removed and another
    /// one of the same name have nothing in common.
    pub(crate) fn has_consented(
        &self,
        client: &ClientId,
        registered_at: Timestamp,
        scopes: &[String],
    ) -> bool {
        let given = self.consents.get(client);
        let covers = |scope: &String| {
            given.and_then(|given| given.get(scope)).is_some_and(|at| *at >= registered_at)
        };
        given.is_some() && scopes.iter().all(covers)
    }

    /// Consent to scopes for a client that is registered since this time.
    pub(crate) fn consent(
        &self,
        client: &ClientId,
        registered_at: Timestamp,
        scopes: &[String],
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        if !self.is_enabled {
            return Err(Rejection::AccountDisabled);
        }
        if self.has_consented(client, registered_at, scopes) {
            return Ok(Vec::new());
        }
        let is_known = self.consents.contains_key(client) || self.withdrawn.contains_key(client);
        let remembered = self.withdrawn.keys().filter(|it| !self.consents.contains_key(it));
        if !is_known && self.consents.len() + remembered.count() >= CONSENTS_MAX {
            return Err(Rejection::TooManyConsents { max: CONSENTS_MAX });
        }
        let (client, scopes) = (client.clone(), scopes.to_vec());
        Ok(vec![AccountEvent::ConsentGiven { client, scopes, at }])
    }

    /// Takes back what was agreed to for a client; again is no change. It is remembered as long as the consent would have been, so that the
    /// same limit holds.
    pub(crate) fn withdraw_consent(&self, client: &ClientId, at: Timestamp) -> Vec<AccountEvent> {
        if !self.consents.contains_key(client) {
            return Vec::new();
        }
        vec![AccountEvent::ConsentWithdrawn { client: client.clone(), at }]
    }

    /// Whether a consent that a grant of this time came from was taken back since.
    pub(crate) fn has_withdrawn(&self, client: &ClientId, authorized_at: Timestamp) -> bool {
        self.withdrawn.get(client).is_some_and(|at| *at >= authorized_at)
    }

    /// Clients that may act for the person, with their scopes.
    pub(crate) fn consents(&self) -> impl Iterator<Item = (&ClientId, Vec<&str>)> {
        self.consents
            .iter()
            .map(|(client, scopes)| (client, scopes.keys().map(String::as_str).collect()))
    }

    /// What the person agreed to for a client that is registered since this time, and when.
    pub(crate) fn consents_to(
        &self,
        client: &ClientId,
        registered_at: Timestamp,
    ) -> impl Iterator<Item = (&str, Timestamp)> {
        let given = self.consents.get(client).into_iter().flatten();
        let given = given.map(|(scope, at)| (scope.as_str(), *at));
        given.filter(move |(_, at)| *at >= registered_at)
    }

    /// Gives the account a role, or none; the same again is no change.
    pub(crate) fn assign_role(&self, role: Option<Role>, at: Timestamp) -> Vec<AccountEvent> {
        if self.role == role { Vec::new() } else { vec![AccountEvent::RoleAssigned { role, at }] }
    }

    /// Deletes the account.
    pub(crate) fn delete(&self, at: Timestamp) -> Vec<AccountEvent> {
        if self.deleted_at.is_some() { Vec::new() } else { vec![AccountEvent::Deleted { at }] }
    }

    /// Whether what began at this time is still valid.
    pub(crate) fn admits(&self, authenticated_at: Timestamp) -> bool {
        self.is_enabled && authenticated_at >= self.valid_from
    }

    /// Account to which nothing has happened yet.
    fn begun(at: Timestamp, role: Option<Role>) -> Self {
        Self {
            role,
            is_enabled: true,
            is_set_up: false,
            created_at: at,
            valid_from: at,
            passwords: 0,
            is_email_verified: false,
            second_factor: None,
            passkeys: BTreeSet::new(),
            record_version: 0,
            version: 0,
            offer: None,
            offers: 0,
            email_change: None,
            email_changes: 0,
            consents: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            deleted_at: None,
        }
    }

    /// State with one more event.
    pub(crate) fn apply(account: Option<Self>, event: &AccountEvent) -> Self {
        let version = account.as_ref().map_or(0, |account| account.version).saturating_add(1);
        Self { version, ..Self::changed(account, event) }
    }

    fn changed(account: Option<Self>, event: &AccountEvent) -> Self {
        let mut account = match (account, event) {
            (_, AccountEvent::Created { at, role }) => return Self::begun(*at, *role),
            (Some(account), _) => account,
            (None, _) => Self::begun(Timestamp::MIN, None),
        };
        if event.changes_record() {
            account.record_version = account.record_version.saturating_add(1);
        }
        match event {
            AccountEvent::Created { .. } | AccountEvent::Described { .. } => {}
            AccountEvent::SetUpOffered { number, expires, .. }
            | AccountEvent::ResetOffered { number, expires, .. } => {
                account.offers = *number;
                let is_mailed = matches!(event, AccountEvent::ResetOffered { .. });
                let (number, expires) = (*number, *expires);
                account.offer = Some(Offer { number, expires, is_mailed });
            }
            AccountEvent::PasswordSet { at } => {
                (account.is_set_up, account.valid_from) = (true, *at);
                // Whoever lost the password may have lost the account to somebody who wants another address for it.
                (account.offer, account.email_change) = (None, None);
                account.passwords = account.passwords.saturating_add(1);
            }
            AccountEvent::Disabled { at } => {
                (account.is_enabled, account.valid_from) = (false, *at);
                (account.offer, account.email_change) = (None, None);
            }
            AccountEvent::Enabled { .. } => {
                (account.is_enabled, account.is_set_up) = (true, false);
                account.passkeys.clear();
            }
            AccountEvent::ConsentGiven { client, scopes, at } => {
                let given = scopes.iter().map(|scope| (scope.clone(), *at));
                account.consents.entry(client.clone()).or_default().extend(given);
            }
            AccountEvent::EmailVerified { .. } => account.is_email_verified = true,
            AccountEvent::EmailChangeOffered { number, expires, .. } => {
                account.email_changes = *number;
                let (number, expires, is_mailed) = (*number, *expires, true);
                account.email_change = Some(Offer { number, expires, is_mailed });
            }
            AccountEvent::EmailChanged { .. } => {
                (account.is_email_verified, account.email_change) = (true, None);
                // A link that went to the earlier address is no longer the owner's.
                account.offer = None;
            }
            AccountEvent::SignedOut { at } => account.valid_from = *at,
            AccountEvent::RoleAssigned { role, .. } => account.role = *role,
            AccountEvent::ConsentWithdrawn { client, at } => {
                account.consents.remove(client);
                account.withdrawn.insert(client.clone(), *at);
            }
            AccountEvent::Deleted { at } => {
                (account.deleted_at, account.is_enabled) = (Some(*at), false);
                (account.offer, account.email_change, account.valid_from) = (None, None, *at);
            }
            event => {
                account.apply_second_factor(event);
                account.apply_passkeys(event);
            }
        }
        account
    }
}

#[cfg(test)]
mod tests;
