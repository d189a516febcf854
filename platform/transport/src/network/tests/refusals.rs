//! Tests of what a service answers itself, for the moment or for good: none of it opens a circuit breaker.

use super::{
    EndpointBehaviour, TestEndpoints, get, is_late, is_unreachable, keyed_post, request, status,
};
use crate::CallPolicy;
use http::Method;
use telemetry::Metrics;

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_asks_for_time_is_not_cut_off() {
    let cluster = TestEndpoints::of([EndpointBehaviour::AsksForTime]);
    let transport = cluster.transport(CallPolicy::default());
    for _ in 0..50 {
        assert!(matches!(status(&transport, request(Method::POST)).await, Ok(503)));
    }
    assert_eq!(cluster.all_hits(), 50);
    cluster.set_behaviour(0, EndpointBehaviour::Answers(200));
    assert!(matches!(status(&transport, get()).await, Ok(200)));
    // Failures between its answers are not in a row.
    for _ in 0..20 {
        cluster.set_behaviour(0, EndpointBehaviour::Refuses);
        assert!(is_unreachable(&status(&transport, request(Method::POST)).await));
        cluster.set_behaviour(0, EndpointBehaviour::AsksForTime);
        assert!(matches!(status(&transport, request(Method::POST)).await, Ok(503)));
    }
    assert_eq!(cluster.all_hits(), 91);
}

#[tokio::test(start_paused = true)]
async fn the_metric_counts_the_breaker_of_an_endpoint_that_is_cut_off_and_none_for_a_503_of_its_own()
 {
    use EndpointBehaviour::{AsksForTime, Hangs, RefusesForGood, StandsBy};
    let endpoints = TestEndpoints::of([AsksForTime]);
    let metrics = Metrics::new();
    let transport = endpoints.measured(endpoints.bases().into(), CallPolicy::default(), &metrics);
    let opened = |count: u32| {
        let line = format!("http_client_breaker_opened_total{{service=\"things\"}} {count}");
        metrics.encode().lines().any(|it| it == line)
    };
    for refusal in [AsksForTime, RefusesForGood, StandsBy] {
        endpoints.set_behaviour(0, refusal);
        for _ in 0..50 {
            assert!(matches!(status(&transport, request(Method::POST)).await, Ok(503)));
        }
        assert!(opened(0), "{refusal:?}: {}", metrics.encode());
    }
    endpoints.set_behaviour(0, Hangs);
    for _ in 0..5 {
        assert!(is_late(&status(&transport, request(Method::POST)).await));
    }
    assert!(opened(1), "{}", metrics.encode());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_is_an_answer_and_is_not_asked_for_again() {
    let endpoints = TestEndpoints::of([EndpointBehaviour::RefusesForGood; 2]);
    let transport = endpoints.transport(CallPolicy::default());
    for _ in 0..20 {
        assert!(matches!(status(&transport, keyed_post()).await, Ok(503)));
    }
    assert_eq!(endpoints.all_hits(), 20);
}

#[tokio::test(start_paused = true)]
async fn another_endpoint_is_asked_where_one_asks_for_time() {
    let cluster =
        TestEndpoints::of([EndpointBehaviour::AsksForTime, EndpointBehaviour::Answers(200)]);
    let transport = cluster.transport(CallPolicy::default());
    for _ in 0..50 {
        assert!(matches!(status(&transport, get()).await, Ok(200)));
    }
    assert!(cluster.hits(0) < 10, "it looks slow: {}", cluster.hits(0));
}
