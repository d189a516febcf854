//! Faults of the servers that the shop is on.

use crate::{options, program};
use crash_tests::{
    BusEngine, EngineFault, Engines,
    FailingServer::{Broker, Values},
    FaultKind::{Flush, Kill, Pause, Restart},
    RunOptions, RunReport, break_engines, overload,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_whose_database_fails_loses_and_doubles_nothing() {
    let engines = Engines::start(None, false).unwrap();
    let faults = engines.faults(&[]);
    assert_eq!(faults.len(), 8, "{faults:?}");
    let report = fail(&engines, &faults).await;
    let counters = report.counters;
    assert!(counters.acknowledged > 50, "there was hardly any load:\n{report}");
    assert!(counters.retry_later > 0, "no caller was told to come back:\n{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_go_on_without_kafka_and_without_redis() {
    let engines = Engines::start(Some(BusEngine::Kafka), true).unwrap();
    let faults =
        [(Broker, Pause), (Values, Flush), (Values, Pause), (Broker, Kill), (Values, Kill)];
    fail_without_refusals(&engines, &faults.map(|(server, kind)| EngineFault { server, kind }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_go_on_without_rabbitmq() {
    let engines = Engines::start(Some(BusEngine::RabbitMq), false).unwrap();
    let faults = [Pause, Restart].map(|kind| EngineFault { server: Broker, kind });
    fail_without_refusals(&engines, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_go_on_without_redis_streams() {
    let engines = Engines::start(Some(BusEngine::RedisStreams), false).unwrap();
    let faults = [Pause, Flush, Kill].map(|kind| EngineFault { server: Broker, kind });
    fail_without_refusals(&engines, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_whose_database_is_slow_refuses_early_what_it_cannot_take() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::start(None, false).unwrap();
    let options = RunOptions { customers: 100, ..options(0) };
    let report = overload(&program(), &folder.path().join("data"), &engines, &options).await;
    println!("{}", report.unwrap_or_else(|violation| panic!("{violation}")));
}

/// Faults of servers without which sales go on: nobody is told to come back.
async fn fail_without_refusals(engines: &Engines, faults: &[EngineFault]) {
    let report = fail(engines, faults).await;
    assert_eq!(report.counters.retry_later, 0, "{report}");
}

async fn fail(engines: &Engines, faults: &[EngineFault]) -> RunReport {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = RunOptions { customers: 6, ..options(faults.len() as u64) };
    let report = break_engines(&program(), &data, engines, faults, &options, |_| {}).await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    report
}
