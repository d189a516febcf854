//! Activity search: filters, time spans and pagination.

use crate::fixture::{AuditFixture, activity, batch};
use contracts::audit::Activity;
use kernel::codes;
use rpc::CallError;

async fn record(fixture: &AuditFixture, activities: Vec<Activity>) {
    fixture.audit.record(batch(activities, 0)).await.unwrap();
}

fn numbers(activities: &[Activity]) -> Vec<u128> {
    activities.iter().map(|activity| activity.id.0.as_u128() - 1).collect()
}

/// 120 activities of three actors, two actions, five subjects.
async fn populated() -> (AuditFixture, Vec<Activity>) {
    let fixture = AuditFixture::start().await;
    let activities: Vec<_> = (0..120)
        .map(|number| {
            let actor = ["visitor:1", "visitor:2", "operator:ann"][number as usize % 3];
            let action = ["product.viewed", "product.searched"][number as usize % 2];
            activity(number, actor, action, &format!("product:{}", number % 5))
        })
        .collect();
    record(&fixture, activities.clone()).await;
    (fixture, activities)
}

#[tokio::test]
async fn every_filter_finds_what_a_full_scan_finds() {
    let (fixture, mut activities) = populated().await;
    activities.reverse();
    for actor in [None, Some("visitor:2"), Some("nobody")] {
        for action in [None, Some("product.viewed")] {
            for subject in [None, Some("product:3")] {
                let filters = [("actor", actor), ("action", action), ("subject", subject)];
                let query: Vec<String> = filters
                    .iter()
                    .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)))
                    .collect();
                let expected: Vec<_> = activities
                    .iter()
                    .filter(|it| actor.is_none_or(|actor| it.actor == actor))
                    .filter(|it| action.is_none_or(|action| it.action == action))
                    .filter(|it| subject.is_none_or(|subject| it.subject == subject))
                    .cloned()
                    .collect();
                for limit in [1, 7, 200] {
                    assert_eq!(
                        fixture.all(&query.join("&"), limit).await,
                        expected,
                        "{query:?} {limit}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_time_span_includes_its_start_and_excludes_its_end() {
    let (fixture, _) = populated().await;
    let span = "from=2026-05-01T00:10:00Z&to=2026-05-01T00:13:00Z";
    assert_eq!(numbers(&fixture.page(span).await.items), [12, 11, 10]);
    let of_actor = format!("{span}&actor=visitor:1");
    assert_eq!(numbers(&fixture.page(&of_actor).await.items), [12]);
    // Timestamps may have a UTC offset.
    let elsewhere = "from=2026-05-01T02:10:00%2B02:00&to=2026-05-01T00:11:00Z";
    assert_eq!(numbers(&fixture.page(elsewhere).await.items), [10]);
    assert_eq!(fixture.page("from=2030-01-01T00:00:00Z").await.items, []);
}

#[tokio::test]
async fn pagination_is_stable_while_activities_are_recorded() {
    let (fixture, _) = populated().await;
    let first = fixture.page("limit=50").await;
    record(&fixture, (200..240).map(|number| activity(number, "visitor:9", "x", "y")).collect())
        .await;
    let cursor = first.next_cursor.unwrap();
    let second = fixture.page(&format!("limit=70&cursor={cursor}")).await;
    let seen: Vec<_> = [numbers(&first.items), numbers(&second.items)].concat();
    assert_eq!(seen, (0..120).rev().collect::<Vec<_>>());
    assert_eq!(second.next_cursor, None);
    assert_eq!(numbers(&fixture.page("limit=1").await.items), [239]);
}

#[tokio::test]
async fn activities_of_one_instant_are_all_found() {
    let fixture = AuditFixture::start().await;
    let moment = activity(0, "guest", "product.viewed", "product:lamp");
    let activities =
        (0..45).map(|number| Activity { at: moment.at, ..activity(number, "guest", "a", "b") });
    record(&fixture, activities.collect()).await;
    let mut found = numbers(&fixture.all("actor=guest", 10).await);
    found.sort_unstable();
    assert_eq!(found, (0..45).collect::<Vec<_>>());
}

/// Names so many that some Bloom filters give false positives, and several chunks per second.
#[tokio::test]
async fn nothing_is_missed_or_found_twice_across_many_chunks() {
    let fixture = AuditFixture::start().await;
    let moment = activity(0, "guest", "a", "b").at;
    let mut all = Vec::new();
    for batch in 0..40_u32 {
        let activities: Vec<_> = (0..50)
            .map(|number| {
                let number = batch * 50 + number;
                // Batches overlap in time, and go backwards within themselves.
                let micros = u64::from((number * 7_919) % 5_000) * 1_000;
                let at = moment.checked_add(std::time::Duration::from_micros(micros)).unwrap();
                let subject = format!("s{}", number % 97);
                Activity { at, ..activity(number, &format!("a{}", number % 89), "x", &subject) }
            })
            .collect();
        record(&fixture, activities.clone()).await;
        if batch % 8 == 0 {
            // Sent again with other batch boundaries.
            record(&fixture, activities[10..30].to_vec()).await;
        }
        all.extend(activities);
    }
    all.sort_by_key(|activity| std::cmp::Reverse((activity.at, activity.id)));
    assert_eq!(fixture.all("", 200).await, all);
    for (name, value) in [("actor", "a3"), ("actor", "a88"), ("subject", "s96"), ("subject", "s1")]
    {
        let expected: Vec<_> = all
            .iter()
            .filter(|it| if name == "actor" { it.actor == value } else { it.subject == value })
            .cloned()
            .collect();
        for limit in [1, 3, 200] {
            assert_eq!(fixture.all(&format!("{name}={value}"), limit).await, expected, "{value}");
        }
    }
}

#[tokio::test]
async fn invalid_parameters_are_rejected_by_name() {
    let (fixture, _) = populated().await;
    let of_actor = fixture.page("limit=1&actor=visitor:1").await.next_cursor.unwrap();
    for (query, parameter, code) in [
        ("from=yesterday", "from", codes::INVALID_QUERY),
        ("to=2026-13-01T00:00:00Z", "to", codes::INVALID_QUERY),
        ("from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z", "to", codes::INVALID_QUERY),
        ("limit=0", "limit", codes::INVALID_QUERY),
        ("limit=201", "limit", codes::INVALID_QUERY),
        ("limit=ten", "limit", codes::INVALID_QUERY),
        ("cursor=abc", "cursor", codes::INVALID_CURSOR),
        (&format!("actor=visitor:2&cursor={of_actor}"), "cursor", codes::INVALID_CURSOR),
    ] {
        let Err(CallError::Problem(problem)) = fixture.try_page(query).await else {
            panic!("{query}")
        };
        assert_eq!((problem.status, &problem.code), (400, &code), "{query}");
        assert_eq!(problem.errors[0].field, parameter, "{query}");
    }
    let Err(CallError::Problem(problem)) = fixture.try_page("actr=x").await else { panic!() };
    assert_eq!((problem.status, problem.code), (400, codes::INVALID_QUERY));
    // Forms send empty fields as well.
    assert_eq!(
        fixture.page("actor=&action=&subject=&from=&to=&limit=&cursor=").await.items.len(),
        20
    );
}

#[tokio::test]
async fn what_is_reported_and_what_is_read_from_feeds_is_one_list() {
    let fixture = AuditFixture::start().await;
    let id = kernel::Uuid::from_u128(7);
    for number in 0..9 {
        let change = format!("change_{number}");
        let data = serde_json::json!({ "type": "cart_changed", "cart_id": id, "change": change, "sku": null, "quantity": null });
        fixture.publish("shopping-cart-service", "c", data).await;
    }
    let of_feed = fixture.wait_for_count(9).await;
    // Reported in the second of the events, and in those around it.
    let seconds = [-2, -1, 0, 0, 1, 2];
    let reported = seconds.iter().enumerate().map(|(number, second)| Activity {
        at: kernel::Timestamp::from_second(of_feed[0].at.as_second() + second).unwrap(),
        ..activity(u32::try_from(number).unwrap(), "visitor:1", "product.viewed", "product:1")
    });
    let reported: Vec<_> = reported.collect();
    record(&fixture, reported.clone()).await;
    let mut expected = [of_feed, reported].concat();
    expected.sort_by_key(|activity| std::cmp::Reverse((activity.at, activity.id)));
    for limit in [1, 2, 4, 200] {
        assert_eq!(fixture.all("", limit).await, expected, "{limit}");
    }
    assert_eq!(fixture.all("action=product.viewed", 4).await.len(), 6);
    assert_eq!(fixture.all("action=cart.change_3", 4).await.len(), 1);
}
