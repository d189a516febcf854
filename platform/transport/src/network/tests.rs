//! The layers together, over endpoints that do as they are told, with the clock stopped.

use super::{CallPolicy, EndpointUpdater, Endpoints, network_over};
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

/// What an endpoint does with a request.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answers(u16),
    AnswersAfter(Duration),
    Refuses,
    Hangs,
}

/// All endpoints: what each does, and what arrived there.
#[derive(Clone, Debug)]
struct World(Arc<Mutex<Vec<Place>>>);

#[derive(Debug)]
struct Place {
    does: Does,
    arrived: Vec<Request>,
}

impl World {
    fn of<const N: usize>(does: [Does; N]) -> Self {
        let places = does.map(|does| Place { does, arrived: Vec::new() });
        Self(Arc::new(Mutex::new(places.into())))
    }

    /// From now on this endpoint does this.
    fn let_be(&self, index: usize, does: Does) {
        self.0.lock()[index].does = does;
    }

    fn hits(&self, index: usize) -> usize {
        self.0.lock()[index].arrived.len()
    }

    fn all_hits(&self) -> usize {
        self.0.lock().iter().map(|place| place.arrived.len()).sum()
    }

    fn last(&self, index: usize) -> Request {
        self.0.lock()[index].arrived.last().cloned().unwrap()
    }

    fn bases(&self) -> Vec<Uri> {
        (0..self.0.lock().len()).map(base).collect()
    }

    fn transport(&self, policy: CallPolicy) -> Channel {
        self.reached(self.bases().into(), policy)
    }

    fn updatable(&self, first: Vec<Uri>, policy: CallPolicy) -> (EndpointUpdater, Channel) {
        let (announcer, endpoints) = Endpoints::updatable(first);
        (announcer, self.reached(endpoints, policy))
    }

    fn reached(&self, endpoints: Endpoints, policy: CallPolicy) -> Channel {
        let world = self.clone();
        let connect = move |address: &Uri| {
            let index = (0..100).find(|index| base(*index) == *address);
            Channel::new(At(world.clone(), index.unwrap()))
        };
        let randomness = Arc::new(SeededRandomness::new(1));
        network_over("things", endpoints, policy, randomness, &Metrics::new(), connect)
    }
}

struct At(World, usize);

#[async_trait]
impl Transport for At {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let does = {
            let mut places = self.0.0.lock();
            let place = &mut places[self.1];
            place.arrived.push(request);
            place.does
        };
        let status = match does {
            Does::Answers(status) => status,
            Does::AnswersAfter(pause) => {
                sleep(pause).await;
                200
            }
            Does::Refuses => {
                let reason = "connection refused".to_owned();
                return Err(TransportError::Unreachable { service: "things", reason });
            }
            Does::Hangs => std::future::pending().await,
        };
        Ok(http::Response::builder().status(status).body(Bytes::new()).unwrap())
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
async fn a_broken_endpoint_is_retried_around_and_then_left_alone() {
    for broken in [Does::Refuses, Does::Answers(500), Does::Answers(503), Does::Hangs] {
        let world = World::of([broken, Does::Answers(200), Does::Answers(200)]);
        // Seldom asked, since failures make it look slow; so that it is asked often enough, no pause ends.
        let pauses = Duration::from_hours(1);
        let policy = CallPolicy {
            breaker_pause: pauses,
            breaker_pause_max: pauses,
            latency_memory: MILLI,
            ..CallPolicy::default()
        };
        let transport = world.transport(policy);
        for _ in 0..200 {
            assert!(matches!(status(&transport, get()).await, Ok(200)));
            tokio::time::advance(MILLI * 20).await;
        }
        assert_eq!(world.hits(0), 5, "{broken:?}");
        assert_eq!(world.all_hits(), 205);
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_bounds_what_retries_add() {
    let world = World::of([Does::Answers(503), Does::Answers(503)]);
    let policy = CallPolicy { breaker_failures: u32::MAX, ..CallPolicy::default() };
    let transport = world.transport(policy);
    for _ in 0..1_000 {
        assert!(matches!(status(&transport, get()).await, Ok(503)));
    }
    // The reserve of ten, and a fifth of the calls.
    assert!((1_150..=1_210).contains(&world.all_hits()), "{}", world.all_hits());
}

#[tokio::test(start_paused = true)]
async fn only_what_may_be_repeated_is_repeated() {
    for (request, attempts) in [
        (get(), 3),
        (request(Method::PUT), 3),
        (request(Method::DELETE), 3),
        (keyed_post(), 3),
        (request(Method::POST), 1),
        (request(Method::PATCH), 1),
    ] {
        for broken in [Does::Refuses, Does::Answers(503), Does::Hangs] {
            let world = World::of([broken; 3]);
            let transport = world.transport(CallPolicy::default());
            let answer = status(&transport, request.clone()).await;
            assert!(!matches!(answer, Ok(200)));
            assert_eq!(world.all_hits(), attempts, "{} {broken:?}", request.method());
            // Each attempt went to another endpoint.
            assert!((0..3).all(|index| world.hits(index) <= 1));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer() {
    for refusal in [400, 404, 409, 422, 429] {
        let world = World::of([Does::Answers(refusal)]);
        let transport = world.transport(CallPolicy::default());
        for _ in 0..20 {
            assert!(matches!(status(&transport, get()).await, Ok(it) if it == refusal));
        }
        assert_eq!(world.all_hits(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_whole_call() {
    let world = World::of([Does::Hangs, Does::Hangs, Does::Hangs]);
    let transport = world.transport(CallPolicy {
        deadline: Duration::from_secs(8),
        attempt_timeout: Duration::from_secs(3),
        ..CallPolicy::default()
    });
    let began = Instant::now();
    assert!(is_late(&status(&transport, get()).await));
    assert_eq!((began.elapsed(), world.all_hits()), (Duration::from_secs(8), 3));

    // A caller with less time is told in its own time.
    let deadline = Some(Instant::now() + MILLI * 300);
    let began = Instant::now();
    let context = Context { deadline, ..Context::default() };
    assert!(is_late(&context.scope(status(&transport, get())).await));
    assert_eq!(began.elapsed(), MILLI * 300);

    // With no time left nothing is sent.
    let hits = world.all_hits();
    let context = Context { deadline: Some(Instant::now()), ..Context::default() };
    assert!(is_late(&context.scope(status(&transport, get())).await));
    assert_eq!(world.all_hits(), hits);
}

#[tokio::test(start_paused = true)]
async fn the_context_and_the_time_left_travel_along() {
    let world = World::of([Does::Answers(200)]);
    let transport = world.transport(CallPolicy::default());
    let sent = async |context: Context| {
        let mut request = get();
        request.headers_mut().insert(headers::EDGE, "operator".parse().unwrap());
        context.scope(status(&transport, request)).await.unwrap();
        let sent = world.last(0);
        let text = |name: &str| Some(sent.headers().get(name)?.to_str().unwrap().to_owned());
        [headers::DEADLINE, headers::REQUEST_ID, headers::ACTOR, headers::EDGE].map(text)
    };
    let some = |text: &str| Some(text.to_owned());
    // What the context does not say is not said: a forged header does not get through.
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
async fn too_many_are_refused_at_once() {
    let world = World::of([Does::AnswersAfter(MILLI * 100)]);
    let policy =
        CallPolicy { running_requests_max: 2, queue_requests_max: 3, ..CallPolicy::default() };
    let transport = world.transport(policy);
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
async fn a_caller_who_leaves_gives_its_place_back() {
    let world = World::of([Does::Hangs]);
    let policy =
        CallPolicy { running_requests_max: 1, queue_requests_max: 0, ..CallPolicy::default() };
    let transport = world.transport(policy);
    for _ in 0..3 {
        let mut left = Box::pin(status(&transport, get()));
        assert!(poll!(&mut left).is_pending());
    }
    world.let_be(0, Does::Answers(200));
    assert!(matches!(status(&transport, get()).await, Ok(200)));
}

#[tokio::test(start_paused = true)]
async fn the_only_endpoint_is_left_alone_and_tried_again_after_the_pause() {
    let world = World::of([Does::Refuses]);
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    let transport = world.transport(policy);
    for call in 0..20 {
        assert!(is_unreachable(&status(&transport, get()).await));
        assert_eq!(world.hits(0), 5.min(call + 1));
    }
    tokio::time::advance(policy.breaker_pause).await;
    assert!(is_unreachable(&status(&transport, get()).await));
    assert!(is_unreachable(&status(&transport, get()).await));
    assert_eq!(world.hits(0), 6, "one probe, and a longer pause");

    world.let_be(0, Does::Answers(200));
    tokio::time::advance(policy.breaker_pause * 2).await;
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_quicker_endpoint_gets_more() {
    let world = World::of([Does::AnswersAfter(MILLI * 50), Does::AnswersAfter(MILLI * 5)]);
    let transport = world.transport(CallPolicy::default());
    for _ in 0..50 {
        let calls = join_all((0..4).map(|_| status(&transport, get()))).await;
        assert!(calls.iter().all(Result::is_ok));
    }
    assert!(world.hits(0) * 3 < world.hits(1), "{} {}", world.hits(0), world.hits(1));
    assert!(world.hits(0) > 0);
}

#[tokio::test(start_paused = true)]
async fn equal_endpoints_share_the_work() {
    let world = World::of([Does::AnswersAfter(MILLI); 4]);
    let transport = world.transport(CallPolicy::default());
    for _ in 0..100 {
        join_all((0..8).map(|_| status(&transport, get()))).await;
    }
    assert!((0..4).all(|index| (150..250).contains(&world.hits(index))));
}

#[tokio::test(start_paused = true)]
async fn endpoints_may_come_and_go() {
    let world = World::of([Does::Refuses, Does::Answers(200), Does::Answers(200)]);
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    let (announcer, transport) = world.updatable(vec![], policy);
    assert!(is_unreachable(&status(&transport, get()).await));

    announcer.update(vec![base(0)]);
    for _ in 0..10 {
        assert!(is_unreachable(&status(&transport, get()).await));
    }
    // What is known of an endpoint stays known: it is still left alone.
    announcer.update(vec![base(0), base(1)]);
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert_eq!((world.hits(0), world.hits(1)), (5, 10));

    announcer.update(vec![base(2)]);
    drop(announcer);
    for _ in 0..10 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert_eq!((world.hits(1), world.hits(2)), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_before_it_is_flushed() {
    let world = World::of([Does::Answers(200)]);
    let transport = world.transport(CallPolicy::default());
    let tail = Watermark::at(0);
    let ((), _touched) = durability::scope(async {
        durability::depend_on(&Commit::at(&tail, 3));
        let mut call = Box::pin(status(&transport, get()));
        for flushed in [0, 2] {
            tail.advance(flushed);
            assert!(poll!(&mut call).is_pending());
            assert_eq!(world.all_hits(), 0);
        }
        tail.advance(3);
        assert!(matches!(call.await, Ok(200)));

        durability::depend_on(&Commit::at(&tail, 4));
        tail.void();
        assert!(is_unreachable(&status(&transport, get()).await));
        assert_eq!(world.all_hits(), 1);
    })
    .await;
}
