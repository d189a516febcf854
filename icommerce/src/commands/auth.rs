//! `icommerce auth`: accounts, clients and keys of a data folder that no process is serving.

mod groups;
mod sessions;

use super::{offline::OfflineShop, worker_runtime};
use crate::{
    cli::{
        ProcessFlags,
        auth::{Auth, Client, Keys, NewClientFlags, User},
    },
    error::CliError,
    output::print,
};
use auth_server::{
    Administration, AdministrationError, ListedAccount, ListedClient, MODULE, PolicyRequest,
    RegistrationRequest,
};
use comfy_table::{Table, presets};
use kernel::{Ids, SystemClock, SystemRandomness};
use serde_json::json;
use std::{io::Read, process::ExitCode, sync::Arc};

/// Largest password or key set that is read, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

pub(crate) fn run(flags: &ProcessFlags, command: Auth) -> Result<ExitCode, CliError> {
    let shop = OfflineShop::open(flags)?;
    let done = worker_runtime()?.block_on(async {
        let done = execute(&shop, command).await;
        let closed = shop.close().await;
        done.and_then(|output| closed.map(|()| output))
    });
    // A secret or a link is shown once it is durable, and not before.
    print(done?)?;
    Ok(ExitCode::SUCCESS)
}

/// Does what a command says; what it prints in the end.
async fn execute(shop: &OfflineShop, command: Auth) -> Result<String, CliError> {
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    let administration = Administration::open(&shop.offline(&MODULE), &ids).await;
    let administration = administration.map_err(CliError::unavailable)?;
    match command {
        Auth::User(command) => user(&administration, command).await,
        Auth::Client(command) => client(&administration, command).await,
        Auth::Group(command) => groups::group(&administration, command).await,
        Auth::Consent(command) => groups::consent(&administration, command).await,
        Auth::Session(command) => sessions::session(&administration, command).await,
        Auth::Keys(Keys::Rotate { at_once }) => {
            let signs_from = administration.rotate_keys(at_once).await.map_err(failed)?;
            Ok(format!("the new keys sign from {signs_from:.0}"))
        }
    }
}

async fn user(administration: &Administration, command: User) -> Result<String, CliError> {
    match command {
        User::Add { email, role, password_stdin } => {
            let password = if password_stdin { Some(password()?) } else { None };
            let added = administration.add_user(&email, role.as_deref(), password.as_deref()).await;
            Ok(added.map_err(failed)?.unwrap_or_else(|| format!("{email} can sign in")))
        }
        User::List { json } => {
            let users = administration.users().await.map_err(failed)?;
            if json {
                json_text(&users.iter().map(user_json).collect::<Vec<_>>())
            } else {
                Ok(user_table(&users).to_string())
            }
        }
        User::Disable { email } => {
            administration.disable_user(&email).await.map_err(failed)?;
            Ok(format!("{email} is disabled"))
        }
        User::Describe { email, file } => {
            let named = |error| CliError::usage(format!("{}: {error}", file.display()));
            let claims = read_limited(std::fs::File::open(&file).map_err(named)?)?;
            if let Err(error) =
                serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(&claims)
            {
                return Err(CliError::usage(format!(
                    "{}: this is no JSON object of claims: {error}",
                    file.display()
                )));
            }
            administration.describe_user(&email, &claims).await.map_err(failed)?;
            Ok(format!("{email} is described"))
        }
        User::Reset { email, second_factor, passkeys } => {
            let mut lines = Vec::new();
            if second_factor {
                let was_on = administration.disable_second_factor(&email).await.map_err(failed)?;
                let state = if was_on { "is turned off" } else { "was not on" };
                lines.push(format!("two-step sign-in of {email} {state}"));
            }
            if passkeys {
                let removed = administration.remove_passkeys(&email).await.map_err(failed)?;
                lines.push(format!("passkeys of {email} that were removed: {removed}"));
            }
            lines.push(administration.reset_user(&email).await.map_err(failed)?);
            Ok(lines.join("\n"))
        }
    }
}

async fn client(administration: &Administration, command: Client) -> Result<String, CliError> {
    match command {
        Client::Add(flags) => add_client(administration, *flags).await,
        Client::List { json } => {
            let clients = administration.clients().await.map_err(failed)?;
            if json {
                json_text(&clients.iter().map(client_json).collect::<Vec<_>>())
            } else {
                Ok(client_table(&clients).to_string())
            }
        }
        Client::Remove { id } => {
            administration.remove_client(&id).await.map_err(failed)?;
            Ok(format!("{id} is removed"))
        }
    }
}

async fn add_client(
    administration: &Administration,
    flags: NewClientFlags,
) -> Result<String, CliError> {
    let keys = match &flags.keys {
        None => None,
        Some(file) => {
            let named = |error| CliError::usage(format!("{}: {error}", file.display()));
            Some(read_limited(std::fs::File::open(file).map_err(named)?)?)
        }
    };
    let policy = flags.policy;
    let request = RegistrationRequest {
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
    };
    let client = administration.add_client(&request).await.map_err(failed)?;
    if flags.json {
        return json_text(&json!({
            "client_id": client.id,
            "client_secret": client.secret,
            "token_endpoint": client.token_endpoint,
        }));
    }
    Ok(match client.secret {
        Some(secret) => format!("client  {}\nsecret  {secret}", client.id),
        None => format!("client  {}", client.id),
    })
}

/// First line of standard input.
fn password() -> Result<String, CliError> {
    let text = read_limited(std::io::stdin().lock())?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
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

fn json_text(value: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(CliError::failed)
}

fn user_json(user: &ListedAccount) -> serde_json::Value {
    json!({
        "id": user.id,
        "email": user.email,
        "role": user.role,
        "status": user.status,
        "created_at": user.created_at,
    })
}

fn user_table(users: &[ListedAccount]) -> Table {
    let mut table = table(["e-mail address", "role", "status", "created"]);
    for user in users {
        let email = user.email.clone().unwrap_or_else(|| "(not chosen yet)".to_owned());
        let created = format!("{:.0}", user.created_at);
        table.add_row([&email, user.role.unwrap_or("customer"), user.status, &created]);
    }
    table
}

fn client_json(client: &ListedClient) -> serde_json::Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "authentication": client.authentication,
        "scopes": client.scopes,
        "redirect_uris": client.redirect_uris,
    })
}

fn client_table(clients: &[ListedClient]) -> Table {
    let mut table = table(["client", "name", "authentication", "scopes"]);
    for client in clients {
        table.add_row([&client.id, &client.name, client.authentication, &client.scopes.join(" ")]);
    }
    table
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(header);
    table
}

fn failed(error: AdministrationError) -> CliError {
    if error.is_invalid() { CliError::usage(error) } else { CliError::failed(error) }
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
