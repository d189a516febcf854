//! Standard claims (OpenID Connect Core, sections 5.1 and 5.4): which scope covers which, and what a person lets be known.

use super::person_records::Person;
use crate::domain::account::Account;
use serde_json::{Map, Value};

/// Claims of the scope `profile`.
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
/// Scopes with the claims that they cover.
const SCOPES: [(&str, &[&str]); 4] = [
    ("profile", &PROFILE),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];
/// Members of an address.
const ADDRESS: [&str; 6] =
    ["formatted", "street_address", "locality", "region", "postal_code", "country"];
/// Longest text of a claim, in bytes.
const TEXT_BYTES_MAX: usize = 500;

/// Reason why claims cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0:?} is not known, or of a wrong type")]
pub(crate) struct MalformedClaim(String);

/// All standard claims.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SCOPES.into_iter().flat_map(|(_, claims)| claims.iter().copied())
}

/// Scopes that cover claims.
pub(crate) fn scopes_of(claims: &[&String]) -> Vec<&'static str> {
    let is_asked_for = |(_, covered): &(&str, &[&str])| {
        claims.iter().any(|claim| covered.contains(&claim.as_str()))
    };
    SCOPES.into_iter().filter(is_asked_for).map(|(scope, _)| scope).collect()
}

/// Claims of a person that these scopes cover. What is not known is left out.
pub(crate) fn claims_of(person: &Person, has_scope: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut known = person.claims.clone();
    if let Some(email) = &person.email {
        known.insert("email".to_owned(), email.as_str().into());
        known.entry("email_verified").or_insert(Value::Bool(false));
    }
    let covered: Vec<&str> = SCOPES
        .into_iter()
        .filter(|(scope, _)| has_scope(scope))
        .flat_map(|(_, claims)| claims.iter().copied())
        .collect();
    known.retain(|name, _| covered.contains(&name.as_str()));
    known
}

/// Says of the address among claims that it is verified, if the account shows it.
pub(crate) fn verify_email(claims: &mut Map<String, Value>, account: Option<&Account>) {
    if let Some(is_verified) = claims.get_mut("email_verified")
        && account.is_some_and(|account| account.is_email_verified)
    {
        *is_verified = Value::Bool(true);
    }
}

/// Claims that somebody wrote about a person. The address of e-mails is none of them: it belongs to the account.
pub(crate) fn parsed(text: &str) -> Result<Map<String, Value>, MalformedClaim> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else {
        return Err(MalformedClaim(String::new()));
    };
    match object.iter().find(|(name, value)| !is_claim(name, value)) {
        Some((name, _)) => Err(MalformedClaim(name.clone())),
        None => Ok(object),
    }
}

fn is_claim(name: &str, value: &Value) -> bool {
    let is_text = |value: &Value| {
        value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= TEXT_BYTES_MAX)
    };
    match name {
        "updated_at" => value.is_u64(),
        "email_verified" | "phone_number_verified" => value.is_boolean(),
        "address" => value.as_object().is_some_and(|address| {
            address.iter().all(|(name, value)| ADDRESS.contains(&name.as_str()) && is_text(value))
        }),
        "email" => false,
        name => names().any(|known| known == name) && is_text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ada() -> Person {
        let claims =
            r#"{"name":"Ada","phone_number":"+44","address":{"country":"GB"},"updated_at":1}"#;
        let email = Some("ada@example.com".to_owned());
        Person { email, claims: parsed(claims).unwrap(), ..Person::default() }
    }

    #[test]
    fn a_scope_shows_what_it_covers_and_no_more() {
        let shown = |scopes: &[&str]| Value::Object(claims_of(&ada(), |it| scopes.contains(&it)));
        assert_eq!(shown(&["openid"]), json!({}));
        assert_eq!(shown(&["profile"]), json!({"name": "Ada", "updated_at": 1}));
        assert_eq!(shown(&["phone"]), json!({"phone_number": "+44"}));
        assert_eq!(shown(&["address"]), json!({"address": {"country": "GB"}}));
        let email = json!({"email": "ada@example.com", "email_verified": false});
        assert_eq!(shown(&["email"]), email);
        assert!(claims_of(&Person::default(), |_| true).is_empty(), "never null or empty");
    }

    #[test]
    fn a_claim_is_asked_for_by_the_scope_that_covers_it() {
        let scopes = |claims: &[&str]| {
            let claims: Vec<String> = claims.iter().map(ToString::to_string).collect();
            scopes_of(&claims.iter().collect::<Vec<_>>())
        };
        assert_eq!(scopes(&["nickname", "email_verified", "x"]), ["profile", "email"]);
        assert!(scopes(&["sub", "auth_time"]).is_empty());
    }

    #[test]
    fn claims_that_are_not_standard_are_refused() {
        for wrong in [
            "",
            "[]",
            r#"{"role":"admin"}"#,
            r#"{"email":"eve@example.com"}"#,
            r#"{"name":7}"#,
            r#"{"name":""}"#,
            r#"{"updated_at":"now"}"#,
            r#"{"address":"London"}"#,
            r#"{"address":{"planet":"Earth"}}"#,
            r#"{"email_verified":"true"}"#,
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
        assert!(parsed(&json!({"name": "x".repeat(501)}).to_string()).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_claims_are_kept_or_refused(text in "\\PC{0,80}", name in "[a-z_]{1,20}", value in "\\PC{0,20}") {
            let is_refused = parsed(&text).is_err();
            prop_assert!(is_refused || text.trim() == "{}", "{}", text);
            if let Ok(claims) = parsed(&json!({ name.clone(): value }).to_string()) {
                prop_assert!(names().any(|known| known == name) && claims.len() == 1);
            }
        }
    }
}
