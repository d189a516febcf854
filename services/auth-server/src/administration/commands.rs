//! Commands: what the command line asks for, of a shop that is running or not, and how it is answered or refused.

use super::{AccountSession, Administration, AdministrationError, ListedAccount, ListedClient};
use crate::{
    application::{clients::registration_request::RegistrationRequest, error::AuthError},
    domain::Rejection,
};
use contracts::auth::administration::{
    ACCOUNTS_REFUSED, AccountAnswer, AccountCommand, AccountSummary, ClientCredentials,
    ClientSummary, ConsentSummary, GroupSummary, SessionSummary,
};
use kernel::{Problem, codes};

impl Administration {
    /// Does what a command says.
    ///
    /// # Errors
    ///
    /// The problem of [`contracts::auth::administration::AccountAdministration`].
    pub async fn execute(&self, command: AccountCommand) -> Result<AccountAnswer, Problem> {
        self.executed(command).await.map_err(|error| problem(&error))
    }

    async fn executed(
        &self,
        command: AccountCommand,
    ) -> Result<AccountAnswer, AdministrationError> {
        match command {
            AccountCommand::AddUser { email, role, password } => {
                let link = self.add_user(&email, role.as_deref(), password.as_deref()).await?;
                return Ok(AccountAnswer::UserAdded { link });
            }
            AccountCommand::ListUsers => {
                let users = self.users().await?.into_iter().map(account).collect();
                return Ok(AccountAnswer::Users(users));
            }
            AccountCommand::DisableUser { email } => self.disable_user(&email).await?,
            AccountCommand::DescribeUser { email, claims } => {
                self.describe_user(&email, &claims).await?;
            }
            AccountCommand::ResetUser { email, second_factor, passkeys } => {
                return self.reset(&email, second_factor, passkeys).await;
            }
            AccountCommand::AddClient { registration } => {
                return self.add_described(registration).await;
            }
            AccountCommand::ListClients => {
                let clients = self.clients().await?.into_iter().map(client).collect();
                return Ok(AccountAnswer::Clients(clients));
            }
            AccountCommand::RemoveClient { id } => self.remove_client(&id).await?,
            AccountCommand::ListGroups => return self.listed_groups().await,
            AccountCommand::JoinGroup { group, email } => self.join_group(&group, &email).await?,
            AccountCommand::LeaveGroup { group, email } => self.leave_group(&group, &email).await?,
            AccountCommand::ListConsents { email } => {
                let consents = self.consents(&email).await?.into_iter();
                let consents = consents
                    .map(|it| ConsentSummary { client_id: it.client, scopes: it.scopes })
                    .collect();
                return Ok(AccountAnswer::Consents(consents));
            }
            AccountCommand::RevokeConsent { email, client } => {
                self.revoke_consent(&email, &client).await?;
            }
            AccountCommand::ListSessions { email } => {
                let sessions = self.sessions(&email).await?.into_iter();
                let summary =
                    |AccountSession { id, began, browser }| SessionSummary { id, began, browser };
                return Ok(AccountAnswer::Sessions(sessions.map(summary).collect()));
            }
            AccountCommand::EndSession { email, session: Some(session) } => {
                self.end_session(&email, &session).await?;
            }
            AccountCommand::EndSession { email, session: None } => {
                self.end_sessions(&email).await?;
            }
            AccountCommand::RotateKeys { at_once } => {
                let signs_from = self.rotate_keys(at_once).await?;
                return Ok(AccountAnswer::KeysRotated { signs_from });
            }
        }
        Ok(AccountAnswer::Done)
    }

    async fn reset(
        &self,
        email: &str,
        second_factor: bool,
        passkeys: bool,
    ) -> Result<AccountAnswer, AdministrationError> {
        let second_factor =
            if second_factor { Some(self.disable_second_factor(email).await?) } else { None };
        let passkeys = if passkeys { Some(self.remove_passkeys(email).await?) } else { None };
        let link = self.reset_user(email).await?;
        Ok(AccountAnswer::UserReset { link, second_factor, passkeys })
    }

    async fn add_described(
        &self,
        registration: serde_json::Value,
    ) -> Result<AccountAnswer, AdministrationError> {
        let request: RegistrationRequest =
            serde_json::from_value(registration).map_err(AdministrationError::invalid)?;
        let client = self.add_client(&request).await?;
        Ok(AccountAnswer::ClientAdded(ClientCredentials {
            client_id: client.id,
            client_secret: client.secret,
            token_endpoint: client.token_endpoint,
            foreign_scopes: client.foreign_scopes,
        }))
    }

    async fn listed_groups(&self) -> Result<AccountAnswer, AdministrationError> {
        let groups = self.groups().await?.into_iter().map(|(group, members)| GroupSummary {
            group: group.to_owned(),
            members: members.into_iter().filter_map(|member| member.email).collect(),
        });
        Ok(AccountAnswer::Groups(groups.collect()))
    }
}

fn account(listed: ListedAccount) -> AccountSummary {
    let ListedAccount { id, email, role, status, created_at } = listed;
    let (role, status) = (role.map(ToOwned::to_owned), status.to_owned());
    AccountSummary { id, email, role, status, created_at }
}

fn client(listed: ListedClient) -> ClientSummary {
    let ListedClient { id, name, authentication, scopes, redirect_uris } = listed;
    let authentication = authentication.to_owned();
    ClientSummary { client_id: id, name, authentication, scopes, redirect_uris }
}

fn problem(error: &AdministrationError) -> Problem {
    let sentence = error.to_string();
    let code = match error {
        AdministrationError::Invalid(_) | AdministrationError::Registration(_) => {
            codes::INVALID_FIELD
        }
        AdministrationError::Refused(_)
        | AdministrationError::UseCase(AuthError::Rejected(
            Rejection::UnknownAccount | Rejection::UnknownClient,
        )) => codes::NOT_FOUND,
        AdministrationError::UseCase(AuthError::Rejected(_)) => ACCOUNTS_REFUSED,
        AdministrationError::UseCase(AuthError::Busy) => codes::OVERLOADED,
        AdministrationError::UseCase(AuthError::Storage(_) | AuthError::Signing)
        | AdministrationError::Storage(_) => codes::UNAVAILABLE,
    };
    Problem::of(code, sentence)
}
