//! Delayed outcomes: by the customer, by reconciliation, by webhook.

use crate::{SECRET, TestService, eur, order_id, payment_id};
use contracts::payment::{
    ActionOutcome, PaymentAction, PaymentState, SIGNATURE_HEADER, Webhook, WebhookOutcome,
};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use std::{fmt::Write, time::Duration};
use testkit::{code, on_edge, problem};
use tokio::time::Instant;
use transport::{CallError, Context, Edge};

const APPROVE: PaymentAction = PaymentAction { outcome: ActionOutcome::Approve };
const DECLINE: PaymentAction = PaymentAction { outcome: ActionOutcome::Decline };

fn signature(body: &[u8], secret: &str) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    let mut header = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(header, "{byte:02x}").unwrap();
    }
    header
}

impl TestService {
    async fn webhook(
        &self,
        number: u128,
        event_id: &str,
        outcome: WebhookOutcome,
    ) -> Result<(), CallError> {
        let event_id = event_id.to_owned();
        let webhook = Webhook { event_id, payment_id: payment_id(number), outcome };
        let body = serde_json::to_vec(&webhook).unwrap();
        let post = self.client().post("/api/v1/webhooks/payments/test").json(&webhook);
        post.header(SIGNATURE_HEADER, signature(&body, SECRET)).send().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_bank_answers_later_and_a_call_past_its_deadline_leaves_nothing_behind() {
    let service = TestService::start().await;
    let deadline = Some(Instant::now() + Duration::from_secs(1));
    let context = Context { deadline, ..Context::default() };
    let answer = context.scope(service.authorise(1, "slow")).await;
    assert_eq!(code(answer), "deadline_exceeded");
    assert_eq!(service.events(1).await, Vec::<String>::new());
    let before = Instant::now();
    assert_eq!(service.authorise(1, "slow").await.unwrap().state, PaymentState::Authorised);
    assert_eq!(before.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn a_customer_approves_or_declines() {
    let service = TestService::start().await;
    let client = service.api();
    for (number, action, state) in
        [(1, APPROVE, PaymentState::Authorised), (2, DECLINE, PaymentState::Failed)]
    {
        let payment = service.authorise(number, "requires_action").await.unwrap();
        assert_eq!(payment.state, PaymentState::RequiresAction);
        let url = format!("/payments/{}/action", payment_id(number));
        assert_eq!(payment.action_url.as_deref(), Some(url.as_str()));
        let captured = service.capture(number, "c", None).await;
        assert_eq!(code(captured), "not_authorised");

        let act = || async { client.complete_action(payment_id(number), &action).await };
        assert_eq!(on_edge(Edge::Shop, act()).await.unwrap().state, state);
        assert_eq!(act().await.unwrap().state, state, "twice is no error");
        assert_eq!(client.payment(payment_id(number)).await.unwrap().action_url, None);
    }
    assert_eq!(code(client.complete_action(payment_id(1), &DECLINE).await), "already_authorised");
    assert_eq!(code(client.complete_action(payment_id(2), &APPROVE).await), "payment_ended");
    assert_eq!(code(client.complete_action(payment_id(3), &APPROVE).await), "not_found");
    service.authorise(4, "requires_action").await.unwrap();
    service.cancel(4).await.unwrap();
    assert_eq!(code(client.complete_action(payment_id(4), &APPROVE).await), "payment_ended");
    assert_eq!(service.state(4).await, PaymentState::Voided);
}

#[tokio::test]
async fn shoppers_see_a_summary_and_operators_the_whole_payment() {
    let service = TestService::start().await;
    service.authorise(1, "requires_action").await.unwrap();
    let path = format!("/api/v1/payments/{}", payment_id(1));
    let shown = on_edge(Edge::Shop, service.client().get(&path).send::<Value>()).await.unwrap();
    let url = format!("/payments/{}/action", payment_id(1));
    let expected = json!({"id": payment_id(1), "state": "requires_action", "amount": eur(10_000), "action_url": url});
    assert_eq!(shown, expected);
    let whole = on_edge(Edge::Operator, service.client().get(&path).send::<Value>()).await.unwrap();
    assert_eq!(whole["order_id"], json!(order_id(1)));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_reconciled_also_after_a_restart() {
    let service = TestService::start().await;
    for number in [1, 2] {
        let payment = service.authorise(number, "unknown_outcome").await.unwrap();
        assert_eq!(payment.state, PaymentState::Unknown);
    }
    assert_eq!(code(service.capture(1, "c", None).await), "outcome_unknown");
    // The order is cancelled meanwhile.
    service.cancel(2).await.unwrap();
    service.advance(1).await;
    assert_eq!(service.state(1).await, PaymentState::Unknown);

    let restarted = service.restarted().await;
    assert_eq!(restarted.state(1).await, PaymentState::Unknown);
    restarted.advance(10).await;
    assert_eq!(restarted.state(1).await, PaymentState::Authorised);
    assert_eq!(restarted.state(2).await, PaymentState::Voided);
    assert_eq!(
        restarted.events(2).await[2..],
        ["cancellation_asked", "authorised_too_late", "voided"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_known_as_soon_after_the_clock_was_set_back() {
    let service = TestService::start().await;
    let payment = service.authorise(1, "unknown_outcome").await.unwrap();
    assert_eq!(payment.state, PaymentState::Unknown);
    service.clock.set("2025-12-31T19:00:00Z".parse().unwrap());
    service.advance(10).await;
    assert_eq!(service.state(1).await, PaymentState::Authorised);
}

#[tokio::test(start_paused = true)]
async fn a_late_webhook_is_delivered_twice_and_counts_once() {
    let service = TestService::start().await;
    assert_eq!(service.authorise(1, "late_webhook").await.unwrap().state, PaymentState::Unknown);
    service.advance(2).await;
    assert_eq!(service.state(1).await, PaymentState::Unknown);
    service.advance(2).await;
    assert_eq!(
        service.events(1).await,
        ["created", "outcome_unknown", "message_taken", "authorised"]
    );
    assert_eq!(service.feed_states().await, [PaymentState::Unknown, PaymentState::Authorised]);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_lost_in_a_restart_is_sent_again() {
    let service = TestService::start().await;
    service.authorise(1, "late_webhook").await.unwrap();
    let restarted = service.restarted().await;
    assert_eq!(restarted.state(1).await, PaymentState::Unknown);
    restarted.advance(10).await;
    assert_eq!(restarted.state(1).await, PaymentState::Authorised);
}

#[tokio::test]
async fn webhooks_of_a_cancelled_payment_only_void_it() {
    let service = TestService::start().await;
    service.authorise(1, "late_webhook").await.unwrap();
    service.cancel(1).await.unwrap();
    for _ in 0..2 {
        service.webhook(1, "m1", WebhookOutcome::Authorised).await.unwrap();
    }
    service.webhook(1, "m2", WebhookOutcome::Authorised).await.unwrap();
    assert_eq!(service.state(1).await, PaymentState::Voided);
    let voided = service.events(1).await.iter().filter(|name| *name == "voided").count();
    assert_eq!(voided, 1);
}

#[tokio::test]
async fn a_webhook_that_contradicts_the_known_outcome_is_refused() {
    let service = TestService::start().await;
    service.authorise(1, "success").await.unwrap();
    assert_eq!(
        code(service.webhook(1, "m1", WebhookOutcome::Declined).await),
        "already_authorised"
    );
    assert_eq!(code(service.webhook(9, "m1", WebhookOutcome::Declined).await), "not_found");
    service.authorise(2, "late_webhook").await.unwrap();
    service.webhook(2, "m1", WebhookOutcome::Declined).await.unwrap();
    let failed = service.api().payment(payment_id(2)).await.unwrap();
    assert_eq!((failed.state, failed.failure.as_deref()), (PaymentState::Failed, Some("declined")));
}

#[tokio::test]
async fn a_webhook_without_a_valid_signature_is_refused() {
    let service = TestService::start().await;
    service.authorise(1, "late_webhook").await.unwrap();
    let event_id = "m1".to_owned();
    let outcome = WebhookOutcome::Authorised;
    let webhook = Webhook { event_id, payment_id: payment_id(1), outcome };
    let body = serde_json::to_vec(&webhook).unwrap();
    let post = || service.client().post("/api/v1/webhooks/payments/test").json(&webhook);
    assert_eq!(code(post().send::<()>().await), "wrong_signature");
    for wrong in [signature(&body, "guessed"), signature(b"{}", SECRET), "sha256=00".to_owned()] {
        let problem = problem(post().header(SIGNATURE_HEADER, wrong).send::<()>().await);
        assert_eq!((problem.status, problem.code.as_str()), (401, "wrong_signature"));
    }
    assert_eq!(service.state(1).await, PaymentState::Unknown);
    let broken = json!({"event_id": "m1", "payment_id": "nobody", "outcome": "authorised"});
    let signed = signature(&serde_json::to_vec(&broken).unwrap(), SECRET);
    let post = service.client().post("/api/v1/webhooks/payments/test").json(&broken);
    let problem = problem(post.header(SIGNATURE_HEADER, signed).send::<()>().await);
    assert_eq!((problem.status, &*problem.errors[0].field), (422, "payment_id"));
}

#[tokio::test(start_paused = true)]
async fn an_authorisation_that_arrives_after_the_cancellation_is_voided() {
    let service = TestService::start().await;
    let authorise = service.authorise(1, "slow");
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        service.cancel(1).await
    };
    let (answer, cancelled) = tokio::join!(authorise, cancel);
    cancelled.unwrap();
    assert_eq!(code(answer), "payment_ended");
}
