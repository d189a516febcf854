//! Contract suite, run three ways: typed, over the wire in process, and over the network.

use crate::fixture::{AuditFixture, activity, batch};
use contracts::{
    audit::{self, ACTIVITIES_MAX, Activity, ActivityBatch, Audit},
    shared::ActivityId,
};
use kernel::Uuid;
use rpc::{CallError, Contract};
use serde_json::json;
use transport::chaos;

/// What the audit service promises, whichever way it is called.
async fn keeps_its_contract(fixture: &AuditFixture, audit: &dyn Audit) {
    let seen = activity(1, "guest", "product.viewed", "product:lamp");
    let bought = activity(2, "guest", "cart.line_added", "shelf:1");
    audit.record(batch(vec![seen.clone()], 3)).await.unwrap();
    audit.record(batch(vec![seen.clone(), bought.clone(), seen.clone()], 0)).await.unwrap();
    let page = fixture.page("").await;
    assert_eq!(page.items, [bought, seen.clone()], "newest first, each once");
    assert_eq!((page.lost, page.next_cursor), (3, None));

    let many = |count: usize| {
        let activities =
            (1_000..).map(|id| Activity { id: ActivityId(Uuid::from_u128(id)), ..seen.clone() });
        batch(activities.take(count).collect(), 0)
    };
    let anonymous = Activity { actor: String::new(), ..seen.clone() };
    let endless = Activity { subject: "x".repeat(301), ..seen.clone() };
    let mut talkative = seen.clone();
    talkative.details.insert("text".to_owned(), json!("x".repeat(40_000)));
    for (refused, field) in [
        (many(ACTIVITIES_MAX + 1), "activities"),
        (batch(vec![seen.clone(), anonymous], 0), "activities[1].actor"),
        (batch(vec![endless], 0), "activities[0].subject"),
        (batch(vec![talkative], 0), "activities[0].details"),
        (ActivityBatch { source: String::new(), ..many(1) }, "source"),
    ] {
        let Err(CallError::Problem(problem)) = audit.record(refused).await else {
            panic!("{field}")
        };
        assert_eq!((problem.status, &*problem.errors[0].field), (422, field));
    }
    assert_eq!(fixture.all("", 200).await.len(), 2, "nothing of a refused batch is stored");
    audit.record(many(ACTIVITIES_MAX)).await.unwrap();
    assert_eq!(fixture.all("actor=guest", 200).await.len(), ACTIVITIES_MAX + 2);
}

#[tokio::test]
async fn typed() {
    let fixture = AuditFixture::start().await;
    keeps_its_contract(&fixture, &*fixture.audit).await;
}

#[tokio::test]
async fn over_the_wire_in_process() {
    let fixture = AuditFixture::start().await;
    keeps_its_contract(&fixture, &*<dyn Audit as Contract>::client(fixture.channel())).await;
    let misspelt = json!({ "batch": { "source": "x", "activities": [], "lost": 0, "lots": 1 } });
    let path = rpc::call_path(audit::SERVICE, "record");
    let refused = fixture.client().post(path).json(&misspelt).send::<()>().await;
    assert!(matches!(refused, Err(CallError::Problem(problem)) if problem.status == 422));
}

#[tokio::test]
async fn a_batch_arrives_at_most_once_on_a_bad_day() {
    for seed in 0..6 {
        let fixture = AuditFixture::start().await;
        let audit = <dyn Audit as Contract>::client(chaos(fixture.channel(), seed));
        let (mut least, mut most) = (0, 0);
        for number in 0..40 {
            // Without activities there is nothing by which a second arrival could be recognised.
            let arrived = audit.record(batch(Vec::new(), 1)).await;
            most += 1;
            match arrived {
                Ok(()) => least += 1,
                Err(CallError::Unavailable { .. }) => {}
                Err(error) => panic!("batch {number}: {error}"),
            }
        }
        let lost = fixture.page("").await.lost;
        assert!((least..=most).contains(&lost), "seed {seed}: {least} <= {lost} <= {most}");
    }
}

#[tokio::test]
async fn over_the_network() {
    let fixture = AuditFixture::start().await;
    keeps_its_contract(&fixture, &*fixture.over_network::<dyn Audit>().await).await;
}
