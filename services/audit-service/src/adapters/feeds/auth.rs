//! Activities of accounts, clients, grants and keys.

use super::{ActionDetails, Actor, AuditedAction, AuditedEvent};
use crate::application::Digests;
use contracts::auth_event::{AuthEvent, SignInOutcome};
use identifiers::AccountId;

impl AuditedEvent for AuthEvent {
    fn action(&self, _: &Digests) -> Option<AuditedAction<'_>> {
        let account = |id: AccountId| format!("account:{id}");
        Some(match self {
            Self::AccountChanged { account_id, change } => {
                let details =
                    ActionDetails::Account { account_id: *account_id, change, client_id: None };
                AuditedAction {
                    name: ["account.", change].concat(),
                    subject: account(*account_id),
                    // At the shop edge everybody changes the own account alone.
                    actor: Actor::Owner(account(*account_id)),
                    details,
                }
            }
            Self::SignInAttempted { account_id, outcome } => {
                let subject = account_id.map_or_else(|| "account:unknown".to_owned(), account);
                // Whoever fails has not shown whose account it is.
                let has_proven =
                    matches!(outcome, SignInOutcome::SignedIn | SignInOutcome::SignedOut);
                let actor = if has_proven { subject.clone() } else { "guest".to_owned() };
                AuditedAction {
                    name: ["sign_in.", outcome_name(*outcome)].concat(),
                    subject,
                    actor: Actor::Shopper(actor),
                    details: ActionDetails::SignIn { account_id: *account_id, outcome: *outcome },
                }
            }
            Self::ConsentChanged { account_id, client_id, change } => AuditedAction {
                name: ["consent.", change].concat(),
                subject: format!("client:{client_id}"),
                // Nobody but the person consents; an administrator can take a consent back as well.
                actor: Actor::Owner(account(*account_id)),
                details: ActionDetails::Account {
                    account_id: *account_id,
                    change,
                    client_id: Some(client_id),
                },
            },
            Self::ClientChanged { client_id, change } => {
                let (name, subject) = (["client.", change].concat(), format!("client:{client_id}"));
                AuditedAction::by_system(name, subject, ActionDetails::Client { change, client_id })
            }
            Self::GrantChanged { grant_id, change } => {
                let (name, subject) = (["grant.", change].concat(), format!("grant:{grant_id}"));
                let details = ActionDetails::Grant { change, grant_id: *grant_id };
                AuditedAction::by_system(name, subject, details)
            }
            Self::KeysRotated { at_once } => {
                let details = ActionDetails::Keys { at_once: *at_once };
                AuditedAction::by_system("keys.rotated".to_owned(), "keys".to_owned(), details)
            }
        })
    }
}

/// Outcome as the contract spells it.
fn outcome_name(outcome: SignInOutcome) -> &'static str {
    match outcome {
        SignInOutcome::SignedIn => "signed_in",
        SignInOutcome::Failed => "failed",
        SignInOutcome::LockedOut => "locked_out",
        SignInOutcome::SignedOut => "signed_out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_spelt_as_in_the_contract() {
        for outcome in [
            SignInOutcome::SignedIn,
            SignInOutcome::Failed,
            SignInOutcome::LockedOut,
            SignInOutcome::SignedOut,
        ] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome_name(outcome));
        }
    }
}
