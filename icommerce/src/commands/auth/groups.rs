//! `icommerce auth group` and `icommerce auth consent`.

use super::{failed, json_text, table};
use crate::{
    cli::auth::{Consent, Group},
    error::CliError,
};
use auth_server::Administration;
use serde_json::{Value, json};

pub(super) async fn group(
    administration: &Administration,
    command: Group,
) -> Result<String, CliError> {
    match command {
        Group::List { json } => {
            let groups = administration.groups().await.map_err(failed)?;
            let groups = groups.into_iter().map(|(name, members)| {
                let addresses = members.into_iter().filter_map(|member| member.email);
                (name, addresses.collect::<Vec<_>>())
            });
            if json {
                let groups =
                    groups.map(|(name, members)| json!({"group": name, "members": members}));
                return json_text(&groups.collect::<Vec<Value>>());
            }
            let mut table = table(["group", "members"]);
            for (name, members) in groups {
                table.add_row([name, &members.join(" ")]);
            }
            Ok(table.to_string())
        }
        Group::Add(it) => {
            administration.join_group(&it.group, &it.email).await.map_err(failed)?;
            Ok(format!("{} is in the group {}", it.email, it.group))
        }
        Group::Remove(it) => {
            administration.leave_group(&it.group, &it.email).await.map_err(failed)?;
            Ok(format!("{} is not in the group {}", it.email, it.group))
        }
    }
}

pub(super) async fn consent(
    administration: &Administration,
    command: Consent,
) -> Result<String, CliError> {
    match command {
        Consent::List { email, json } => {
            let consents = administration.consents(&email).await.map_err(failed)?;
            if json {
                let consents =
                    consents.iter().map(|it| json!({"client_id": it.client, "scopes": it.scopes}));
                return json_text(&consents.collect::<Vec<Value>>());
            }
            let mut table = table(["client", "scopes"]);
            for consent in consents {
                table.add_row([&*consent.client, &consent.scopes.join(" ")]);
            }
            Ok(table.to_string())
        }
        Consent::Revoke { email, client } => {
            administration.revoke_consent(&email, &client).await.map_err(failed)?;
            Ok(format!("{client} may no longer act for {email}"))
        }
    }
}
