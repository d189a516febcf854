//! `icommerce auth session`.

use super::{failed, json_text, table};
use crate::{cli::auth::Session, error::CliError};
use auth_server::Administration;
use serde_json::{Value, json};

pub(super) async fn session(
    administration: &Administration,
    command: Session,
) -> Result<String, CliError> {
    match command {
        Session::List { email, json } => {
            let sessions = administration.sessions(&email).await.map_err(failed)?;
            if json {
                let sessions = sessions
                    .iter()
                    .map(|it| json!({"id": it.id, "began": it.began, "browser": it.browser}));
                return json_text(&sessions.collect::<Vec<Value>>());
            }
            let mut table = table(["session", "began", "browser"]);
            for session in sessions {
                let began = format!("{:.0}", session.began);
                let browser = session.browser.unwrap_or_else(|| "(not known)".to_owned());
                table.add_row([session.id, began, browser]);
            }
            Ok(table.to_string())
        }
        Session::End { email, session: Some(session) } => {
            administration.end_session(&email, &session).await.map_err(failed)?;
            Ok(format!("{email} is signed out in {session}"))
        }
        Session::End { email, session: None } => {
            administration.end_sessions(&email).await.map_err(failed)?;
            Ok(format!("{email} is signed out everywhere"))
        }
    }
}
