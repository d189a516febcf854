//! Account of a person: who may sign in, and which clients may act for them.

use super::{
    Rejection,
    events::{AccountEvent, ClientId, Role},
};
use kernel::Timestamp;
use std::collections::BTreeMap;

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
    offer: Option<SetUpOffer>,
    offers: u32,
    /// When the person agreed, by client and scope.
    consents: BTreeMap<ClientId, BTreeMap<String, Timestamp>>,
}

/// One-time link that has not been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SetUpOffer {
    number: u32,
    expires: Timestamp,
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

    /// Whether the one-time link of this number can be used.
    pub(crate) fn check_offer(&self, number: u32, at: Timestamp) -> Result<(), Rejection> {
        match self.offer {
            Some(offer) if offer.number == number && at < offer.expires && self.is_enabled => {
                Ok(())
            }
            _ => Err(Rejection::OfferInvalid),
        }
    }

    /// A password set by a one-time link.
    pub(crate) fn set_up(
        &self,
        number: u32,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_offer(number, at)?;
        Ok(vec![AccountEvent::PasswordSet { at }])
    }

    /// Disables the account; what is signed in is signed out.
    pub(crate) fn disable(&self, at: Timestamp) -> Vec<AccountEvent> {
        if self.is_enabled { vec![AccountEvent::Disabled { at }] } else { Vec::new() }
    }

    /// Enables the account again. Whatever it was disabled for, its old password must not bring it back.
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
        if self.consents.len() >= CONSENTS_MAX && !self.consents.contains_key(client) {
            return Err(Rejection::TooManyConsents { max: CONSENTS_MAX });
        }
        let (client, scopes) = (client.clone(), scopes.to_vec());
        Ok(vec![AccountEvent::ConsentGiven { client, scopes, at }])
    }

    /// Whether what began at this time is still valid.
    pub(crate) fn admits(&self, authenticated_at: Timestamp) -> bool {
        self.is_enabled && authenticated_at >= self.valid_from
    }

    /// State with one more event.
    pub(crate) fn apply(account: Option<Self>, event: &AccountEvent) -> Self {
        let begun = |at: Timestamp, role| Self {
            role,
            is_enabled: true,
            is_set_up: false,
            created_at: at,
            valid_from: at,
            passwords: 0,
            offer: None,
            offers: 0,
            consents: BTreeMap::new(),
        };
        let mut account = match (account, event) {
            (_, AccountEvent::Created { at, role }) => return begun(*at, *role),
            (Some(account), _) => account,
            (None, _) => begun(Timestamp::MIN, None),
        };
        match event {
            AccountEvent::Created { .. } => {}
            AccountEvent::SetUpOffered { number, expires, .. } => {
                account.offers = *number;
                account.offer = Some(SetUpOffer { number: *number, expires: *expires });
            }
            AccountEvent::PasswordSet { at } => {
                (account.is_set_up, account.offer, account.valid_from) = (true, None, *at);
                account.passwords = account.passwords.saturating_add(1);
            }
            AccountEvent::Disabled { at } => {
                (account.is_enabled, account.offer, account.valid_from) = (false, None, *at);
            }
            AccountEvent::Enabled { .. } => (account.is_enabled, account.is_set_up) = (true, false),
            AccountEvent::ConsentGiven { client, scopes, at } => {
                let given = scopes.iter().map(|scope| (scope.clone(), *at));
                account.consents.entry(client.clone()).or_default().extend(given);
            }
        }
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn account(events: &[AccountEvent]) -> Account {
        let created = AccountEvent::Created { role: None, at: at(0) };
        let account = Account::apply(None, &created);
        events.iter().fold(account, |account, event| Account::apply(Some(account), event))
    }

    #[test]
    fn an_account_is_created_once() {
        let created = Account::create(None, Some(Role::Admin), at(1)).unwrap();
        assert_eq!(created, [AccountEvent::Created { role: Some(Role::Admin), at: at(1) }]);
        assert_eq!(
            Account::create(Some(&account(&[])), None, at(1)),
            Err(Rejection::AccountExists)
        );
    }

    #[test]
    fn a_link_is_used_once_before_it_expires_and_only_the_newest_counts() {
        let first = account(&account(&[]).offer_set_up(at(100), at(1)));
        assert_eq!(first.check_offer(1, at(99)), Ok(()));
        assert_eq!(first.check_offer(1, at(100)), Err(Rejection::OfferInvalid), "expired");
        assert_eq!(first.check_offer(2, at(2)), Err(Rejection::OfferInvalid), "never made");
        let offered = first.offer_set_up(at(200), at(2));
        let second = Account::apply(Some(first), &offered[0]);
        assert_eq!(second.set_up(1, at(3)), Err(Rejection::OfferInvalid), "voided by the second");
        let set = second.set_up(2, at(3)).unwrap();
        let used = set.iter().fold(second, |it, event| Account::apply(Some(it), event));
        assert!(used.is_set_up);
        assert_eq!(used.set_up(2, at(4)), Err(Rejection::OfferInvalid), "used");
    }

    #[test]
    fn a_password_or_a_disabled_account_ends_what_began_before() {
        let changed = account(&[AccountEvent::PasswordSet { at: at(10) }]);
        assert!(changed.is_set_up && !changed.admits(at(9)) && changed.admits(at(10)));
        let disabled = account(&changed.disable(at(20)));
        assert!(!disabled.admits(at(30)));
        assert!(disabled.disable(at(21)).is_empty(), "again");
        let enabled = Account::apply(Some(disabled.clone()), &disabled.enable(at(40))[0]);
        assert!(enabled.admits(at(41)) && !enabled.admits(at(15)));
        assert!(!enabled.is_set_up, "a new password is needed");
        assert!(enabled.enable(at(50)).is_empty(), "again");
    }

    #[test]
    fn a_disabled_account_neither_consents_nor_takes_its_link() {
        let offered = account(&account(&[]).offer_set_up(at(100), at(1)));
        let disabled = Account::apply(Some(offered.clone()), &offered.disable(at(2))[0]);
        assert_eq!(disabled.set_up(1, at(3)), Err(Rejection::OfferInvalid));
        let client = ClientId::parse("app").unwrap();
        assert_eq!(disabled.consent(&client, at(0), &[], at(3)), Err(Rejection::AccountDisabled));
    }

    #[test]
    fn a_new_scope_asks_for_consent_again() {
        let (client, other) = (ClientId::parse("app").unwrap(), ClientId::parse("b").unwrap());
        let scopes = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let consent = |account: &Account, names: &[&str], second| {
            account.consent(&client, at(0), &scopes(names), at(second))
        };
        let given = account(&consent(&account(&[]), &["openid"], 1).unwrap());
        let has = |account: &Account, client, names: &[&str]| {
            account.has_consented(client, at(0), &scopes(names))
        };
        assert!(has(&given, &client, &["openid"]) && has(&given, &client, &[]));
        assert!(!has(&given, &client, &["openid", "email"]));
        assert!(!has(&given, &other, &["openid"]) && !has(&given, &other, &[]));
        assert_eq!(consent(&given, &["openid"], 2), Ok(Vec::new()), "again");
        let more = consent(&given, &["email"], 2).unwrap();
        let more = Account::apply(Some(given), &more[0]);
        assert!(has(&more, &client, &["openid", "email"]));
    }

    #[test]
    fn a_consent_ends_with_the_registration_of_its_client() {
        let (client, scopes) = (ClientId::parse("app").unwrap(), ["openid".to_owned()]);
        let given = account(&account(&[]).consent(&client, at(0), &scopes, at(5)).unwrap());
        assert!(given.has_consented(&client, at(5), &scopes));
        assert!(!given.has_consented(&client, at(6), &scopes), "another client of the same name");
        let again = given.consent(&client, at(6), &scopes, at(7)).unwrap();
        let again = Account::apply(Some(given), &again[0]);
        assert!(again.has_consented(&client, at(6), &scopes));
    }

    #[test]
    fn consents_have_a_limit() {
        let mut full = account(&[]);
        let consent = |account: &Account, client: &str, scope: &str| {
            let client = ClientId::parse(client).unwrap();
            account.consent(&client, at(0), &[scope.to_owned()], at(1))
        };
        for number in 0..CONSENTS_MAX {
            let event = consent(&full, &format!("c{number}"), "a").unwrap();
            full = Account::apply(Some(full), &event[0]);
        }
        let refused = consent(&full, "new", "a");
        assert_eq!(refused, Err(Rejection::TooManyConsents { max: CONSENTS_MAX }));
        assert!(consent(&full, "c1", "b").is_ok());
    }

    #[test]
    fn no_client_has_the_identifier_of_an_account() {
        for good in ["app", "A.b_c~d-1", &"x".repeat(64)] {
            assert!(ClientId::parse(good).is_some(), "{good}");
        }
        let account = "0190a8b4-0000-7000-8000-000000000000";
        let plain = account.replace('-', "");
        for wrong in ["", "a b", "a:b", "ä", "a/b", "a\n", account, &plain, &"x".repeat(65)] {
            assert!(ClientId::parse(wrong).is_none(), "{wrong}");
        }
    }
}
