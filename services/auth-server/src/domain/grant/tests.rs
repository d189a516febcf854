//! Grants: redeeming, refreshing, revoking.

use super::*;
use crate::domain::events::AuthorizationExtensions;
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
        extensions: AuthorizationExtensions::default(),
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
        dpop_key: None,
        certificate: None,
        binds_refresh_tokens: true,
        is_poll: false,
    };
    change(&mut request);
    grant.redeem(&request)
}

/// Result of the use of a refresh token without a key.
fn refresh(
    grant: &Grant,
    client: &ClientId,
    generation: u32,
    idle_until: Timestamp,
    at: Timestamp,
) -> Result<Vec<GrantEvent>, Rejection> {
    grant.refresh(&Refreshment {
        client,
        generation,
        idle_until,
        dpop_key: None,
        certificate: None,
        rotates: true,
        at,
    })
}

#[test]
fn a_device_that_asks_again_for_what_it_was_given_is_refused_and_ends_nothing() {
    let grant = authorized(Some("c"));
    let redeemed = with(&grant, &redeem(&grant, |it| it.is_poll = true).unwrap());
    assert!(redeemed.is_redeemed);
    assert_eq!(redeem(&redeemed, |it| it.is_poll = true), Err(Rejection::GrantInvalid));
    let replayed = with(&redeemed, &redeem(&redeemed, |_| {}).unwrap());
    assert!(replayed.is_revoked, "a code that a browser took along was stolen");
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
        dpop_key: None,
        certificate: None,
        binds_refresh_tokens: true,
        is_poll: false,
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
    let once = with(&grant, &refresh(&grant, &app, 0, at(200), at(50)).unwrap());
    assert_eq!(once.family.unwrap().generation, 1);
    let again = refresh(&once, &app, 0, at(200), at(59)).unwrap();
    assert!(again.is_empty(), "the same successor within the grace period");
    let late = with(&once, &refresh(&once, &app, 0, at(200), at(60)).unwrap());
    assert!(late.is_revoked, "a replay after it");
    let twice = with(&once, &refresh(&once, &app, 1, at(200), at(51)).unwrap());
    let grandparent = with(&twice, &refresh(&twice, &app, 0, at(200), at(52)).unwrap());
    assert!(grandparent.is_revoked, "only the parent has a grace period");
    let invented = refresh(&once, &app, 2, at(200), at(51));
    assert_eq!(invented, Err(Rejection::GrantInvalid));
}

#[test]
fn refresh_tokens_end_when_idle_and_in_any_case() {
    let grant = authorized(Some("c"));
    let grant = with(&grant, &redeem(&grant, |_| {}).unwrap());
    let app = client("app");
    assert_eq!(refresh(&grant, &app, 0, at(200), at(100)), Err(Rejection::GrantInvalid), "idle");
    let refreshed = refresh(&grant, &app, 0, at(5_000), at(99)).unwrap();
    let refreshed = with(&grant, &refreshed);
    assert_eq!(refreshed.family.unwrap().idle_until, at(1_000), "the end is inherited");
    assert_eq!(refresh(&refreshed, &app, 1, at(9_999), at(1_000)), Err(Rejection::GrantInvalid));
    assert_eq!(refresh(&grant, &client("x"), 0, at(200), at(1)), Err(Rejection::GrantInvalid));
    assert!(refresh(&authorized(None), &app, 0, at(200), at(1)).is_err(), "no family");
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
    let refresh = |grant: &Grant, generation| refresh(grant, &app, generation, at(100), at(3));
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

#[test]
fn a_code_that_is_bound_to_a_key_is_redeemed_with_its_proof_alone() {
    let mut grant = authorized(Some("c"));
    grant.authorization.extensions.dpop_key = Some("key".to_owned());
    assert!(redeem(&grant, |it| it.dpop_key = Some("key")).is_ok());
    for wrong in [None, Some("other")] {
        let refused = redeem(&grant, |it| it.dpop_key = wrong);
        assert_eq!(refused, Err(Rejection::GrantInvalid), "{wrong:?}");
    }
}

#[test]
fn refresh_tokens_of_a_public_client_are_bound_to_the_key_that_redeemed_the_code() {
    let grant = authorized(Some("c"));
    let with_key = |binds| {
        let redeemed = redeem(&grant, |it| {
            (it.dpop_key, it.binds_refresh_tokens) = (Some("key"), binds);
        });
        with(&grant, &redeemed.unwrap())
    };
    let app = client("app");
    let refreshed = |grant: &Grant, dpop_key, generation| {
        let request = Refreshment {
            client: &app,
            generation,
            idle_until: at(200),
            dpop_key,
            certificate: None,
            rotates: true,
            at: at(50),
        };
        grant.refresh(&request)
    };
    let bound = with_key(true);
    assert!(refreshed(&bound, Some("key"), 0).is_ok());
    for wrong in [None, Some("other")] {
        assert_eq!(refreshed(&bound, wrong, 0), Err(Rejection::GrantInvalid), "{wrong:?}");
    }
    let next = with(&bound, &refreshed(&bound, Some("key"), 0).unwrap());
    assert_eq!(refreshed(&next, Some("other"), 1), Err(Rejection::GrantInvalid), "still bound");
    assert!(refreshed(&with_key(false), None, 0).is_ok(), "it proves itself otherwise");
}

#[test]
fn refresh_tokens_of_a_public_client_are_bound_to_the_certificate_that_redeemed_the_code() {
    let grant = authorized(Some("c"));
    let redeemed = redeem(&grant, |it| it.certificate = Some("certificate")).unwrap();
    let (bound, app) = (with(&grant, &redeemed), client("app"));
    let refreshed = |certificate| {
        bound.refresh(&Refreshment {
            client: &app,
            generation: 0,
            idle_until: at(200),
            dpop_key: None,
            certificate,
            rotates: true,
            at: at(50),
        })
    };
    assert!(refreshed(Some("certificate")).is_ok());
    for wrong in [None, Some("other")] {
        assert_eq!(refreshed(wrong), Err(Rejection::GrantInvalid), "{wrong:?}");
    }
}

#[test]
fn where_refresh_tokens_are_kept_one_stays_good_until_it_is_idle() {
    let grant = authorized(Some("c"));
    let grant = with(&grant, &redeem(&grant, |_| {}).unwrap());
    let app = client("app");
    let refreshed = |grant: &Grant, idle_until, now| {
        let request = Refreshment {
            client: &app,
            generation: 0,
            idle_until: at(idle_until),
            dpop_key: None,
            certificate: None,
            rotates: false,
            at: at(now),
        };
        grant.refresh(&request)
    };
    assert_eq!(refreshed(&grant, 100 + 3_599, 50), Ok(Vec::new()), "noted from time to time");
    let mut long = grant;
    long.family.as_mut().unwrap().refreshable_until = at(1_000_000);
    let noted = with(&long, &refreshed(&long, 100 + 3_600, 50).unwrap());
    let family = noted.family.unwrap();
    assert_eq!((family.generation, family.idle_until), (0, at(3_700)));
    assert!(refreshed(&noted, 10_000, 3_699).is_ok());
    assert_eq!(refreshed(&noted, 10_000, 3_700), Err(Rejection::GrantInvalid));
}
