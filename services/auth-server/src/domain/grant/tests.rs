//! Grants: redeeming, refreshing, revoking.

use super::*;
use identifiers::AccountId;
use kernel::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

fn authorized(challenge: Option<&str>) -> Grant {
    let authorization = Authorization {
        client: client("app"),
        account: AccountId(Uuid::from_u128(1)),
        session: "s".to_owned(),
        scopes: vec!["openid".to_owned()],
        redirect_uri: "https://app.example/back".to_owned(),
        authenticated_at: at(0),
        code_expires: at(60),
        code_challenge: challenge.map(ToOwned::to_owned),
        nonce: None,
    };
    let event = GrantEvent::Authorized { authorization, at: at(0) };
    Grant::apply(None, &event).unwrap()
}

fn with(grant: &Grant, events: &[GrantEvent]) -> Grant {
    let grant = Some(grant.clone());
    events.iter().fold(grant, Grant::apply).unwrap()
}

/// Result of a redemption that is right but for these.
fn redeem(
    grant: &Grant,
    change: impl Fn(&mut Redemption<'_>),
) -> Result<Vec<GrantEvent>, Rejection> {
    let app = client("app");
    let mut request = Redemption {
        client: &app,
        redirect_uri: Some("https://app.example/back"),
        challenge: Some("c"),
        at: at(1),
        family: Some((at(100), at(1_000))),
    };
    change(&mut request);
    grant.redeem(&request)
}

#[test]
fn a_code_is_redeemed_by_the_client_with_its_verifier_in_time() {
    let grant = authorized(Some("c"));
    let redeemed = redeem(&grant, |_| {}).unwrap();
    assert!(matches!(redeemed[..], [GrantEvent::Redeemed { idle_until: Some(_), .. }]));
    assert!(redeem(&grant, |it| it.redirect_uri = None).is_ok(), "the verifier binds it");
    let other = client("other");
    let invalid = Err(Rejection::GrantInvalid);
    assert_eq!(redeem(&grant, |it| it.at = at(60)), invalid);
    assert_eq!(redeem(&grant, |it| it.redirect_uri = Some("https://app.example/")), invalid);
    assert_eq!(redeem(&grant, |it| it.challenge = None), invalid);
    assert_eq!(redeem(&grant, |it| it.challenge = Some("d")), invalid);
    let request = Redemption {
        client: &other,
        redirect_uri: None,
        challenge: Some("c"),
        at: at(1),
        family: None,
    };
    assert_eq!(grant.redeem(&request), invalid);
}

#[test]
fn without_a_challenge_no_verifier_is_accepted_and_the_address_is_needed() {
    let grant = authorized(None);
    assert!(redeem(&grant, |it| it.challenge = None).is_ok());
    assert!(redeem(&grant, |_| {}).is_err(), "a verifier where there was no challenge");
    let without = redeem(&grant, |it| (it.challenge, it.redirect_uri) = (None, None));
    assert!(without.is_err());
}

#[test]
fn a_valid_replay_ends_the_grant_and_an_invalid_one_does_not() {
    let grant = authorized(Some("c"));
    let used = with(&grant, &redeem(&grant, |_| {}).unwrap());
    assert!(redeem(&used, |it| it.challenge = Some("d")).is_err(), "changes nothing");
    let replayed = redeem(&used, |it| it.at = at(500)).unwrap();
    let ended = with(&used, &replayed);
    assert!(ended.is_revoked);
    assert_eq!(redeem(&ended, |_| {}), Err(Rejection::GrantInvalid));
    assert_eq!(ended.active_family(&client("app"), at(2)), None);
}

#[test]
fn a_refresh_token_has_one_successor() {
    let grant = authorized(Some("c"));
    let grant = with(&grant, &redeem(&grant, |_| {}).unwrap());
    let app = client("app");
    let once = with(&grant, &grant.refresh(&app, 0, at(200), at(50)).unwrap());
    assert_eq!(once.family.unwrap().generation, 1);
    let again = once.refresh(&app, 0, at(200), at(59)).unwrap();
    assert!(again.is_empty(), "the same successor within the grace period");
    let late = with(&once, &once.refresh(&app, 0, at(200), at(60)).unwrap());
    assert!(late.is_revoked, "a replay after it");
    let twice = with(&once, &once.refresh(&app, 1, at(200), at(51)).unwrap());
    let grandparent = with(&twice, &twice.refresh(&app, 0, at(200), at(52)).unwrap());
    assert!(grandparent.is_revoked, "only the parent has a grace period");
    let invented = once.refresh(&app, 2, at(200), at(51));
    assert_eq!(invented, Err(Rejection::GrantInvalid));
}

#[test]
fn refresh_tokens_end_when_idle_and_in_any_case() {
    let grant = authorized(Some("c"));
    let grant = with(&grant, &redeem(&grant, |_| {}).unwrap());
    let app = client("app");
    assert_eq!(grant.refresh(&app, 0, at(200), at(100)), Err(Rejection::GrantInvalid), "idle");
    let refreshed = grant.refresh(&app, 0, at(5_000), at(99)).unwrap();
    let refreshed = with(&grant, &refreshed);
    assert_eq!(refreshed.family.unwrap().idle_until, at(1_000), "the end is inherited");
    assert_eq!(refreshed.refresh(&app, 1, at(9_999), at(1_000)), Err(Rejection::GrantInvalid));
    assert_eq!(grant.refresh(&client("x"), 0, at(200), at(1)), Err(Rejection::GrantInvalid));
    assert!(authorized(None).refresh(&app, 0, at(200), at(1)).is_err(), "no family");
}

#[test]
fn a_family_ends_after_its_last_refresh() {
    let (grant, app) = (authorized(Some("c")), client("app"));
    let grant = with(&grant, &redeem(&grant, |_| {}).unwrap());
    let refreshed = |generation| {
        let event = GrantEvent::Refreshed { generation, idle_until: at(100), at: at(2) };
        with(&grant, &[event])
    };
    let last_but_one = refreshed(GENERATIONS_MAX - 1);
    let refresh = |grant: &Grant, generation| grant.refresh(&app, generation, at(100), at(3));
    assert_eq!(refresh(&last_but_one, GENERATIONS_MAX - 1).unwrap().len(), 1);
    let until = |grant: &Grant, generation| grant.refreshable_until(&app, generation, at(3));
    assert_eq!(until(&last_but_one, GENERATIONS_MAX - 1), Some(at(100)));
    assert_eq!(until(&last_but_one, GENERATIONS_MAX - 2), None, "it was replaced");
    let last = refreshed(GENERATIONS_MAX);
    assert_eq!(refresh(&last, GENERATIONS_MAX), Err(Rejection::GrantInvalid));
    assert_eq!(until(&last, GENERATIONS_MAX), None);
    assert_eq!(refresh(&last, GENERATIONS_MAX - 1), Ok(Vec::new()), "an answer that got lost");
}

#[test]
fn a_grant_is_revoked_once() {
    let grant = authorized(None);
    let revoked = with(&grant, &grant.revoke(RevocationReason::Client, at(5)));
    assert!(revoked.is_revoked);
    assert!(revoked.revoke(RevocationReason::Client, at(6)).is_empty());
}
