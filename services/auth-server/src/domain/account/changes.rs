//! What the owner of an account changes: password, e-mail address, and who is signed in.

use super::{Account, Offer};
use crate::domain::{Rejection, events::AccountEvent};
use kernel::Timestamp;

impl Account {
    /// The first password of an account whose owner has just read the mail to its address.
    pub(crate) fn sign_up(
        account: Option<&Self>,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        let mut events = Self::create(account, None, at)?;
        events.extend([AccountEvent::EmailVerified { at }, AccountEvent::PasswordSet { at }]);
        Ok(events)
    }

    /// Another password; what is signed in is signed out.
    pub(crate) fn change_password(&self, at: Timestamp) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        Ok(vec![AccountEvent::PasswordSet { at }])
    }

    /// A link to another address, which voids earlier ones.
    pub(crate) fn offer_email_change(
        &self,
        expires: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        let number = self.email_changes.saturating_add(1);
        Ok(vec![AccountEvent::EmailChangeOffered { number, expires, at }])
    }

    /// Number of the last link to another address.
    pub(crate) fn last_email_change(&self) -> u32 {
        self.email_changes
    }

    /// Whether the link to another address can be used.
    pub(crate) fn check_email_change(&self, number: u32, at: Timestamp) -> Result<(), Rejection> {
        Offer::check(self.email_change, number, at)?;
        self.check_enabled().map_err(|_| Rejection::OfferInvalid)
    }

    /// The other address in place of the first.
    pub(crate) fn change_email(
        &self,
        number: u32,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_email_change(number, at)?;
        Ok(vec![AccountEvent::EmailChanged { at }])
    }

    /// Signs out whoever is signed in, here and everywhere; tokens that were granted are void.
    pub(crate) fn sign_out_everywhere(
        &self,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        Ok(vec![AccountEvent::SignedOut { at }])
    }

    /// Other standard claims about the person.
    pub(crate) fn describe(at: Timestamp) -> Vec<AccountEvent> {
        vec![AccountEvent::Described { at }]
    }

    /// Whether the records of the account are still those that were read with this version of it.
    pub(crate) fn check_record(&self, version: u32) -> Result<(), Rejection> {
        if self.record_version == version { Ok(()) } else { Err(Rejection::RecordChanged) }
    }

    pub(super) fn check_enabled(&self) -> Result<(), Rejection> {
        if self.is_enabled { Ok(()) } else { Err(Rejection::AccountDisabled) }
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

    fn signed_up() -> Account {
        folded(None, &Account::sign_up(None, at(0)).unwrap())
    }

    #[test]
    fn whoever_signs_up_has_shown_that_the_address_is_read() {
        let account = signed_up();
        assert!(account.is_set_up && account.is_email_verified && account.role.is_none());
        assert_eq!(Account::sign_up(Some(&account), at(1)), Err(Rejection::AccountExists));
    }

    #[test]
    fn another_password_and_a_sign_out_end_what_was_signed_in() {
        let account = signed_up();
        let changed = folded(Some(account.clone()), &account.change_password(at(5)).unwrap());
        assert!(changed.admits(at(5)) && !changed.admits(at(4)));
        let out = folded(Some(account.clone()), &account.sign_out_everywhere(at(6)).unwrap());
        assert!(out.is_set_up && out.admits(at(6)) && !out.admits(at(5)));
    }

    #[test]
    fn the_newest_link_to_another_address_counts_once_in_time() {
        let account = signed_up();
        let offer = |account: &Account, second| {
            folded(
                Some(account.clone()),
                &account.offer_email_change(at(second + 100), at(second)).unwrap(),
            )
        };
        let (one, two) = (offer(&account, 1), offer(&offer(&account, 1), 2));
        assert_eq!((one.last_email_change(), two.last_email_change()), (1, 2));
        assert_eq!(two.check_email_change(1, at(3)), Err(Rejection::OfferInvalid));
        assert_eq!(two.check_email_change(2, at(101)), Ok(()));
        assert_eq!(two.check_email_change(2, at(102)), Err(Rejection::OfferInvalid));
        let changed = folded(Some(two.clone()), &two.change_email(2, at(3)).unwrap());
        assert!(changed.is_email_verified);
        assert_eq!(changed.change_email(2, at(4)), Err(Rejection::OfferInvalid), "used");
        assert_eq!(account.change_email(0, at(1)), Err(Rejection::OfferInvalid), "never offered");
    }

    #[test]
    fn a_disabled_account_changes_nothing() {
        let account = folded(
            Some(signed_up()),
            &[
                AccountEvent::EmailChangeOffered { number: 1, expires: at(100), at: at(1) },
                AccountEvent::Disabled { at: at(2) },
            ],
        );
        assert_eq!(account.change_password(at(3)), Err(Rejection::AccountDisabled));
        assert_eq!(account.offer_email_change(at(9), at(3)), Err(Rejection::AccountDisabled));
        assert_eq!(account.change_email(1, at(3)), Err(Rejection::OfferInvalid));
        let enabled = folded(Some(account.clone()), &account.enable(at(4)));
        let refused = enabled.change_email(1, at(5));
        assert_eq!(refused, Err(Rejection::OfferInvalid), "the link of before");
    }

    #[test]
    fn a_record_that_changed_since_it_was_read_is_told() {
        let account = signed_up();
        let version = account.record_version;
        assert_eq!(account.check_record(version), Ok(()));
        let changed = folded(Some(account.clone()), &account.change_password(at(5)).unwrap());
        assert_eq!(changed.check_record(version), Err(Rejection::RecordChanged));
        let out = folded(Some(account.clone()), &account.sign_out_everywhere(at(6)).unwrap());
        assert_eq!(out.check_record(version), Ok(()));
    }
}
