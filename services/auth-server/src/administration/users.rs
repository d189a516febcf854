//! Accounts of people.

use super::{Administration, AdministrationError};
use crate::{
    application::{
        accounts::{
            new_password::{CHARACTERS_MAX, CHARACTERS_MIN, Password, PasswordRefusal},
            standard_claims,
        },
        mail::AccountNotice,
    },
    domain::{Rejection, account::Account, events::Role},
};
use identifiers::{AccountId, Email};
use kernel::Timestamp;
use storage::Write;

/// Key of the value that says that somebody runs the shop.
const HAS_OPERATOR: &str = "has-operator";

/// Language of mails about what an operator did: nobody has said which one the owner reads.
const LANGUAGE: &str = "en";

/// Account in a list.
#[derive(Clone, Debug)]
pub struct ListedAccount {
    /// Identifier, the subject of its tokens.
    pub id: AccountId,
    /// E-mail address, if it has one yet.
    pub email: Option<String>,
    /// Role, of somebody who runs the shop.
    pub role: Option<&'static str>,
    /// `active`, `disabled`, or `invited` before a password was set.
    pub status: &'static str,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Administration {
    /// One-time link for the first operator; `None` if somebody runs the shop already. As long as nobody does, one account without an
    /// address waits for it, and each call voids the link of the one before. Whoever was invited by address keeps that invitation.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn first_operator(&self) -> Result<Option<String>, AdministrationError> {
        let (values, now) = (&self.0.sessions.values, self.0.ids.now());
        // Found once, and not looked for among all people at each start.
        if values.value(HAS_OPERATOR, now).await?.is_some() {
            return Ok(None);
        }
        let accounts = self.0.accounts.list().await?;
        let is_admin = |account: &Account| account.role == Some(Role::Admin) && account.is_enabled;
        let admins = || accounts.iter().filter(|(_, account, _)| is_admin(account));
        let waiting =
            admins().find(|(_, account, person)| !account.is_set_up && person.email.is_none());
        let waiting = waiting.map(|(id, ..)| *id);
        if admins().any(|(_, account, _)| account.is_set_up) {
            if let Some(waiting) = waiting {
                // Its link would make another operator.
                self.0.accounts.enable(waiting, false).await?;
            }
            drop(values.put(HAS_OPERATOR, "1".into(), None).await?);
            return Ok(None);
        }
        let id = match waiting {
            Some(id) => id,
            None => self.0.accounts.create(None, Some(Role::Admin)).await?,
        };
        self.link(id).await.map(Some)
    }

    /// Adds an account. With a password it can be used at once; otherwise the answer is a one-time link with which one is set.
    ///
    /// # Errors
    ///
    /// The address, the role or the password is refused, or the address belongs to another account.
    pub async fn add_user(
        &self,
        email: &str,
        role: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<String>, AdministrationError> {
        let email = parsed_email(email)?;
        let role = role.map(parsed_role).transpose()?;
        // Before anything is written.
        let password = match password {
            Some(password) => Some(self.chosen(password, &email).await?),
            None => None,
        };
        let id = self.0.accounts.add(&email, role, password.as_ref(), true).await?;
        if password.is_some() { Ok(None) } else { self.link(id).await.map(Some) }
    }

    /// All accounts.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn users(&self) -> Result<Vec<ListedAccount>, AdministrationError> {
        let accounts = self.0.accounts.list().await?;
        let listed = accounts.into_iter().map(|(id, account, person)| ListedAccount {
            id,
            email: person.email,
            role: account.role.map(Role::name),
            status: match (account.is_enabled, account.is_set_up) {
                (false, _) => "disabled",
                (true, true) => "active",
                (true, false) => "invited",
            },
            created_at: account.created_at,
        });
        Ok(listed.collect())
    }

    /// Disables an account; what is signed in is signed out, and its tokens are void.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn disable_user(&self, email: &str) -> Result<(), AdministrationError> {
        let id = self.account(email).await?;
        self.0.session_list.end_all(id).await?;
        self.0.accounts.enable(id, false).await.map_err(Into::into)
    }

    /// Replaces the standard claims about the person of an account, from a JSON object: name, address, telephone number and the like
    /// (OpenID Connect Core, section 5.1).
    ///
    /// # Errors
    ///
    /// There is no such account, or a claim is not known or of a wrong type.
    pub async fn describe_user(
        &self,
        email: &str,
        claims: &str,
    ) -> Result<(), AdministrationError> {
        let id = self.account(email).await?;
        let claims = standard_claims::parsed(claims).map_err(AdministrationError::invalid)?;
        Ok(self.0.accounts.describe(id, claims).await?)
    }

    /// Makes a one-time link with which a new password is set; a disabled account is enabled by it.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn reset_user(&self, email: &str) -> Result<String, AdministrationError> {
        let id = self.account(email).await?;
        self.0.accounts.enable(id, true).await?;
        self.link(id).await
    }

    /// Turns the second factor of an account off, for somebody who lost the app and the recovery codes; whether it was on. The owner is
    /// told by mail.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn disable_second_factor(&self, email: &str) -> Result<bool, AdministrationError> {
        let (id, account) = self.loaded(email).await?;
        let writes = self.notice(id, AccountNotice::SecondFactorDisabled).await?;
        self.0.second_factors.disable(id, writes).await?;
        Ok(account.second_factor.is_some())
    }

    /// Removes all passkeys of an account; how many there were. The owner is told by mail.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn remove_passkeys(&self, email: &str) -> Result<usize, AdministrationError> {
        let (id, account) = self.loaded(email).await?;
        let writes = self.notice(id, AccountNotice::PasskeyRemoved).await?;
        self.0.passkeys.remove_all(id, writes).await?;
        Ok(account.remove_passkeys(self.0.ids.now()).count())
    }

    /// The write of a mail to the owner of an account about what an operator did.
    async fn notice(
        &self,
        id: AccountId,
        notice: AccountNotice,
    ) -> Result<Vec<Write>, AdministrationError> {
        let person = self.0.accounts.person(id).await?.unwrap_or_default();
        Ok(self.0.mails.notice(person.email.as_deref(), notice, LANGUAGE)?)
    }

    pub(super) async fn account(&self, email: &str) -> Result<AccountId, AdministrationError> {
        let email = parsed_email(email)?;
        let id = self.0.accounts.reached_at(&email).await?;
        id.ok_or_else(|| AdministrationError::new(Rejection::UnknownAccount))
    }

    async fn chosen(&self, password: &str, email: &Email) -> Result<Password, AdministrationError> {
        let chosen = self.0.password_policy.choose(password, email.as_str(), false).await?;
        chosen.map_err(|refusal| AdministrationError::invalid(refusal_text(refusal)))
    }

    async fn link(&self, id: AccountId) -> Result<String, AdministrationError> {
        let handle = self.0.accounts.offer_set_up(id).await?;
        Ok(self.0.issuer.at(&["/set-up?link=", &handle].concat()))
    }
}

fn parsed_email(email: &str) -> Result<Email, AdministrationError> {
    let expected = "expected an e-mail address such as name@example.com";
    Email::parse(email).map_err(|_| AdministrationError::invalid(expected))
}

pub(super) fn parsed_role(role: &str) -> Result<Role, AdministrationError> {
    let known = Role::parse(role);
    known
        .ok_or_else(|| AdministrationError::invalid(format_args!("the role {role:?} is not known")))
}

fn refusal_text(refusal: PasswordRefusal) -> String {
    match refusal {
        PasswordRefusal::Short => {
            format!("the password has fewer than {CHARACTERS_MIN} characters")
        }
        PasswordRefusal::Long => {
            format!("the password has more than {CHARACTERS_MAX} characters, or 512 bytes")
        }
        PasswordRefusal::Simple => {
            "the password contains the address or the name in it, or repeats a few characters"
                .to_owned()
        }
        PasswordRefusal::Breached => {
            "the password is one of those that everybody tries first".to_owned()
        }
    }
}
