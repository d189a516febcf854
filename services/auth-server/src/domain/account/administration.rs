//! What whoever administers the shop changes about an account: everything at once, and at the version for which it is meant.

use super::Account;
use crate::domain::{
    Rejection,
    events::{AccountEvent, Role},
};
use kernel::Timestamp;

/// Account that is to be added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewAccount {
    pub(crate) role: Option<Role>,
    pub(crate) has_password: bool,
    pub(crate) is_enabled: bool,
}

/// Update of an account: what is to be different.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountUpdate {
    pub(crate) is_enabled: Option<bool>,
    pub(crate) has_password: bool,
}

impl Account {
    /// A new account.
    pub(crate) fn add(
        account: Option<&Self>,
        new: NewAccount,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let mut events = Self::create(account, new.role, at)?;
        events.extend(new.has_password.then_some(AccountEvent::PasswordSet { at }));
        events.extend((!new.is_enabled).then_some(AccountEvent::Disabled { at }));
        Ok(events)
    }

    /// An update. A disabled account takes no password unless it is enabled as well; like a password that is set by a link, it is from
    /// then on what alone opens the account.
    pub(crate) fn update(
        &self,
        update: AccountUpdate,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let mut events = Vec::new();
        if update.is_enabled == Some(true) {
            events.extend(self.enable(at));
        }
        if update.has_password {
            if events.is_empty() {
                self.check_enabled()?;
                events.extend(self.remove_passkeys(at));
            }
            events.push(AccountEvent::PasswordSet { at });
        }
        if update.is_enabled == Some(false) {
            events.extend(self.disable(at));
        }
        Ok(events)
    }

    /// Takes a role away; an account that has another one keeps it.
    pub(crate) fn end_role(&self, role: Role, at: Timestamp) -> Vec<AccountEvent> {
        if self.role == Some(role) { self.assign_role(None, at) } else { Vec::new() }
    }

    /// Whether the account is at one of the expected versions; any will do if none is named.
    pub(crate) fn check_version(&self, expected: Option<&[u64]>) -> Result<(), Rejection> {
        if expected.is_none_or(|expected| expected.contains(&self.version)) {
            return Ok(());
        }
        Err(Rejection::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn folded(account: Option<Account>, events: &[AccountEvent]) -> Account {
        events.iter().fold(account, |account, event| Some(Account::apply(account, event))).unwrap()
    }

    fn added(has_password: bool, is_enabled: bool) -> Account {
        let new = NewAccount { role: None, has_password, is_enabled };
        folded(None, &Account::add(None, new, at(0)).unwrap())
    }

    fn updated(account: &Account, is_enabled: Option<bool>, has_password: bool) -> Account {
        let events = account.update(AccountUpdate { is_enabled, has_password }, at(1)).unwrap();
        folded(Some(account.clone()), &events)
    }

    #[test]
    fn an_account_is_added_as_it_is_to_be() {
        for (has_password, is_enabled) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let account = added(has_password, is_enabled);
            assert_eq!((account.is_set_up, account.is_enabled), (has_password, is_enabled));
        }
        let (new, account) =
            (NewAccount { role: None, has_password: false, is_enabled: true }, added(true, true));
        let again = Account::add(Some(&account), new, at(1));
        assert_eq!(again, Err(Rejection::AccountExists));
    }

    #[test]
    fn a_disabled_account_takes_a_password_only_with_the_word_that_enables_it() {
        let disabled = added(true, false);
        let refused = |is_enabled| {
            disabled.update(AccountUpdate { is_enabled, has_password: true }, at(1)).unwrap_err()
        };
        assert_eq!((refused(None), refused(Some(false))), {
            (Rejection::AccountDisabled, Rejection::AccountDisabled)
        });
        let enabled = updated(&disabled, Some(true), true);
        assert!(enabled.is_enabled && enabled.is_set_up);
        assert!(
            !updated(&disabled, Some(true), false).is_set_up,
            "the old password does not count"
        );
        let again = updated(&enabled, Some(false), true);
        assert!(!again.is_enabled && again.passwords == enabled.passwords + 1);
    }

    #[test]
    fn a_new_password_leaves_no_passkey() {
        let account = added(true, true);
        let one = folded(Some(account.clone()), &account.add_passkey("one", at(1)).unwrap());
        assert!(one.has_passkey("one"));
        assert!(!updated(&one, None, true).has_passkey("one"));
        assert!(updated(&one, Some(true), false).has_passkey("one"), "nothing changed");
    }

    #[test]
    fn a_change_for_another_version_is_refused() {
        let account = added(true, true);
        assert_eq!(account.version, 2, "one for each event");
        let check = |expected| account.check_version(expected);
        assert!(check(None).is_ok() && check(Some(&[1, 2])).is_ok());
        assert_eq!(check(Some(&[1])), Err(Rejection::VersionChanged));
        assert_eq!(check(Some(&[])), Err(Rejection::VersionChanged));
    }

    #[test]
    fn only_the_role_that_ends_is_taken_away() {
        let account = added(true, true);
        let viewer = folded(Some(account.clone()), &account.assign_role(Some(Role::Viewer), at(1)));
        assert!(viewer.end_role(Role::Admin, at(2)).is_empty());
        let without = folded(Some(viewer.clone()), &viewer.end_role(Role::Viewer, at(2)));
        assert_eq!(without.role, None);
    }
}
