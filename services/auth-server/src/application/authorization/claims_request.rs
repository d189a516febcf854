//! Claims request (`claims`; OpenID Connect Core, section 5.5): which claims a client asks for by name, and how it wants the person to
//! have signed in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most claims of one place that are asked for; others are ignored, as every request for a claim may be.
const CLAIMS_MAX: usize = 40;
/// Longest name of a claim, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Claims that are asked for by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) id_token: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) userinfo: BTreeSet<String>,
    /// Classes of authentication one of which is essential (`acr`); empty if none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) essential_acr: Vec<String>,
    /// Subject that is wanted (`sub` with a value).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
}

/// Reason why a claims request is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims are no object of objects")]
pub(crate) struct MalformedClaimsRequest;

impl ClaimsRequest {
    /// Parses the parameter. What it asks for and nobody knows is ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, MalformedClaimsRequest> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(MalformedClaimsRequest);
        };
        let (id_token, userinfo) = (place(&members, "id_token")?, place(&members, "userinfo")?);
        let subject = wanted(id_token, "sub").into_iter().next();
        let is_essential = id_token.and_then(|it| it.get("acr")).is_some_and(is_essential);
        Ok(Self {
            id_token: names(id_token)?,
            userinfo: names(userinfo)?,
            essential_acr: if is_essential { wanted(id_token, "acr") } else { Vec::new() },
            subject,
        })
    }
}

fn place<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, MalformedClaimsRequest> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(claims)) => Ok(Some(claims)),
        Some(_) => Err(MalformedClaimsRequest),
    }
}

/// Names of the claims of a place.
fn names(place: Option<&Map<String, Value>>) -> Result<BTreeSet<String>, MalformedClaimsRequest> {
    let Some(claims) = place else { return Ok(BTreeSet::new()) };
    if claims.values().any(|claim| !(claim.is_null() || claim.is_object())) {
        return Err(MalformedClaimsRequest);
    }
    let short = claims.keys().filter(|name| name.len() <= NAME_BYTES_MAX);
    Ok(short.take(CLAIMS_MAX).cloned().collect())
}

fn is_essential(claim: &Value) -> bool {
    claim.get("essential") == Some(&Value::Bool(true))
}

/// Values of a claim that are wanted.
fn wanted(place: Option<&Map<String, Value>>, name: &str) -> Vec<String> {
    let Some(claim) = place.and_then(|claims| claims.get(name)) else { return Vec::new() };
    let values = claim.get("values").and_then(Value::as_array).into_iter().flatten();
    let all = claim.get("value").into_iter().chain(values).filter_map(Value::as_str);
    all.take(CLAIMS_MAX).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn claims_are_asked_for_by_name_with_or_without_wishes() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"email":{"essential":true},"name":null,"x":{"value":1}},
                "id_token":{"auth_time":null,"sub":{"value":"ada"},"acr":{"essential":true,"values":["2","3"]}},
                "other":[]}"#,
        )
        .unwrap();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert_eq!(request.userinfo, names(&["email", "name", "x"]));
        assert_eq!(request.id_token, names(&["auth_time", "sub", "acr"]));
        assert_eq!(request.essential_acr, ["2", "3"]);
        assert_eq!(request.subject.as_deref(), Some("ada"));
        let voluntary = ClaimsRequest::parse(r#"{"id_token":{"acr":{"values":["2"]}}}"#).unwrap();
        assert!(voluntary.essential_acr.is_empty(), "a wish is no condition");
        assert_eq!(ClaimsRequest::parse(r#"{"userinfo":null}"#), Ok(ClaimsRequest::default()));
    }

    #[test]
    fn what_is_no_object_of_objects_is_refused_and_what_is_too_much_is_ignored() {
        for wrong in ["", "[]", "1", "{", r#"{"userinfo":[]}"#, r#"{"id_token":{"acr":"2"}}"#] {
            assert_eq!(ClaimsRequest::parse(wrong), Err(MalformedClaimsRequest), "{wrong}");
        }
        let many: Vec<_> = (0..100).map(|number| format!(r#""c{number}":null"#)).collect();
        let many = format!(r#"{{"userinfo":{{{}}}}}"#, many.join(","));
        assert_eq!(ClaimsRequest::parse(&many).unwrap().userinfo.len(), CLAIMS_MAX);
        let long = format!(r#"{{"userinfo":{{"{}":null}}}}"#, "c".repeat(65));
        assert_eq!(ClaimsRequest::parse(&long), Ok(ClaimsRequest::default()));
    }

    proptest! {
        #[test]
        fn arbitrary_texts_are_read_within_the_limits_or_refused(text in "\\PC{0,80}", name in "\\PC{0,20}", value in "\\PC{0,20}") {
            let asked = serde_json::json!({"id_token": {name: {"value": value}}}).to_string();
            for text in [text, asked] {
                if let Ok(request) = ClaimsRequest::parse(&text) {
                    prop_assert!(request.id_token.len() + request.userinfo.len() <= 2 * CLAIMS_MAX);
                }
            }
        }
    }
}
