//! Behaviour of the guard: deadline, limit, context, metrics.

use crate::bank::guarded;
use kernel::codes;
use rpc::{CALLS_MAX, CallError};
use std::{sync::Arc, time::Duration};
use telemetry::Metrics;
use tokio::time::Instant;
use transport::Context;

fn code(error: &CallError) -> &str {
    let CallError::Problem(problem) = error else { panic!("{error}") };
    problem.code.as_str()
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_callers_deadline() {
    let (_, bank) = guarded(&Metrics::new(), CALLS_MAX);
    let within = |millis| {
        let deadline = Some(Instant::now() + Duration::from_millis(millis));
        Context { deadline, ..Context::default() }
    };
    let before = Instant::now();
    let late = within(50).scope(bank.wait(1_000)).await.unwrap_err();
    assert_eq!(code(&late), codes::DEADLINE_EXCEEDED.as_str());
    assert_eq!(before.elapsed().as_millis(), 50);
    within(50).scope(bank.wait(10)).await.unwrap();
    // Without any time left nothing is done at all.
    let before = Instant::now();
    assert!(within(0).scope(bank.set("ann".to_owned(), 1)).await.is_err());
    assert_eq!(before.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn more_calls_than_the_limit_are_refused_at_once_and_permits_come_back() {
    let (_, bank) = guarded(&Metrics::new(), 2);
    let calls = (bank.wait(100), bank.wait(100), bank.wait(0));
    let (one, two, three) = tokio::join!(calls.0, calls.1, calls.2);
    one.unwrap();
    two.unwrap();
    assert_eq!(code(&three.unwrap_err()), codes::OVERLOADED.as_str());
    // Also the permit of a call that was given up or that panicked.
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_millis(1), bank.wait(100)).await;
        assert!(given_up.is_err());
        assert!(bank.break_down().await.is_err());
    }
    bank.wait(0).await.unwrap();
}

#[tokio::test]
async fn a_call_keeps_its_callers_context_and_begins_a_trace_where_there_is_none() {
    let (_, bank) = guarded(&Metrics::new(), CALLS_MAX);
    assert_eq!(bank.caller().await.unwrap(), (None, true));
    let context = Context { actor: Some(Arc::from("operator:ann")), ..Context::default() };
    let seen = context.scope(bank.caller()).await.unwrap();
    assert_eq!(seen, (Some("operator:ann".to_owned()), true));
}

#[tokio::test]
async fn calls_are_counted_by_operation_and_outcome() {
    let metrics = Metrics::new();
    let (_, bank) = guarded(&metrics, CALLS_MAX);
    bank.set("ann".to_owned(), 1).await.unwrap();
    bank.set("ann".to_owned(), -1).await.unwrap_err();
    bank.break_down().await.unwrap_err();
    let page = metrics.encode();
    for (operation, outcome, count) in [
        ("set", "succeeded", 1),
        ("set", "refused", 1),
        ("break_down", "failed", 1),
        ("add", "succeeded", 0),
    ] {
        let line = format!(
            "rpc_calls_seconds_count{{service=\"bank-service\",operation=\"{operation}\",outcome=\"{outcome}\"}} {count}"
        );
        assert!(page.lines().any(|it| it == line), "{line} is missing in\n{page}");
    }
}
