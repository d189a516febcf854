//! Limit of the registrations of clients (attempt limit): its counts are values that may be lost, and nothing else of the workload is.

use crate::{
    client::{Edge, EdgeClient, Request},
    shop::Program,
    violation::{CheckResult, Violation},
};
use rand::Rng;
use serde_json::json;
use std::time::Duration;

/// Registrations that an address may make.
const REGISTRATIONS_MAX: &str = "3";
/// Attempts after which the limit must have been reached or begun anew: those that may pass while the engine goes on without a server
/// that was away are among them.
const ATTEMPTS_MAX: usize = 600;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(100);

/// Answer of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Registered,
    LimitReached,
}

/// The program with a limit that is reached soon.
pub(super) fn configure(program: Program) -> Program {
    program
        .with("ICOMMERCE_AUTH_SERVER__CLIENT_REGISTRATION", "open")
        .with("ICOMMERCE_AUTH_SERVER__CLIENT_REGISTRATIONS_PER_ADDRESS_MAX", REGISTRATIONS_MAX)
}

/// Registers a client, or is refused by the limit; any other answer is a violation.
pub(super) async fn register(client: &EdgeClient, random: &mut impl Rng) -> CheckResult<Answer> {
    let key = format!("registration-{:016x}", random.random::<u64>());
    let body = json!({ "redirect_uris": ["https://app.example/back"] });
    let path = "/auth/register".to_owned();
    let request = Request { edge: Edge::Shop, method: "POST", path, key, body };
    match client.send(&request).await {
        Some(response) if response.status == 201 => Ok(Answer::Registered),
        Some(response) if response.status == 429 => Ok(Answer::LimitReached),
        other => Err(Violation::new(format!("a registration was answered with {other:?}"))),
    }
}

/// Registers clients until this is the answer.
pub(super) async fn register_until(
    wanted: Answer,
    client: &EdgeClient,
    random: &mut impl Rng,
) -> CheckResult {
    for _ in 0..ATTEMPTS_MAX {
        if register(client, random).await? == wanted {
            return Ok(());
        }
        if wanted == Answer::Registered {
            tokio::time::sleep(ATTEMPT_INTERVAL).await;
        }
    }
    Err(Violation::new(format!("no registration was answered with {wanted:?}")))
}
