//! Second factor of an account: one-time passwords of an app, with recovery codes for when it is lost. Here it is decided that none of
//! them counts twice; what they are is a secret, and a record.

use super::Account;
use crate::domain::{Rejection, events::AccountEvent};
use kernel::Timestamp;

/// Recovery codes that are given out together.
pub(crate) const RECOVERY_CODES: u8 = 10;

/// Second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SecondFactor {
    /// Last time step whose one-time password was accepted.
    last_step: i64,
    /// Recovery codes that were not used, a bit each.
    unused_codes: u16,
}

impl SecondFactor {
    pub(super) fn enabled(step: i64) -> Self {
        Self { last_step: step, unused_codes: (1 << RECOVERY_CODES) - 1 }
    }

    /// Number of recovery codes that are left.
    pub(crate) fn codes_left(self) -> u32 {
        self.unused_codes.count_ones()
    }

    fn is_unused(self, number: u8) -> bool {
        number < RECOVERY_CODES && self.unused_codes & (1 << number) != 0
    }
}

impl Account {
    /// Turns the second factor on, or puts another app in place of the one there is. The code that proved it counts as used.
    pub(crate) fn enable_second_factor(
        &self,
        step: i64,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        Ok(vec![AccountEvent::SecondFactorEnabled { step, at }])
    }

    /// Accepts the one-time password of a time step, if none of this step or of a later one was accepted.
    pub(crate) fn use_one_time_password(
        &self,
        step: i64,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        match self.second_factor {
            Some(factor) if step > factor.last_step => {
                Ok(vec![AccountEvent::OneTimePasswordUsed { step, at }])
            }
            _ => Err(Rejection::CodeInvalid),
        }
    }

    /// Uses up a recovery code.
    pub(crate) fn use_recovery_code(
        &self,
        number: u8,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        match self.second_factor {
            Some(factor) if factor.is_unused(number) => {
                Ok(vec![AccountEvent::RecoveryCodeUsed { number, at }])
            }
            _ => Err(Rejection::CodeInvalid),
        }
    }

    /// Puts new recovery codes in place of all that there are.
    pub(crate) fn replace_recovery_codes(
        &self,
        at: Timestamp,
    ) -> Result<Vec<AccountEvent>, Rejection> {
        self.check_enabled()?;
        let replaced = self.second_factor.map(|_| vec![AccountEvent::RecoveryCodesReplaced { at }]);
        replaced.ok_or(Rejection::CodeInvalid)
    }

    /// Turns the second factor off; again is no change.
    pub(crate) fn disable_second_factor(&self, at: Timestamp) -> Vec<AccountEvent> {
        let disabled = self.second_factor.map(|_| AccountEvent::SecondFactorDisabled { at });
        disabled.into_iter().collect()
    }

    /// The second factor after one of its events.
    pub(super) fn apply_second_factor(&mut self, event: &AccountEvent) {
        match (event, &mut self.second_factor) {
            (AccountEvent::SecondFactorEnabled { step, .. }, factor) => {
                *factor = Some(SecondFactor::enabled(*step));
            }
            (AccountEvent::OneTimePasswordUsed { step, .. }, Some(factor)) => {
                factor.last_step = *step;
            }
            (AccountEvent::RecoveryCodesReplaced { .. }, Some(factor)) => {
                factor.unused_codes = SecondFactor::enabled(0).unused_codes;
            }
            (AccountEvent::RecoveryCodeUsed { number, .. }, Some(factor)) => {
                factor.unused_codes &= !1_u16.checked_shl(u32::from(*number)).unwrap_or(0);
            }
            (AccountEvent::SecondFactorDisabled { .. }, factor) => *factor = None,
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

    fn enabled() -> Account {
        with(&plain(), &plain().enable_second_factor(100, at(1)).unwrap())
    }

    #[test]
    fn a_one_time_password_counts_once_and_none_before_it_does() {
        let account = enabled();
        let used = |account: &Account, step| account.use_one_time_password(step, at(2));
        assert_eq!(used(&account, 100), Err(Rejection::CodeInvalid), "the one that proved the app");
        let later = with(&account, &used(&account, 102).unwrap());
        for step in [101, 102] {
            assert_eq!(used(&later, step), Err(Rejection::CodeInvalid), "{step}");
        }
        assert!(used(&later, 103).is_ok());
        assert_eq!(used(&plain(), 103), Err(Rejection::CodeInvalid), "without a second factor");
    }

    #[test]
    fn a_recovery_code_counts_once_until_all_are_replaced() {
        let account = enabled();
        let used = |account: &Account, number| account.use_recovery_code(number, at(2));
        let once = with(&account, &used(&account, 9).unwrap());
        assert_eq!(used(&once, 9), Err(Rejection::CodeInvalid));
        assert!(used(&once, 0).is_ok());
        assert_eq!(used(&once, RECOVERY_CODES), Err(Rejection::CodeInvalid), "there is no such");
        assert_eq!(used(&once, u8::MAX), Err(Rejection::CodeInvalid));
        assert_eq!(once.second_factor.unwrap().codes_left(), 9);
        let replaced = with(&once, &once.replace_recovery_codes(at(3)).unwrap());
        assert_eq!(replaced.second_factor.unwrap().codes_left(), 10);
        assert_eq!(plain().replace_recovery_codes(at(3)), Err(Rejection::CodeInvalid));
    }

    #[test]
    fn another_app_takes_the_place_of_the_first_and_its_codes() {
        let account = enabled();
        let used = with(&account, &account.use_recovery_code(1, at(2)).unwrap());
        let again = with(&used, &used.enable_second_factor(50, at(3)).unwrap());
        assert_eq!(again.second_factor, Some(SecondFactor::enabled(50)));
    }

    #[test]
    fn without_the_second_factor_nothing_of_it_counts() {
        let account = enabled();
        let off = with(&account, &account.disable_second_factor(at(2)));
        assert_eq!(off.second_factor, None);
        assert!(off.disable_second_factor(at(3)).is_empty(), "again");
        assert_eq!(off.use_recovery_code(1, at(3)), Err(Rejection::CodeInvalid));
    }

    #[test]
    fn a_disabled_account_accepts_no_code() {
        let account = with(&enabled(), &[AccountEvent::Disabled { at: at(2) }]);
        assert_eq!(account.use_one_time_password(200, at(3)), Err(Rejection::AccountDisabled));
        assert_eq!(account.use_recovery_code(1, at(3)), Err(Rejection::AccountDisabled));
        assert_eq!(account.enable_second_factor(1, at(3)), Err(Rejection::AccountDisabled));
    }
}
