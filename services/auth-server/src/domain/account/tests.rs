//! Given, when, then of accounts.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn account(events: &[AccountEvent]) -> Account {
    let created = AccountEvent::Created { role: None, at: at(0) };
    let account = Account::apply(None, &created);
    events.iter().fold(account, |account, event| Account::apply(Some(account), event))
}

#[test]
fn an_account_is_created_once() {
    let created = Account::create(None, Some(Role::Admin), at(1)).unwrap();
    assert_eq!(created, [AccountEvent::Created { role: Some(Role::Admin), at: at(1) }]);
    assert_eq!(Account::create(Some(&account(&[])), None, at(1)), Err(Rejection::AccountExists));
}

#[test]
fn a_link_is_used_once_before_it_expires_and_only_the_newest_counts() {
    let first = account(&account(&[]).offer_set_up(at(100), at(1)));
    assert_eq!(first.check_offer(1, at(99)), Ok(()));
    assert_eq!(first.check_offer(1, at(100)), Err(Rejection::OfferInvalid), "expired");
    assert_eq!(first.check_offer(2, at(2)), Err(Rejection::OfferInvalid), "never made");
    let offered = first.offer_set_up(at(200), at(2));
    let second = Account::apply(Some(first), &offered[0]);
    assert_eq!(second.set_up(1, at(3)), Err(Rejection::OfferInvalid), "voided by the second");
    let set = second.set_up(2, at(3)).unwrap();
    let used = set.iter().fold(second, |it, event| Account::apply(Some(it), event));
    assert!(used.is_set_up);
    assert_eq!(used.set_up(2, at(4)), Err(Rejection::OfferInvalid), "used");
}

#[test]
fn a_password_or_a_disabled_account_ends_what_began_before() {
    let changed = account(&[AccountEvent::PasswordSet { at: at(10) }]);
    assert!(changed.is_set_up && !changed.admits(at(9)) && changed.admits(at(10)));
    let disabled = account(&changed.disable(at(20)));
    assert!(!disabled.admits(at(30)));
    assert!(disabled.disable(at(21)).is_empty(), "again");
    let enabled = Account::apply(Some(disabled.clone()), &disabled.enable(at(40))[0]);
    assert!(enabled.admits(at(41)) && !enabled.admits(at(15)));
    assert!(!enabled.is_set_up, "a new password is needed");
    assert!(enabled.enable(at(50)).is_empty(), "again");
}

#[test]
fn a_disabled_account_neither_consents_nor_takes_its_link() {
    let offered = account(&account(&[]).offer_set_up(at(100), at(1)));
    let disabled = Account::apply(Some(offered.clone()), &offered.disable(at(2))[0]);
    assert_eq!(disabled.set_up(1, at(3)), Err(Rejection::OfferInvalid));
    let client = ClientId::parse("app").unwrap();
    assert_eq!(disabled.consent(&client, at(0), &[], at(3)), Err(Rejection::AccountDisabled));
}

#[test]
fn a_new_scope_asks_for_consent_again() {
    let (client, other) = (ClientId::parse("app").unwrap(), ClientId::parse("b").unwrap());
    let scopes = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let consent = |account: &Account, names: &[&str], second| {
        account.consent(&client, at(0), &scopes(names), at(second))
    };
    let given = account(&consent(&account(&[]), &["openid"], 1).unwrap());
    let has = |account: &Account, client, names: &[&str]| {
        account.has_consented(client, at(0), &scopes(names))
    };
    assert!(has(&given, &client, &["openid"]) && has(&given, &client, &[]));
    assert!(!has(&given, &client, &["openid", "email"]));
    assert!(!has(&given, &other, &["openid"]) && !has(&given, &other, &[]));
    assert_eq!(consent(&given, &["openid"], 2), Ok(Vec::new()), "again");
    let more = consent(&given, &["email"], 2).unwrap();
    let more = Account::apply(Some(given), &more[0]);
    assert!(has(&more, &client, &["openid", "email"]));
}

#[test]
fn a_consent_ends_with_the_registration_of_its_client() {
    let (client, scopes) = (ClientId::parse("app").unwrap(), ["openid".to_owned()]);
    let given = account(&account(&[]).consent(&client, at(0), &scopes, at(5)).unwrap());
    assert!(given.has_consented(&client, at(5), &scopes));
    assert!(!given.has_consented(&client, at(6), &scopes), "another client of the same name");
    let again = given.consent(&client, at(6), &scopes, at(7)).unwrap();
    let again = Account::apply(Some(given), &again[0]);
    assert!(again.has_consented(&client, at(6), &scopes));
}

#[test]
fn consents_have_a_limit() {
    let mut full = account(&[]);
    let consent = |account: &Account, client: &str, scope: &str| {
        let client = ClientId::parse(client).unwrap();
        account.consent(&client, at(0), &[scope.to_owned()], at(1))
    };
    for number in 0..CONSENTS_MAX {
        let event = consent(&full, &format!("c{number}"), "a").unwrap();
        full = Account::apply(Some(full), &event[0]);
    }
    let refused = consent(&full, "new", "a");
    assert_eq!(refused, Err(Rejection::TooManyConsents { max: CONSENTS_MAX }));
    assert!(consent(&full, "c1", "b").is_ok());
}

#[test]
fn a_consent_that_was_taken_back_takes_its_grants_along() {
    let (client, scopes) = (ClientId::parse("app").unwrap(), ["openid".to_owned()]);
    let given = account(&account(&[]).consent(&client, at(0), &scopes, at(5)).unwrap());
    assert_eq!(given.consents().count(), 1);
    let withdrawn = given.withdraw_consent(&client, at(7));
    let without = Account::apply(Some(given), &withdrawn[0]);
    assert!(!without.has_consented(&client, at(0), &scopes));
    assert!(without.has_withdrawn(&client, at(7)) && !without.has_withdrawn(&client, at(8)));
    assert!(without.withdraw_consent(&client, at(8)).is_empty(), "again");
    let again = without.consent(&client, at(0), &scopes, at(9)).unwrap();
    let again = Account::apply(Some(without), &again[0]);
    assert!(again.has_consented(&client, at(0), &scopes));
    assert!(again.has_withdrawn(&client, at(6)), "the earlier grants stay void");
}

#[test]
fn a_deleted_account_admits_nothing_and_a_role_is_assigned_once() {
    let viewer = account(&account(&[]).assign_role(Some(Role::Viewer), at(1)));
    assert_eq!(viewer.role, Some(Role::Viewer));
    assert!(viewer.assign_role(Some(Role::Viewer), at(2)).is_empty());
    assert_eq!(account(&viewer.assign_role(None, at(2))).role, None);
    let deleted = account(&viewer.delete(at(3)));
    assert!(deleted.deleted_at.is_some() && !deleted.admits(at(4)));
    assert!(deleted.delete(at(5)).is_empty(), "again");
}

#[test]
fn no_client_has_the_identifier_of_an_account() {
    for good in ["app", "A.b_c~d-1", &"x".repeat(64)] {
        assert!(ClientId::parse(good).is_some(), "{good}");
    }
    let account = "0190a8b4-0000-7000-8000-000000000000";
    let plain = account.replace('-', "");
    for wrong in ["", "a b", "a:b", "ä", "a/b", "a\n", account, &plain, &"x".repeat(65)] {
        assert!(ClientId::parse(wrong).is_none(), "{wrong}");
    }
}
