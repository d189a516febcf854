//! Passkeys of an account: which there are. Their keys are records.

use super::Account;
use crate::domain::{Rejection, events::AccountEvent};
use kernel::Timestamp;

/// Most passkeys of an account.
pub(crate) const PASSKEYS_MAX: usize = 20;

impl Account {
    /// A new passkey, by the digest of its credential's identifier.
    pub(crate) fn add_passkey(
        &self,
        passkey: &str,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        if self.passkeys.contains(passkey) {
            return Err(Rejection::PasskeyExists);
        }
        if self.passkeys.len() >= PASSKEYS_MAX {
            return Err(Rejection::TooManyPasskeys { max: PASSKEYS_MAX });
        }
        Ok(vec![AccountEvent::PasskeyAdded { passkey: passkey.to_owned(), at }])
    }

    /// Removes a passkey; again is no change.
    pub(crate) fn remove_passkey(&self, passkey: &str, at: Timestamp) -> Vec<AccountEvent> {
        let removed = self
            .passkeys
            .contains(passkey)
            .then(|| AccountEvent::PasskeyRemoved { passkey: passkey.to_owned(), at });
        removed.into_iter().collect()
    }

    /// Removes all passkeys.
    pub(crate) fn remove_passkeys(&self, at: Timestamp) -> impl Iterator<Item = AccountEvent> {
        let removed =
            move |passkey: &String| AccountEvent::PasskeyRemoved { passkey: passkey.clone(), at };
        self.passkeys.iter().map(removed)
    }

    /// Whether somebody can sign in with a passkey.
    pub(crate) fn has_passkey(&self, passkey: &str) -> bool {
        self.is_enabled && self.passkeys.contains(passkey)
    }

    /// The passkeys after one of their events.
    pub(super) fn apply_passkeys(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::PasskeyAdded { passkey, .. } => {
                self.passkeys.insert(passkey.clone());
            }
            AccountEvent::PasskeyRemoved { passkey, .. } => {
                self.passkeys.remove(passkey);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn with(account: &Account, events: &[AccountEvent]) -> Account {
        let fold = |account: Account, event| Account::apply(Some(account), event);
        events.iter().fold(account.clone(), fold)
    }

    fn plain() -> Account {
        Account::apply(None, &AccountEvent::Created { at: at(0), role: None })
    }

    #[test]
    fn a_passkey_is_added_once_and_removed() {
        let one = with(&plain(), &plain().add_passkey("one", at(1)).unwrap());
        assert!(one.has_passkey("one") && !one.has_passkey("two"));
        assert_eq!(one.add_passkey("one", at(2)), Err(Rejection::PasskeyExists));
        let none = with(&one, &one.remove_passkey("one", at(3)));
        assert!(!none.has_passkey("one") && none.remove_passkey("one", at(4)).is_empty());
        assert!(none.add_passkey("one", at(5)).is_ok());
    }

    #[test]
    fn passkeys_have_a_limit() {
        let mut account = plain();
        for number in 0..PASSKEYS_MAX {
            let added = account.add_passkey(&format!("p{number}"), at(1)).unwrap();
            account = with(&account, &added);
        }
        let refused = account.add_passkey("one more", at(2));
        assert_eq!(refused, Err(Rejection::TooManyPasskeys { max: PASSKEYS_MAX }));
    }

    #[test]
    fn a_disabled_account_has_no_passkey_that_counts() {
        let one = with(&plain(), &plain().add_passkey("one", at(1)).unwrap());
        let disabled = with(&one, &one.disable(at(2)));
        assert!(!disabled.has_passkey("one"));
        assert_eq!(disabled.add_passkey("two", at(3)), Err(Rejection::AccountDisabled));
        let enabled = with(&disabled, &disabled.enable(at(4)));
        assert!(!enabled.has_passkey("one"), "nor does it come back with the account");
        assert!(enabled.add_passkey("one", at(5)).is_ok());
    }

    #[test]
    fn a_password_set_by_a_link_leaves_no_passkey() {
        let one = with(&plain(), &plain().add_passkey("one", at(1)).unwrap());
        let offered = with(&one, &one.offer_reset(at(100), at(2)).unwrap());
        let set = with(&offered, &offered.set_up(1, at(3)).unwrap());
        assert!(set.is_set_up && !set.has_passkey("one"));
        let changed = with(&one, &one.change_password(at(3)).unwrap());
        assert!(changed.has_passkey("one"), "who knows the present password keeps them");
    }
}
