//! Tests of all layers together, over scripted endpoints, with the clock paused.

mod refusals;

use super::{CallPolicy, EndpointUpdater, Endpoints, metrics::PROBLEM_JSON, network_over};
use crate::{Channel, Context, Request, Response, Transport, TransportError, headers};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{future::join_all, poll};
use http::{Method, Uri};
use kernel::SeededRandomness;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use storage::{Commit, Watermark, durability};
use telemetry::Metrics;
use tokio::time::{Instant, sleep};

const MILLI: Duration = Duration::from_millis(1);

/// Scripted behaviour of an endpoint.
#[derive(Clone, Copy, Debug)]
enum EndpointBehaviour {
    Answers(u16),
    /// 503 with `Retry-After`.
    AsksForTime,
    /// 503 with a problem and without `Retry-After`.
    RefusesForGood,
    /// The one with `Retry-After` of a process that stands by.
    StandsBy,
    AnswersAfter(Duration),
    Refuses,
    /// Nothing listens there.
    IsGone,
    Hangs,
}

/// The scripted endpoints and the requests that arrived at each.
#[derive(Clone, Debug)]
struct TestEndpoints(Arc<Mutex<Vec<TestEndpoint>>>);

#[derive(Debug)]
struct TestEndpoint {
    behaviour: EndpointBehaviour,
    arrived: Vec<Request>,
}

impl TestEndpoints {
    fn of<const N: usize>(behaviour: [EndpointBehaviour; N]) -> Self {
        let endpoints = behaviour.map(|behaviour| TestEndpoint { behaviour, arrived: Vec::new() });
        Self(Arc::new(Mutex::new(endpoints.into())))
    }

    /// Changes the behaviour of an endpoint.
    fn set_behaviour(&self, index: usize, behaviour: EndpointBehaviour) {
        self.0.lock()[index].behaviour = behaviour;
    }

    fn hits(&self, index: usize) -> usize {
        self.0.lock()[index].arrived.len()
    }

    fn all_hits(&self) -> usize {
        self.0.lock().iter().map(|endpoint| endpoint.arrived.len()).sum()
    }

    fn last(&self, index: usize) -> Request {
        self.0.lock()[index].arrived.last().cloned().unwrap()
    }

    fn bases(&self) -> Vec<Uri> {
        (0..self.0.lock().len()).map(base).collect()
    }

    fn transport(&self, policy: CallPolicy) -> Channel {
        self.channel_over(self.bases().into(), policy)
    }

    fn updatable(&self, first: Vec<Uri>, policy: CallPolicy) -> (EndpointUpdater, Channel) {
        let (updater, endpoints) = Endpoints::updatable(first);
        (updater, self.channel_over(endpoints, policy))
    }

    fn channel_over(&self, endpoints: Endpoints, policy: CallPolicy) -> Channel {
        self.measured(endpoints, policy, &Metrics::new())
    }

    fn measured(&self, endpoints: Endpoints, policy: CallPolicy, metrics: &Metrics) -> Channel {
        let cluster = self.clone();
        let connect = move |address: &Uri| {
            let index = (0..100).find(|index| base(*index) == *address);
            Channel::new(TestTransport(cluster.clone(), index.unwrap()))
        };
        let randomness = Arc::new(SeededRandomness::new(1));
        network_over("things", endpoints, policy, randomness, metrics, connect)
    }
}

struct TestTransport(TestEndpoints, usize);

#[async_trait]
impl Transport for TestTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let behaviour = {
            let mut endpoints = self.0.0.lock();
            let endpoint = &mut endpoints[self.1];
            endpoint.arrived.push(request);
            endpoint.behaviour
        };
        let mut response = http::Response::builder();
        let status = match behaviour {
            EndpointBehaviour::Answers(status) => status,
            EndpointBehaviour::AsksForTime => {
                response = response.header(http::header::RETRY_AFTER, 1);
                503
            }
            EndpointBehaviour::RefusesForGood => {
                response = response.header(http::header::CONTENT_TYPE, PROBLEM_JSON);
                503
            }
            EndpointBehaviour::StandsBy => {
                response = response.header(http::header::RETRY_AFTER, 1);
                response = response.header(headers::STANDBY, "true");
                503
            }
            EndpointBehaviour::AnswersAfter(pause) => {
                sleep(pause).await;
                200
            }
            EndpointBehaviour::Refuses => {
                let reason = "connection reset".to_owned();
                return Err(TransportError::Unreachable { service: "things", reason });
            }
            EndpointBehaviour::IsGone => {
                let reason = "connection refused".to_owned();
                return Err(TransportError::NotConnected { service: "things", reason });
            }
            EndpointBehaviour::Hangs => std::future::pending().await,
        };
        Ok(response.status(status).body(Bytes::new()).unwrap())
    }
}

fn base(index: usize) -> Uri {
    format!("http://10.0.0.{index}:80").parse().unwrap()
}

fn request(method: Method) -> Request {
    http::Request::builder().method(method).uri("/things").body(Bytes::new()).unwrap()
}

fn get() -> Request {
    request(Method::GET)
}

fn keyed_post() -> Request {
    let mut request = request(Method::POST);
    request.headers_mut().insert(headers::IDEMPOTENCY_KEY, "k".parse().unwrap());
    request
}

async fn status(transport: &Channel, request: Request) -> Result<u16, TransportError> {
    transport.send(request).await.map(|answer| answer.status().as_u16())
}

fn is_late(answer: &Result<u16, TransportError>) -> bool {
    matches!(answer, Err(TransportError::DeadlineExceeded { service: "things" }))
}

fn is_unreachable(answer: &Result<u16, TransportError>) -> bool {
    matches!(answer, Err(TransportError::Unreachable { service: "things", .. }))
}

#[tokio::test(start_paused = true)]
async fn a_broken_endpoint_is_retried_elsewhere_and_then_passed_over() {
    for broken in [
        EndpointBehaviour::Refuses,
        EndpointBehaviour::Answers(500),
        EndpointBehaviour::Answers(503),
        EndpointBehaviour::Hangs,
    ] {
        let cluster = TestEndpoints::of([
            broken,
            EndpointBehaviour::Answers(200),
            EndpointBehaviour::Answers(200),
        ]);
        // A failing endpoint has a high load and is rarely selected; a short memory selects it often enough, and a long
        // pause keeps its breaker open.
        let pauses = Duration::from_hours(1);
        let policy = CallPolicy {
            breaker_pause: pauses,
            breaker_pause_max: pauses,
            latency_memory: MILLI,
            ..CallPolicy::default()
        };
        let transport = cluster.transport(policy);
        for _ in 0..200 {
            assert!(matches!(status(&transport, get()).await, Ok(200)));
            tokio::time::advance(MILLI * 20).await;
        }
        assert_eq!(cluster.hits(0), 5, "{broken:?}");
        assert_eq!(cluster.all_hits(), 205);
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_bounds_what_retries_add() {
    let cluster =
        TestEndpoints::of([EndpointBehaviour::Answers(503), EndpointBehaviour::Answers(503)]);
    let policy = CallPolicy { breaker_failures: u32::MAX, ..CallPolicy::default() };
    let transport = cluster.transport(policy);
    for _ in 0..1_000 {
        assert!(matches!(status(&transport, get()).await, Ok(503)));
    }
    // The reserve of ten, and a fifth of the calls.
    assert!((1_150..=1_210).contains(&cluster.all_hits()), "{}", cluster.all_hits());
}

#[tokio::test(start_paused = true)]
async fn only_idempotent_requests_are_retried() {
    for (request, attempts) in [
        (get(), 3),
        (request(Method::PUT), 3),
        (request(Method::DELETE), 3),
        (keyed_post(), 3),
        (request(Method::POST), 1),
        (request(Method::PATCH), 1),
    ] {
        for broken in
            [EndpointBehaviour::Refuses, EndpointBehaviour::Answers(503), EndpointBehaviour::Hangs]
        {
            let cluster = TestEndpoints::of([broken; 3]);
            let transport = cluster.transport(CallPolicy::default());
            let answer = status(&transport, request.clone()).await;
            assert!(!matches!(answer, Ok(200)));
            assert_eq!(cluster.all_hits(), attempts, "{} {broken:?}", request.method());
            // Each attempt went to another endpoint.
            assert!((0..3).all(|index| cluster.hits(index) <= 1));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_error_is_not_retried() {
    for refusal in [400, 404, 409, 422, 429] {
        let cluster = TestEndpoints::of([EndpointBehaviour::Answers(refusal)]);
        let transport = cluster.transport(CallPolicy::default());
        for _ in 0..20 {
            assert!(matches!(status(&transport, get()).await, Ok(it) if it == refusal));
        }
        assert_eq!(cluster.all_hits(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_whole_call() {
    let cluster = TestEndpoints::of([
        EndpointBehaviour::Hangs,
        EndpointBehaviour::Hangs,
        EndpointBehaviour::Hangs,
    ]);
    let transport = cluster.transport(CallPolicy {
        deadline: Duration::from_secs(8),
        attempt_timeout: Duration::from_secs(3),
        ..CallPolicy::default()
    });
    let began = Instant::now();
    assert!(is_late(&status(&transport, get()).await));
    assert_eq!((began.elapsed(), cluster.all_hits()), (Duration::from_secs(8), 3));

    // The caller's own deadline applies if it is earlier.
    let deadline = Some(Instant::now() + MILLI * 300);
    let began = Instant::now();
    let context = Context { deadline, ..Context::default() };
    assert!(is_late(&context.scope(status(&transport, get())).await));
    assert_eq!(began.elapsed(), MILLI * 300);

    // With no time left nothing is sent.
    let hits = cluster.all_hits();
    let context = Context { deadline: Some(Instant::now()), ..Context::default() };
    assert!(is_late(&context.scope(status(&transport, get())).await));
    assert_eq!(cluster.all_hits(), hits);
}

#[tokio::test(start_paused = true)]
async fn the_context_and_the_remaining_time_are_propagated() {
    let cluster = TestEndpoints::of([EndpointBehaviour::Answers(200)]);
    let transport = cluster.transport(CallPolicy::default());
    let sent = async |context: Context| {
        let mut request = get();
        request.headers_mut().insert(headers::EDGE, "operator".parse().unwrap());
        context.scope(status(&transport, request)).await.unwrap();
        let sent = cluster.last(0);
        let text = |name: &str| Some(sent.headers().get(name)?.to_str().unwrap().to_owned());
        [headers::DEADLINE, headers::REQUEST_ID, headers::ACTOR, headers::EDGE].map(text)
    };
    let some = |text: &str| Some(text.to_owned());
    // Headers without a value in the context are removed: a forged one does not get through.
    assert_eq!(sent(Context::default()).await, [some("10000"), None, None, None]);
    let context = Context {
        deadline: Some(Instant::now() + MILLI * 1_200),
        request_id: Some("r1".into()),
        actor: Some("anna".into()),
        edge: crate::Edge::Shop,
        ..Context::default()
    };
    assert_eq!(sent(context).await, [some("1200"), some("r1"), some("anna"), some("shop")]);
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_queue_are_refused_at_once() {
    let cluster = TestEndpoints::of([EndpointBehaviour::AnswersAfter(MILLI * 100)]);
    let policy =
        CallPolicy { running_requests_max: 2, queue_requests_max: 3, ..CallPolicy::default() };
    let transport = cluster.transport(policy);
    let began = Instant::now();
    let answers = join_all((0..8).map(|_| async {
        let answer = status(&transport, get()).await;
        (answer, began.elapsed())
    }))
    .await;
    let (answered, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(answer, _)| answer.is_ok());
    assert_eq!((answered.len(), refused.len()), (5, 3));
    for (refusal, after) in refused {
        assert!(matches!(refusal, Err(TransportError::Overloaded { service: "things" })));
        assert_eq!(after, Duration::ZERO);
    }
    assert_eq!(began.elapsed(), MILLI * 300);
    assert!(matches!(status(&transport, get()).await, Ok(200)));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_gives_its_permit_back() {
    let cluster = TestEndpoints::of([EndpointBehaviour::Hangs]);
    let policy =
        CallPolicy { running_requests_max: 1, queue_requests_max: 0, ..CallPolicy::default() };
    let transport = cluster.transport(policy);
    for _ in 0..3 {
        let mut left = Box::pin(status(&transport, get()));
        assert!(poll!(&mut left).is_pending());
    }
    cluster.set_behaviour(0, EndpointBehaviour::Answers(200));
    assert!(matches!(status(&transport, get()).await, Ok(200)));
}

#[tokio::test(start_paused = true)]
async fn the_breaker_of_the_only_endpoint_opens_and_probes_after_the_pause() {
    let cluster = TestEndpoints::of([EndpointBehaviour::Refuses]);
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    let transport = cluster.transport(policy);
    for call in 0..20 {
        assert!(is_unreachable(&status(&transport, get()).await));
        assert_eq!(cluster.hits(0), 5.min(call + 1));
    }
    tokio::time::advance(policy.breaker_pause).await;
    assert!(is_unreachable(&status(&transport, get()).await));
    assert!(is_unreachable(&status(&transport, get()).await));
    assert_eq!(cluster.hits(0), 6, "one probe, and a longer pause");

    cluster.set_behaviour(0, EndpointBehaviour::Answers(200));
    tokio::time::advance(policy.breaker_pause * 2).await;
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_found_among_those_that_stand_by_and_kept() {
    use EndpointBehaviour::{Answers, StandsBy};
    let endpoints = TestEndpoints::of([StandsBy, StandsBy, StandsBy, StandsBy, Answers(200)]);
    // Whoever stands by has done nothing, so that any request may go on, without a retry of its own.
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    let transport = endpoints.transport(policy);
    for _ in 0..20 {
        assert!(matches!(status(&transport, request(Method::POST)).await, Ok(200)));
    }
    assert_eq!(endpoints.hits(4), 20);
    assert!(
        endpoints.all_hits() <= 24,
        "each of the others is asked once: {}",
        endpoints.all_hits()
    );
    endpoints.set_behaviour(4, StandsBy);
    endpoints.set_behaviour(0, Answers(201));
    assert!(matches!(status(&transport, request(Method::POST)).await, Ok(201)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_sent_goes_to_another_endpoint_whatever_its_method() {
    let endpoints = TestEndpoints::of([EndpointBehaviour::IsGone, EndpointBehaviour::Answers(200)]);
    let transport = endpoints.transport(CallPolicy::default());
    for _ in 0..50 {
        assert!(matches!(status(&transport, request(Method::POST)).await, Ok(200)));
    }
    assert_eq!(endpoints.hits(1), 50);
    let alone = TestEndpoints::of([EndpointBehaviour::IsGone]);
    let transport = alone.transport(CallPolicy::default());
    let answer = status(&transport, request(Method::POST)).await;
    assert!(matches!(answer, Err(TransportError::NotConnected { .. })));
    assert_eq!(alone.all_hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_says_nothing_is_left_for_the_one_that_replaced_it() {
    use EndpointBehaviour::{Answers, Hangs, StandsBy};
    let endpoints = TestEndpoints::of([Answers(200), StandsBy]);
    let transport = endpoints.transport(CallPolicy::default());
    for _ in 0..5 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert!(endpoints.hits(1) > 0, "who stands by was asked before");
    // It is paused, and nobody has its place yet.
    endpoints.set_behaviour(0, Hangs);
    let began = Instant::now();
    let ask = async || (status(&transport, get()).await, began.elapsed());
    let later = async {
        sleep(Duration::from_millis(1_600)).await;
        endpoints.set_behaviour(1, Answers(200));
        sleep(Duration::from_millis(400)).await;
        ask().await
    };
    let ((first, waited), (second, at)) = tokio::join!(ask(), later);
    assert!(matches!((first, second), (Ok(200), Ok(200))));
    assert!(at < Duration::from_millis(2_100), "the new owner is asked at once: {at:?}");
    assert!(waited < Duration::from_secs(3), "what was under way is asked again: {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn of_endpoints_that_all_serve_a_slow_one_is_waited_for() {
    use EndpointBehaviour::{Answers, AnswersAfter};
    let endpoints = TestEndpoints::of([AnswersAfter(Duration::from_secs(4)), Answers(200)]);
    let transport = endpoints.transport(CallPolicy::default());
    let asked = (0..20).map(|number| {
        let transport = transport.clone();
        async move {
            sleep(Duration::from_millis(300) * number).await;
            status(&transport, request(Method::POST)).await
        }
    });
    let answers = join_all(asked).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(200))), "{answers:?}");
    assert!(endpoints.hits(0) > 0 && endpoints.hits(1) > 0);
    assert_eq!(endpoints.all_hits(), 20, "nothing was given up and asked again");
}

#[tokio::test(start_paused = true)]
async fn without_an_owner_the_caller_is_told_and_the_mark_goes_no_further() {
    let endpoints = TestEndpoints::of([EndpointBehaviour::StandsBy, EndpointBehaviour::StandsBy]);
    let transport = endpoints.transport(CallPolicy::default());
    let response = transport.send(request(Method::POST)).await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key(headers::STANDBY));
    // Each of the three attempts has asked both, but for the first of the next one.
    assert!((2..=6).contains(&endpoints.all_hits()), "{}", endpoints.all_hits());
    endpoints.set_behaviour(1, EndpointBehaviour::Answers(200));
    assert!(
        matches!(status(&transport, request(Method::POST)).await, Ok(200)),
        "no breaker opened"
    );
}

#[tokio::test(start_paused = true)]
async fn when_most_endpoints_are_out_all_are_tried() {
    let cluster = TestEndpoints::of([EndpointBehaviour::Refuses; 4]);
    let hour = Duration::from_hours(1);
    let policy = CallPolicy {
        attempts_max: 1,
        breaker_pause: hour,
        breaker_pause_max: hour,
        ..CallPolicy::default()
    };
    let transport = cluster.transport(policy);
    for _ in 0..100 {
        assert!(is_unreachable(&status(&transport, get()).await));
    }
    assert_eq!(cluster.all_hits(), 100, "no call was refused without trying");
    // What has recovered is found without waiting for the end of its pause.
    (0..4).for_each(|index| cluster.set_behaviour(index, EndpointBehaviour::Answers(200)));
    for _ in 0..20 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_quicker_endpoint_gets_more() {
    let cluster = TestEndpoints::of([
        EndpointBehaviour::AnswersAfter(MILLI * 50),
        EndpointBehaviour::AnswersAfter(MILLI * 5),
    ]);
    let transport = cluster.transport(CallPolicy::default());
    for _ in 0..50 {
        let calls = join_all((0..4).map(|_| status(&transport, get()))).await;
        assert!(calls.iter().all(Result::is_ok));
    }
    assert!(cluster.hits(0) * 3 < cluster.hits(1), "{} {}", cluster.hits(0), cluster.hits(1));
    assert!(cluster.hits(0) > 0);
}

#[tokio::test(start_paused = true)]
async fn equal_endpoints_share_the_work() {
    let cluster = TestEndpoints::of([EndpointBehaviour::AnswersAfter(MILLI); 4]);
    let transport = cluster.transport(CallPolicy::default());
    for _ in 0..100 {
        join_all((0..8).map(|_| status(&transport, get()))).await;
    }
    assert!((0..4).all(|index| (150..250).contains(&cluster.hits(index))));
}

#[tokio::test(start_paused = true)]
async fn endpoints_may_come_and_go() {
    let cluster = TestEndpoints::of([
        EndpointBehaviour::Refuses,
        EndpointBehaviour::Answers(200),
        EndpointBehaviour::Answers(200),
    ]);
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    let (updater, transport) = cluster.updatable(vec![], policy);
    assert!(is_unreachable(&status(&transport, get()).await));

    updater.update(vec![base(0)]);
    for _ in 0..10 {
        assert!(is_unreachable(&status(&transport, get()).await));
    }
    // An endpoint that stays in the list keeps its breaker, which is still open.
    updater.update(vec![base(0), base(1)]);
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert_eq!((cluster.hits(0), cluster.hits(1)), (5, 10));

    updater.update(vec![base(2)]);
    drop(updater);
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert_eq!((cluster.hits(1), cluster.hits(2)), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn no_request_is_sent_before_its_dependencies_are_flushed() {
    let cluster = TestEndpoints::of([EndpointBehaviour::Answers(200)]);
    let transport = cluster.transport(CallPolicy::default());
    let watermark = Watermark::at(0);
    let ((), _dependencies) = durability::scope(async {
        durability::depend_on(&Commit::at(&watermark, 3));
        let mut call = Box::pin(status(&transport, get()));
        for flushed in [0, 2] {
            watermark.advance(flushed);
            assert!(poll!(&mut call).is_pending());
            assert_eq!(cluster.all_hits(), 0);
        }
        watermark.advance(3);
        assert!(matches!(call.await, Ok(200)));

        durability::depend_on(&Commit::at(&watermark, 4));
        watermark.void();
        assert!(is_unreachable(&status(&transport, get()).await));
        assert_eq!(cluster.all_hits(), 1);
    })
    .await;
}
