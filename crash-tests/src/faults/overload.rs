//! Overload of a shop whose database is slow or stands still: what it cannot take is refused early, and no queue grows beyond its limit.

use super::engines::{EngineFault, Engines, FailingServer, FaultKind};
use crate::{
    client::{Edge, EdgeClient, Request, Response},
    operation::{Lines, lines_to_json},
    run::{Run, RunOptions, RunReport},
    shop::Program,
    storage_fault::StorageFault,
    violation::{CheckResult, Violation, ensure},
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use std::{path::Path, time::Duration};

/// Requests of shoppers that the shop works on at the same time.
const REQUESTS_MAX: usize = 16;
/// Writes of a service that may wait beside those of its shoppers: those of its background work.
const BACKGROUND_WRITES_MAX: usize = 16;
/// Requests of each shopper, one after the other, while the database is slow.
const ROUNDS: usize = 3;
const LATENCY: Duration = Duration::from_millis(500);
/// How long refusals may take that wait for nothing.
const REFUSED_WITHIN: Duration = Duration::from_mins(1);
const SAMPLE_INTERVAL: Duration = Duration::from_millis(50);
/// Metric of the writes that wait for the writer of a service.
const QUEUE: &str = "engine_queue{";

/// Answers to a flood of requests.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    accepted: usize,
    refused: usize,
}

/// Floods a shop with `options.customers` shoppers at once, first while its database stands still, then while it is slow.
pub async fn overload(
    program: &Program,
    data: &Path,
    engines: &Engines,
    options: &RunOptions,
) -> CheckResult<RunReport> {
    let requests_max = REQUESTS_MAX.to_string();
    let program = engines.configure(program);
    let program = program.with("ICOMMERCE_API_GATEWAY__SHOP_REQUESTS_MAX", &requests_max);
    let (mut run, shop) = Run::start(&program, data, options, StorageFault::DatabaseLost).await?;
    let shoppers = usize::try_from(options.customers).unwrap_or(usize::MAX);
    ensure(shoppers > 2 * REQUESTS_MAX, || {
        format!("{shoppers} customers are no overload: more than {} are", 2 * REQUESTS_MAX)
    })?;
    let flood =
        Flood { client: shop.client.clone(), sku: run.workload.catalogue.plentiful[0].clone() };
    let paused = EngineFault { server: FailingServer::Database, kind: FaultKind::Pause };
    let slow = EngineFault { kind: FaultKind::Slow, ..paused };

    engines.begin(paused, LATENCY).await?;
    let held = flood.against_paused_database(engines, paused, shoppers).await;
    let held = held.map_err(|violation| violation.context("while the database stood still"))?;
    engines.begin(slow, LATENCY).await?;
    let slowed = flood.against_slow_database(shoppers).await;
    let (slowed, queue_max) =
        slowed.map_err(|violation| violation.context("while the database was slow"))?;
    engines.end(slow).await?;

    run.report.faults = 2;
    run.report.notes.push(format!("while the database stood still: {held:?}"));
    run.report
        .notes
        .push(format!("while it was slow: {slowed:?}, at most {queue_max} writes waited"));
    run.finish(shop).await
}

/// Shoppers who create carts.
struct Flood {
    client: EdgeClient,
    sku: String,
}

impl Flood {
    /// All shoppers ask at once: all but those whom the shop works on are refused although the database answers nothing.
    async fn against_paused_database(
        &self,
        engines: &Engines,
        paused: EngineFault,
        shoppers: usize,
    ) -> CheckResult<Answers> {
        let mut asked: FuturesUnordered<_> =
            (0..shoppers).map(|shopper| self.create_cart(format!("held-{shopper}"))).collect();
        let mut answers = Answers::default();
        let refusing = async {
            while answers.refused < shoppers - REQUESTS_MAX {
                let Some(response) = asked.next().await else { break };
                answers.count(&response?)?;
            }
            Ok::<_, Violation>(())
        };
        let in_time = tokio::time::timeout(REFUSED_WITHIN, refusing).await;
        in_time.map_err(|_| Violation::new(format!("shoppers wait: {answers:?}")))??;
        ensure(answers.accepted == 0, || format!("something was stored: {answers:?}"))?;
        engines.end(paused).await?;
        while let Some(response) = asked.next().await {
            answers.count(&response?)?;
        }
        Ok(answers)
    }

    /// Every shopper asks several times: some are accepted, and no more writes wait than requests were let in.
    async fn against_slow_database(&self, shoppers: usize) -> CheckResult<(Answers, usize)> {
        let shopping = join_all((0..shoppers).map(async |shopper| {
            let mut answers = Answers::default();
            for round in 0..ROUNDS {
                let response = self.create_cart(format!("slow-{shopper}-{round}")).await?;
                answers.count(&response)?;
            }
            Ok::<_, Violation>(answers)
        }));
        let mut shopping = std::pin::pin!(shopping);
        let mut queue_max = 0;
        let all = loop {
            tokio::select! {
                all = &mut shopping => break all,
                () = tokio::time::sleep(SAMPLE_INTERVAL) => {
                    queue_max = queue_max.max(self.longest_queue().await?);
                }
            }
        };
        let mut answers = Answers::default();
        for of_shopper in all {
            let Answers { accepted, refused } = of_shopper?;
            answers.accepted += accepted;
            answers.refused += refused;
        }
        ensure(answers.accepted > 0 && answers.refused > 0, || format!("{answers:?}"))?;
        ensure(queue_max <= REQUESTS_MAX + BACKGROUND_WRITES_MAX, || {
            format!("{queue_max} writes waited, although {REQUESTS_MAX} requests are let in")
        })?;
        Ok((answers, queue_max))
    }

    async fn create_cart(&self, key: String) -> CheckResult<Response> {
        let lines = lines_to_json(&Lines::from([(self.sku.clone(), 1)]));
        let (path, body) = ("/api/v1/carts".to_owned(), serde_json::json!({ "lines": lines }));
        let request = Request { edge: Edge::Shop, method: "POST", path, key, body };
        let response = self.client.send(&request).await;
        response.ok_or_else(|| Violation::new("a shopper was not answered"))
    }

    /// Writes that wait, of the service of which most do.
    async fn longest_queue(&self) -> CheckResult<usize> {
        let response = self.client.get(Edge::Operator, "/metrics").await;
        let metrics = response.ok_or_else(|| Violation::new("there are no metrics"))?;
        let text = String::from_utf8_lossy(&metrics.bytes);
        let queues = text.lines().filter(|line| line.starts_with(QUEUE));
        let waiting = queues.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        let longest =
            waiting.reduce(f64::max).ok_or_else(|| Violation::new("no queue is measured"));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of writes"
        )]
        longest.map(|longest| longest as usize)
    }
}

impl Answers {
    /// Counts a response, which has to be a success or a refusal with `Retry-After`.
    fn count(&mut self, response: &Response) -> CheckResult {
        let is_refusal = response.status == 503 && response.has_retry_after();
        ensure(response.is_success() || is_refusal, || format!("answered with {response:?}"))?;
        self.accepted += usize::from(response.is_success());
        self.refused += usize::from(is_refusal);
        Ok(())
    }
}
