//! What is printed: answers as sentences, tables or JSON.

use super::request::AnswerStyle;
use crate::error::CliError;
use comfy_table::{Table, presets};
use contracts::auth::administration::{
    AccountAnswer, AccountSummary, ClientCredentials, ClientSummary, ConsentSummary, GroupSummary,
    SessionSummary,
};
use serde_json::json;

/// Text of an answer.
pub(super) fn text(answer: AccountAnswer, shown: &AnswerStyle) -> Result<String, CliError> {
    let json = shown.json;
    match answer {
        AccountAnswer::Done => Ok(shown.done.clone()),
        AccountAnswer::UserAdded { link } => Ok(link.unwrap_or_else(|| shown.done.clone())),
        AccountAnswer::UserReset { link, second_factor, passkeys } => {
            let email = &shown.subject;
            let second_factor = second_factor.map(|was_on| {
                let state = if was_on { "is turned off" } else { "was not on" };
                format!("two-step sign-in of {email} {state}")
            });
            let passkeys =
                passkeys.map(|count| format!("passkeys of {email} that were removed: {count}"));
            let lines = second_factor.into_iter().chain(passkeys).chain([link]);
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        AccountAnswer::ClientAdded(client) => added_client(&client, json),
        AccountAnswer::Users(users) if json => json_text(&users),
        AccountAnswer::Users(users) => Ok(user_table(&users).to_string()),
        AccountAnswer::Clients(clients) if json => json_text(&clients),
        AccountAnswer::Clients(clients) => Ok(client_table(&clients).to_string()),
        AccountAnswer::Groups(groups) if json => json_text(&groups),
        AccountAnswer::Groups(groups) => Ok(group_table(&groups).to_string()),
        AccountAnswer::Consents(consents) if json => json_text(&consents),
        AccountAnswer::Consents(consents) => Ok(consent_table(&consents).to_string()),
        AccountAnswer::Sessions(sessions) if json => json_text(&sessions),
        AccountAnswer::Sessions(sessions) => Ok(session_table(&sessions).to_string()),
        AccountAnswer::KeysRotated { signs_from } => {
            Ok(format!("the new keys sign from {signs_from:.0}"))
        }
    }
}

/// Client with its secret. Of scopes that mean nothing here, standard error says so: they may be mistyped.
fn added_client(client: &ClientCredentials, json: bool) -> Result<String, CliError> {
    let ClientCredentials { client_id, client_secret, token_endpoint, foreign_scopes } = client;
    if !foreign_scopes.is_empty() {
        eprintln!(
            "icommerce: this shop itself knows no scope {}; it is granted for others to read",
            foreign_scopes.join(", ")
        );
    }
    if json {
        return json_text(&json!({
            "client_id": client_id,
            "client_secret": client_secret,
            "token_endpoint": token_endpoint,
        }));
    }
    Ok(match client_secret {
        Some(secret) => format!("client  {client_id}\nsecret  {secret}"),
        None => format!("client  {client_id}"),
    })
}

fn json_text(value: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(CliError::failed)
}

fn user_table(users: &[AccountSummary]) -> Table {
    let mut table = table(["e-mail address", "role", "status", "created"]);
    for user in users {
        let email = user.email.as_deref().unwrap_or("(not chosen yet)");
        let role = user.role.as_deref().unwrap_or("customer");
        table.add_row([email, role, &user.status, &format!("{:.0}", user.created_at)]);
    }
    table
}

fn client_table(clients: &[ClientSummary]) -> Table {
    let mut table = table(["client", "name", "authentication", "scopes"]);
    for client in clients {
        let scopes = client.scopes.join(" ");
        table.add_row([&client.client_id, &client.name, &client.authentication, &scopes]);
    }
    table
}

fn group_table(groups: &[GroupSummary]) -> Table {
    let mut table = table(["group", "members"]);
    for group in groups {
        table.add_row([&group.group, &group.members.join(" ")]);
    }
    table
}

fn consent_table(consents: &[ConsentSummary]) -> Table {
    let mut table = table(["client", "scopes"]);
    for consent in consents {
        table.add_row([&consent.client_id, &consent.scopes.join(" ")]);
    }
    table
}

fn session_table(sessions: &[SessionSummary]) -> Table {
    let mut table = table(["session", "began", "browser"]);
    for session in sessions {
        let browser = session.browser.as_deref().unwrap_or("(not known)");
        table.add_row([&session.id, &format!("{:.0}", session.began), browser]);
    }
    table
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(header);
    table
}
