//! Sign-in with e-mail address and password, limited per account and per network.

use super::log::{SignIn, SignInLog};
use crate::application::{
    accounts::Accounts,
    attempt_limit::{AttemptLimit, LimitDecision},
    error::AuthError,
};
use identifiers::{AccountId, Email};
use kernel::Timestamp;
use std::sync::Arc;

/// Sign-in with a password.
#[derive(Debug)]
pub(crate) struct PasswordSignIn {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) log: Arc<SignInLog>,
    pub(crate) account_attempts: AttemptLimit,
    pub(crate) address_attempts: AttemptLimit,
}

/// Request to sign in: what somebody typed, and where it comes from.
#[derive(Clone, Copy)]
pub(crate) struct SignInRequest<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    /// Handle of the device, if somebody signed in on it before.
    pub(crate) device: Option<&'a str>,
    /// What the client is counted by.
    pub(crate) network: &'a str,
}

/// Result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Of this account, as it was at this time: a password that is set while another is being checked ends what that begins.
    Succeeded(AccountId, Timestamp),
    WrongCredentials,
    TooMany,
    Busy,
}

impl PasswordSignIn {
    /// An attempt. It is counted before anything is hashed, by an address that nobody has just as well; what was not checked in the end
    /// does not count.
    pub(crate) async fn attempt(&self, request: &SignInRequest<'_>) -> Result<Attempt, AuthError> {
        let network = request.network;
        match self.address_attempts.count(network).await? {
            LimitDecision::Allowed => {}
            refusal => return self.refused(refusal, None).await,
        }
        let attempt = self.attempt_on_account(request).await;
        if matches!(attempt, Ok(Attempt::Succeeded(..) | Attempt::Busy) | Err(_)) {
            self.address_attempts.forgive(network).await?;
        }
        attempt
    }

    /// On a device on which the owner of an address signed in before, attempts are counted apart, so that no stranger who guesses keeps
    /// the owner out.
    async fn attempt_on_account(&self, request: &SignInRequest<'_>) -> Result<Attempt, AuthError> {
        let Ok(email) = Email::parse(request.email) else {
            return Ok(Attempt::WrongCredentials);
        };
        let account = self.accounts.reached_at(&email).await?;
        let mut subject = self.accounts.addresses.digest(&email);
        if let Some(device) = request.device
            && self.accounts.is_known_device(&email, device).await?
        {
            subject.push_str("-device");
        }
        match self.account_attempts.count(&subject).await? {
            LimitDecision::Allowed => {}
            refusal => return self.refused(refusal, account).await,
        }
        let at = self.accounts.ids.now();
        match self.accounts.authenticate(&email, request.password).await {
            Ok(Some(account)) => {
                self.account_attempts.succeed(&subject).await?;
                Ok(Attempt::Succeeded(account, at))
            }
            Ok(None) => {
                // Of an address that nobody has as well: the same work for both.
                self.log.record(SignIn::Failed(account)).await?;
                Ok(Attempt::WrongCredentials)
            }
            Err(error) => {
                self.account_attempts.forgive(&subject).await?;
                if matches!(error, AuthError::Busy) { Ok(Attempt::Busy) } else { Err(error) }
            }
        }
    }

    async fn refused(
        &self,
        refusal: LimitDecision,
        account: Option<AccountId>,
    ) -> Result<Attempt, AuthError> {
        if refusal == LimitDecision::LockedOut {
            self.log.record(SignIn::LockedOut(account)).await?;
        }
        Ok(Attempt::TooMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings, application::accounts::new_password::Password,
        provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use kernel::{Ids, ManualClock, SeededRandomness};

    const EMAIL: &str = "ada@example.com";
    const PASSWORD: &str = "correct horse battery";
    const FAILURES_MAX: u32 = 3;

    /// Provider with an account, on which passwords may be hashed or not.
    async fn provider(engine: &MemoryEngine, waiting_passwords_max: usize) -> Arc<Provider> {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
        let settings = AuthSettings {
            waiting_passwords_max,
            failed_sign_ins_per_account_max: FAILURES_MAX,
            failed_sign_ins_per_address_max: FAILURES_MAX,
            ..AuthSettings::default()
        };
        Provider::open(&settings, &engine.service("auth-server"), &ids).await.unwrap()
    }

    async fn with_account(engine: &MemoryEngine) -> Arc<Provider> {
        let provider = provider(engine, 4).await;
        let email = Email::parse(EMAIL).unwrap();
        let id = provider.accounts.create(Some(&email), None).await.unwrap();
        let link = provider.accounts.offer_set_up(id).await.unwrap();
        let password = Password::choose(PASSWORD, EMAIL).unwrap();
        provider.accounts.set_up(&link, &email, &password, Vec::new()).await.unwrap();
        provider
    }

    fn request(password: &str) -> SignInRequest<'_> {
        SignInRequest { email: EMAIL, password, device: None, network: "192.0.2.1" }
    }

    #[tokio::test]
    async fn what_was_not_checked_is_no_failed_sign_in() {
        let engine = MemoryEngine::new();
        let idle = with_account(&engine).await;
        let busy = provider(&engine, 0).await;
        for _ in 0..=FAILURES_MAX {
            let attempt = busy.password_sign_in.attempt(&request(PASSWORD)).await.unwrap();
            assert_eq!(attempt, Attempt::Busy);
        }
        let attempt = idle.password_sign_in.attempt(&request(PASSWORD)).await.unwrap();
        assert!(matches!(attempt, Attempt::Succeeded(..)), "{attempt:?}");
        for expected in [Attempt::WrongCredentials; FAILURES_MAX as usize] {
            let attempt = idle.password_sign_in.attempt(&request("wrong")).await.unwrap();
            assert_eq!(attempt, expected);
        }
        let attempt = idle.password_sign_in.attempt(&request(PASSWORD)).await.unwrap();
        assert_eq!(attempt, Attempt::TooMany);
    }

    #[tokio::test]
    async fn a_device_is_known_until_another_password_is_set() {
        let provider = with_account(&MemoryEngine::new()).await;
        let (accounts, email) = (&provider.accounts, Email::parse(EMAIL).unwrap());
        let id = accounts.reached_at(&email).await.unwrap().unwrap();
        let device = accounts.device(id).await.unwrap();
        assert!(accounts.is_known_device(&email, &device).await.unwrap());
        let link = accounts.offer_set_up(id).await.unwrap();
        let password = Password::choose("another horse battery", EMAIL).unwrap();
        accounts.set_up(&link, &email, &password, Vec::new()).await.unwrap();
        assert!(!accounts.is_known_device(&email, &device).await.unwrap());
    }
}
