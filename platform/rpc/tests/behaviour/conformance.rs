//! Conformance suite of a contract: typed, over the wire, and over the wire with fault injection.

use crate::bank::{Accounts, Bank, guarded, late_bound, over_the_wire};
use rpc::{
    CALLS_MAX, CallError, Contract,
    Repeat::{Idempotent, Once},
};
use std::sync::Arc;
use telemetry::Metrics;
use transport::{Channel, chaos};

/// Behaviour of a bank when no call gets lost.
async fn behaves_like_a_bank(accounts: &Accounts, bank: &dyn Bank) {
    assert_eq!(bank.set("ann".to_owned(), 5).await.unwrap(), 5);
    assert_eq!(bank.add("ann".to_owned(), 2).await.unwrap(), 7);
    assert_eq!(accounts.0.lock()["ann"], 7);

    let Err(CallError::Problem(problem)) = bank.set("ann".to_owned(), -1).await else {
        panic!("a refusal")
    };
    assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "balance"));
    let unknown = bank.add("bob".to_owned(), 1).await.unwrap_err();
    assert!(unknown.problem(&kernel::codes::NOT_FOUND).is_some());

    let broken = bank.break_down().await.unwrap_err();
    assert!(matches!(broken, CallError::Problem(problem) if problem.status == 500));
    assert_eq!(bank.add("ann".to_owned(), 0).await.unwrap(), 7, "the others go on");
}

#[tokio::test]
async fn typed() {
    let (accounts, bank) = guarded(&Metrics::new(), CALLS_MAX);
    behaves_like_a_bank(&accounts, &*late_bound(&bank)).await;
}

#[tokio::test]
async fn over_the_wire_in_process() {
    let (accounts, bank) = guarded(&Metrics::new(), CALLS_MAX);
    let client = <dyn Bank as Contract>::client(over_the_wire(&bank));
    behaves_like_a_bank(&accounts, &*client).await;
}

#[tokio::test]
async fn idempotent_operations_are_retried_and_others_are_not() {
    for seed in 0..10 {
        let (accounts, bank) = guarded(&Metrics::new(), CALLS_MAX);
        let client = <dyn Bank as Contract>::client(chaos(over_the_wire(&bank), seed));
        let mut added = 0;
        for number in 1..=40 {
            drop(client.set(format!("account {number}"), number).await);
            if number == 1 && !accounts.0.lock().contains_key("account 1") {
                accounts.0.lock().insert("account 1".to_owned(), 1);
            }
            // An answer that came says that it was added once; of one that was lost nobody knows, but never twice.
            let before = accounts.0.lock()["account 1"];
            let answer = client.add("account 1".to_owned(), 1).await;
            let after = accounts.0.lock()["account 1"];
            match answer {
                Ok(balance) => {
                    assert_eq!((balance, after), (before + 1, before + 1), "seed {seed}");
                }
                Err(_) => assert!(after - before <= 1, "seed {seed}"),
            }
            added += after - before;
        }
        assert!(added >= 20, "most calls arrive");
    }
}

#[tokio::test]
async fn arguments_travel_as_one_object_to_the_path_of_the_operation() {
    let (_, bank) = guarded(&Metrics::new(), CALLS_MAX);
    let endpoints = rpc::endpoints(&bank);
    let paths: Vec<_> = endpoints.iter().map(rpc::Endpoint::path).collect();
    assert_eq!(paths[0], "/internal/v1/bank-service/set");
    let repeats: Vec<_> = endpoints.iter().map(|it| it.operation.repeat).collect();
    assert_eq!(repeats, [Idempotent, Once, Idempotent, Idempotent, Once]);

    let answer = endpoints[0].call(r#"{"account": "ann", "balance": 3}"#.into()).await.unwrap();
    assert_eq!(&answer[..], b"3");
    for (arguments, status) in
        [(r#"{"account": "ann"}"#, 422), (r#"["ann", 3, 4]"#, 400), ("[]", 400), ("{", 400)]
    {
        let Err(CallError::Problem(problem)) = endpoints[0].call(arguments.into()).await else {
            panic!("{arguments}")
        };
        assert_eq!(problem.status, status, "{arguments}");
    }
}

#[tokio::test]
async fn a_channel_that_leads_nowhere_is_unavailable() {
    let channel = transport::Directory::of(["bank-service"]).channel("bank-service").unwrap();
    let client: Arc<dyn Bank> = <dyn Bank as Contract>::client(Channel::clone(&channel));
    let error = client.wait(0).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { service: "bank-service", .. }), "{error}");
    let unbound = rpc::ContractDirectory::default().contract::<dyn Bank>();
    let error = unbound.wait(0).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { service: "bank-service", .. }), "{error}");
}
