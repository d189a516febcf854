//! Health of a server that the process depends on: asked at intervals, so that it is known before, and without, a call that fails.

use std::{fmt::Display, time::Duration};
use telemetry::Component;
use tokio::time::{sleep, timeout};

/// Pause between an answer and the next question.
const PING_PAUSE: Duration = Duration::from_secs(2);
/// How long a server may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// Follows the health of a server for ever: asks it every 2 seconds, and reports as down one that answers with an error, or
/// not within 5 seconds. It is logged once when the server goes away, and once when it is back.
///
/// ```
/// use runtime::follow_server;
/// use std::time::Duration;
/// use telemetry::{Criticality, Health, HealthStatus};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let health = Health::new();
/// let database = health.component("database", Criticality::Required);
/// let followed = follow_server(database, async || Err::<(), _>("connection refused"));
/// let _ = tokio::time::timeout(Duration::from_millis(1), followed).await;
/// assert_eq!(health.readiness().status, HealthStatus::Down);
/// # });
/// ```
pub async fn follow_server<P, A, E>(component: Component, ping: P)
where
    P: Fn() -> A,
    A: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut is_away = false;
    loop {
        let server = component.name();
        let answer = timeout(ANSWERED_WITHIN, ping()).await;
        let failure = match answer {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it does not answer in time".to_owned()),
        };
        match &failure {
            Some(reason) if !is_away => tracing::warn!(server, reason, "a server is away"),
            None if is_away => tracing::info!(server, "a server is back"),
            _ => {}
        }
        is_away = failure.is_some();
        match failure {
            Some(reason) => component.down(reason),
            None => component.up(),
        }
        sleep(PING_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::future::pending;
    use telemetry::{Criticality, Health, HealthStatus};

    /// How a server answers.
    #[derive(Clone, Copy)]
    enum PingAnswer {
        Here,
        Refused,
        Silent,
    }

    #[tokio::test(start_paused = true)]
    async fn a_component_follows_its_server() {
        let health = Health::new();
        let component = health.component("server", Criticality::Required);
        let answer = Mutex::new(PingAnswer::Here);
        let ping = || {
            let answer = *answer.lock();
            async move {
                match answer {
                    PingAnswer::Here => Ok(()),
                    PingAnswer::Refused => Err("connection refused"),
                    PingAnswer::Silent => pending().await,
                }
            }
        };
        let checks = async {
            for (given, status, message) in [
                (PingAnswer::Here, HealthStatus::Up, None),
                (PingAnswer::Refused, HealthStatus::Down, Some("connection refused")),
                (PingAnswer::Here, HealthStatus::Up, None),
                (PingAnswer::Silent, HealthStatus::Down, Some("it does not answer in time")),
                (PingAnswer::Here, HealthStatus::Up, None),
            ] {
                *answer.lock() = given;
                sleep(PING_PAUSE + ANSWERED_WITHIN * 2).await;
                let report = health.readiness();
                assert_eq!(report.status, status);
                let told = report.components["server"].details.get("message");
                assert_eq!(told.map(String::as_str), message);
            }
        };
        tokio::select! {
            () = follow_server(component, ping) => unreachable!("it goes on for ever"),
            () = checks => {}
        }
    }
}
