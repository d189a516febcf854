//! What is asked for: the command, with the files and the password that it needs, and how its answer is shown.

use crate::{
    cli::auth::{Auth, Client, Consent, Group, Keys, NewClientFlags, Session, User},
    error::CliError,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use contracts::auth::administration::AccountCommand;
use serde_json::{Map, Value};
use std::{fs::File, io::Read, path::Path};

/// Largest password or file that is read, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// Command, and how its answer is shown.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) command: AccountCommand,
    pub(super) shown: AnswerStyle,
}

/// How an answer is shown.
#[derive(Debug, Default)]
pub(super) struct AnswerStyle {
    /// Whether lists are JSON.
    pub(super) json: bool,
    /// Whom or what it is about.
    pub(super) subject: String,
    /// Sentence that says that it is done.
    pub(super) done: String,
}

/// Request of the arguments.
pub(super) fn of(command: Auth) -> Result<Request, CliError> {
    match command {
        Auth::User(command) => user(command),
        Auth::Client(command) => client(command),
        Auth::Group(command) => Ok(group(command)),
        Auth::Consent(command) => Ok(consent(command)),
        Auth::Session(command) => Ok(session(command)),
        Auth::Keys(Keys::Rotate { at_once }) => {
            Ok(change(AccountCommand::RotateKeys { at_once }, String::new()))
        }
    }
}

fn list(command: AccountCommand, json: bool) -> Request {
    Request { command, shown: AnswerStyle { json, ..AnswerStyle::default() } }
}

fn change(command: AccountCommand, done: String) -> Request {
    Request { command, shown: AnswerStyle { done, ..AnswerStyle::default() } }
}

fn user(command: User) -> Result<Request, CliError> {
    Ok(match command {
        User::Add { email, role, password_stdin } => {
            let password = if password_stdin { Some(password()?) } else { None };
            let done = format!("{email} can sign in");
            change(AccountCommand::AddUser { email, role, password }, done)
        }
        User::List { json } => list(AccountCommand::ListUsers, json),
        User::Disable { email } => {
            let done = format!("{email} is disabled");
            change(AccountCommand::DisableUser { email }, done)
        }
        User::Describe { email, file } => {
            let claims = read_file(&file)?;
            if let Err(error) = serde_json::from_str::<Map<String, Value>>(&claims) {
                let file = file.display();
                let none = format!("{file}: this is no JSON object of claims: {error}");
                return Err(CliError::usage(none));
            }
            let done = format!("{email} is described");
            change(AccountCommand::DescribeUser { email, claims }, done)
        }
        User::Reset { email, second_factor, passkeys } => {
            let shown = AnswerStyle { subject: email.clone(), ..AnswerStyle::default() };
            let command = AccountCommand::ResetUser { email, second_factor, passkeys };
            Request { command, shown }
        }
    })
}

fn client(command: Client) -> Result<Request, CliError> {
    Ok(match command {
        Client::Add(flags) => {
            let json = flags.json;
            let registration = serde_json::to_value(registration(*flags)?);
            let registration = registration.map_err(CliError::failed)?;
            list(AccountCommand::AddClient { registration }, json)
        }
        Client::List { json } => list(AccountCommand::ListClients, json),
        Client::Remove { id } => {
            let done = format!("{id} is removed");
            change(AccountCommand::RemoveClient { id }, done)
        }
    })
}

fn group(command: Group) -> Request {
    match command {
        Group::List { json } => list(AccountCommand::ListGroups, json),
        Group::Add(it) => {
            let done = format!("{} is in the group {}", it.email, it.group);
            change(AccountCommand::JoinGroup { group: it.group, email: it.email }, done)
        }
        Group::Remove(it) => {
            let done = format!("{} is not in the group {}", it.email, it.group);
            change(AccountCommand::LeaveGroup { group: it.group, email: it.email }, done)
        }
    }
}

fn consent(command: Consent) -> Request {
    match command {
        Consent::List { email, json } => list(AccountCommand::ListConsents { email }, json),
        Consent::Revoke { email, client } => {
            let done = format!("{client} may no longer act for {email}");
            change(AccountCommand::RevokeConsent { email, client }, done)
        }
    }
}

fn session(command: Session) -> Request {
    match command {
        Session::List { email, json } => list(AccountCommand::ListSessions { email }, json),
        Session::End { email, session } => {
            let place = session.as_ref().map_or("everywhere".to_owned(), |it| format!("in {it}"));
            let done = format!("{email} is signed out {place}");
            change(AccountCommand::EndSession { email, session }, done)
        }
    }
}

fn registration(flags: NewClientFlags) -> Result<RegistrationRequest, CliError> {
    let keys = flags.keys.as_deref().map(read_file).transpose()?;
    let policy = flags.policy;
    Ok(RegistrationRequest {
        id: flags.id,
        name: flags.name,
        redirect_uris: flags.redirect_uris,
        post_logout_redirect_uris: flags.post_logout_redirect_uris,
        grant_types: flags.grant_types,
        scopes: flags.scopes,
        is_public: flags.public,
        is_trusted: flags.trusted,
        is_without_pkce: flags.without_pkce,
        keys,
        id_token_algorithm: flags.id_token_algorithm,
        role: flags.role,
        policy: PolicyRequest {
            is_fapi: policy.fapi,
            requires_dpop: policy.dpop,
            requires_certificate: policy.certificate_bound,
            certificate_subject: policy.certificate.as_deref().map(certificate_name),
            has_self_signed_certificate: policy.self_signed_certificate,
            requires_pushed_requests: policy.pushed_requests,
            requires_signed_requests: policy.signed_requests,
            jwks_uri: policy.jwks_uri,
            request_uris: policy.request_uris,
            is_pairwise: policy.pairwise,
            access_token_seconds: policy.access_token_seconds,
            userinfo_algorithm: policy.userinfo_algorithm,
            response_algorithm: policy.response_algorithm,
            back_channel_logout_uri: policy.back_channel_logout,
        },
    })
}

/// Name of a certificate, as its metadata is called (RFC 8705, section 2.1.2), and its value.
fn certificate_name(text: &str) -> (String, String) {
    let (kind, value) = text.split_once('=').unwrap_or((text, ""));
    (format!("tls_client_auth_{kind}"), value.to_owned())
}

/// First line of standard input.
fn password() -> Result<String, CliError> {
    let text = read_limited(std::io::stdin().lock())?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn read_file(file: &Path) -> Result<String, CliError> {
    let named = |error| CliError::usage(format!("{}: {error}", file.display()));
    read_limited(File::open(file).map_err(named)?)
}

fn read_limited(source: impl Read) -> Result<String, CliError> {
    let mut text = String::new();
    let read = source.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text);
    match read {
        Ok(bytes) if bytes as u64 <= INPUT_BYTES_MAX => Ok(text),
        Ok(_) => Err(CliError::usage(format!("the input has more than {INPUT_BYTES_MAX} bytes"))),
        Err(error) => Err(CliError::usage(format!("cannot read the input: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_too_long_is_refused_and_not_cut_off() {
        let largest = "x".repeat(64 * 1024);
        assert_eq!(read_limited(largest.as_bytes()).unwrap(), largest);
        assert!(read_limited(format!("{largest}x").as_bytes()).is_err());
        assert!(read_limited(&[0xff][..]).is_err(), "not UTF-8");
    }
}
