//! Registry scenario: 10,000 instances that send their heartbeats, and clients that poll for changes.
//!
//! First the heartbeats of all instances at the pace that they have by default, for the share of a core that they cost; then as many as a
//! few clients can send; then polls for changes, when the changes of the registrations are forgotten.

use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    latency::{LatencyHistogram, micros},
    numbers::{float, megabytes},
    pacer::arrivals,
    process::{ResourceUsage, Server},
    report::{LoadModel, Row},
};
use std::{process::Command, time::Duration};
use tokio::time::{Instant, sleep};

/// Instances that are registered.
const INSTANCES: u64 = 10_000;
/// Instances of an application.
const APPLICATION_INSTANCES: u64 = 20;
/// Heartbeats per second of so many instances, one of each in half a minute.
const HEARTBEATS_PER_SECOND: f64 = 10_000.0 / 30.0;
/// Bytes of a response with few changes.
const SMALL_BYTES: usize = 100_000;
/// Longest time until the changes of the registrations are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(4);
/// Polls that are measured.
const POLLS: u64 = 5_000;

/// Measures a registry that runs alone.
pub(super) async fn registry(config: RunConfig) -> Result<Row, String> {
    let mut command = Command::new(&config.program.binary);
    command.args(["serve", "--services=registry-service", "--registry-listen=127.0.0.1:0"]);
    command.env("ICOMMERCE_LOG_FILTER", "warn");
    let server = Server::registry(command)?;
    let mut connection = HttpConnection::connect(&server.shop).await?;
    let row = Row::named("registry with 10,000 instances", "heartbeat", LoadModel::Own)
        .with("start", micros(server.started_in) / 1e3, "ms")
        .with("memory, empty", megabytes(server.usage()?.resident_bytes), "MB");
    let row = register(row, &server, &mut connection).await?;
    let row = heartbeats(row, &server, &mut connection, &config).await?;
    let row = poll(row, &server, &mut connection).await?;
    Ok(row.with("memory", megabytes(server.usage()?.resident_bytes), "MB"))
}

fn application(number: u64) -> String {
    format!("APP-{}", number / APPLICATION_INSTANCES)
}

fn path(number: u64) -> String {
    format!("/eureka/apps/{}/host-{number}:app:8080", application(number))
}

/// What Spring's client sends to register.
fn instance(number: u64) -> String {
    let app = application(number);
    format!(
        r#"{{"instance":{{"instanceId":"host-{number}:app:8080","app":"{app}","hostName":"host-{number}","ipAddr":"10.0.0.5","status":"UP","overriddenStatus":"UNKNOWN","port":{{"$":8080,"@enabled":"true"}},"securePort":{{"$":443,"@enabled":"false"}},"countryId":1,"dataCenterInfo":{{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"}},"leaseInfo":{{"renewalIntervalInSecs":30,"durationInSecs":90}},"homePageUrl":"http://host-{number}:8080/","statusPageUrl":"http://host-{number}:8080/actuator/info","healthCheckUrl":"http://host-{number}:8080/actuator/health","vipAddress":"{app}","secureVipAddress":"{app}","lastDirtyTimestamp":1,"metadata":{{"management.port":"8080"}}}}}}"#
    )
}

async fn register(
    row: Row,
    server: &Server,
    connection: &mut HttpConnection,
) -> Result<Row, String> {
    let before = server.usage()?;
    for number in 0..INSTANCES {
        let path = format!("/eureka/apps/{}", application(number));
        connection.request("POST", &path, None, &instance(number)).await?.expect_status(204)?;
    }
    let used = server.usage()?.since(&before);
    Ok(row.with("CPU a registration", used.cpu_us_each(INSTANCES), "µs"))
}

async fn heartbeats(
    row: Row,
    server: &Server,
    connection: &mut HttpConnection,
    config: &RunConfig,
) -> Result<Row, String> {
    let beat = |number: u64| format!("{}?status=UP&lastDirtyTimestamp=1", path(number % INSTANCES));
    let mut latency = LatencyHistogram::with_digits(3)?;
    let (before, began): (ResourceUsage, _) = (server.usage()?, Instant::now());
    let mut starts = arrivals(HEARTBEATS_PER_SECOND, began, began + config.time)?;
    let mut sent = 0;
    while let Some(start) = starts.recv().await {
        connection.request("PUT", &beat(sent), None, "").await?.expect_status(200)?;
        latency.record(start.elapsed());
        sent += 1;
    }
    let used = server.usage()?.since(&before);
    let share = 100.0 * used.cpu.as_secs_f64() / began.elapsed().as_secs_f64();
    let row = row
        .with("heartbeats a second of 10,000 instances: share of a core", share, "%")
        .with("CPU a heartbeat, at that pace", used.cpu_us_each(sent), "µs")
        .with("heartbeat p50, at that pace", latency.quantile_us(0.5), "µs")
        .with("heartbeat p99, at that pace", latency.quantile_us(0.99), "µs");

    let (before, began) = (server.usage()?, Instant::now());
    let mut sent = 0;
    while began.elapsed() < config.time {
        connection.request("PUT", &beat(sent), None, "").await?.expect_status(200)?;
        sent += 1;
    }
    let used = server.usage()?.since(&before);
    Ok(row
        .with(
            "heartbeats of one client without a pause",
            float(sent) / began.elapsed().as_secs_f64(),
            "/s",
        )
        .with("CPU a heartbeat, without a pause", used.cpu_us_each(sent), "µs"))
}

/// Polls for changes, of which there is one every hundred polls.
async fn poll(row: Row, server: &Server, connection: &mut HttpConnection) -> Result<Row, String> {
    const DELTA: &str = "/eureka/apps/delta";
    let waits_until = Instant::now() + FORGOTTEN_AFTER;
    loop {
        let bytes = connection.request_gzipped(DELTA).await?.body.len();
        if bytes < SMALL_BYTES {
            break;
        }
        if Instant::now() > waits_until {
            return Err(format!("a delta still has {bytes} bytes"));
        }
        sleep(Duration::from_secs(1)).await;
    }
    let mut latency = LatencyHistogram::with_digits(3)?;
    let before = server.usage()?;
    for number in 0..POLLS {
        if number.is_multiple_of(100) {
            let value = if number.is_multiple_of(200) { "OUT_OF_SERVICE" } else { "UP" };
            let path = format!("{}/status?value={value}", path(0));
            connection.request("PUT", &path, None, "").await?.expect_status(200)?;
        }
        let start = Instant::now();
        connection.request_gzipped(DELTA).await?.expect_status(200)?;
        latency.record(start.elapsed());
    }
    let used = server.usage()?.since(&before);
    Ok(row
        .with("CPU a delta poll", used.cpu_us_each(POLLS), "µs")
        .with("delta poll p50", latency.quantile_us(0.5), "µs")
        .with("delta poll p99", latency.quantile_us(0.99), "µs"))
}
