//! Resources of SCIM as JSON: bodies of requests, versions, and what every resource has.

use super::error::{ScimError, ScimType, respond};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};

/// Most values of an attribute in a request, and of one that a patch changes.
pub(crate) const VALUES_MAX: usize = 1_000;
/// Largest body, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// Reads a body as JSON.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Value, ScimError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = media_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    let is_json = ["application/scim+json", "application/json"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(media_type));
    if !is_json {
        let expected = "the body must be application/scim+json";
        return Err(ScimError::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
    }
    let bytes = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|_| {
        ScimError::of_status(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
    })?;
    serde_json::from_slice(&bytes.to_bytes())
        .map_err(|_| ScimError::new(ScimType::InvalidSyntax, "the body is no JSON"))
}

/// Reads a body as a resource of this schema.
pub(crate) async fn read_resource(
    headers: &HeaderMap,
    body: Body,
    schema: &str,
) -> Result<Map<String, Value>, ScimError> {
    let Value::Object(resource) = read(headers, body).await? else {
        return Err(ScimError::new(ScimType::InvalidSyntax, "the body is no object"));
    };
    let schemas = member(&resource, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|it| it == schema)) {
        let expected = "the schemas lack that of the resource";
        return Err(ScimError::new(ScimType::InvalidSyntax, expected));
    }
    Ok(resource)
}

/// Attribute of a resource, whose capital letters make no difference; `null` is none.
pub(crate) fn member<'a>(resource: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let known = resource.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, value)| value).filter(|value| !value.is_null())
}

/// Attribute that is a text.
pub(crate) fn text<'a>(
    resource: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, ScimError> {
    match member(resource, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type(name, "text")),
    }
}

/// Attribute that is true or false; some clients send it as a text.
pub(crate) fn boolean(
    resource: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<bool>, ScimError> {
    match member(resource, name) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(wrong_type(name, "true or false")),
    }
}

fn wrong_type(name: &str, expected: &str) -> ScimError {
    ScimError::new(ScimType::InvalidValue, format!("{name} is not {expected}"))
}

/// Entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

/// Versions for which a change is meant (`If-Match`); none if any will do.
pub(crate) fn expected_versions(headers: &HeaderMap) -> Option<Vec<u64>> {
    versions(headers, &header::IF_MATCH)?
}

/// Versions that a header names; the inner none is any of them (`*`), the outer one that the header is not there.
#[expect(clippy::option_option, reason = "that any version will do is not that none is named")]
fn versions(headers: &HeaderMap, name: &HeaderName) -> Option<Option<Vec<u64>>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut versions = Vec::new();
    for tag in tags.map(str::trim) {
        if tag == "*" {
            return Some(None);
        }
        let quoted = tag.strip_prefix("W/").unwrap_or(tag);
        let version = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        versions.extend(version.and_then(|version| version.parse::<u64>().ok()));
    }
    Some(Some(versions))
}

/// Response with a resource as far as it is wanted; none of it if the client has this version already (`If-None-Match`).
pub(crate) fn shown(
    headers: &HeaderMap,
    resource: Map<String, Value>,
    projected: impl FnOnce(Map<String, Value>) -> Map<String, Value>,
) -> Response {
    let tag = resource.get("meta").and_then(|meta| meta.get("version")?.as_str());
    let tag = tag.and_then(|tag| HeaderValue::from_str(tag).ok());
    let present = tag
        .as_ref()
        .and_then(|tag| tag.to_str().ok()?.trim_start_matches("W/").trim_matches('"').parse().ok());
    let is_known = match (versions(headers, &header::IF_NONE_MATCH), present) {
        (Some(None), _) => true,
        (Some(Some(known)), Some(present)) => known.contains(&present),
        _ => false,
    };
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        response(StatusCode::OK, projected(resource))
    };
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Response with a resource, whose location and version are headers as well.
pub(crate) fn response(status: StatusCode, resource: Map<String, Value>) -> Response {
    let meta = |name: &str| {
        let text = resource.get("meta")?.get(name)?.as_str()?;
        HeaderValue::from_str(text).ok()
    };
    let headers = [(header::LOCATION, meta("location")), (header::ETAG, meta("version"))];
    let mut response = respond(status, &Value::Object(resource));
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_for_the_versions_that_its_tags_name() {
        let expected = |tags: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(tags) = tags {
                headers.insert(header::IF_MATCH, HeaderValue::from_static(tags));
            }
            expected_versions(&headers)
        };
        assert_eq!((expected(None), expected(Some("*"))), (None, None));
        assert_eq!(expected(Some(r#"W/"2", "3""#)), Some(vec![2, 3]));
        for unknown in ["", "3", r#"W/"x""#, r#"w/"3""#] {
            assert_eq!(expected(Some(unknown)), Some(vec![]), "{unknown}");
        }
    }

    #[test]
    fn attributes_are_read_by_any_case_and_of_their_type() {
        let resource = json!({"USERNAME": "a", "active": "True", "x": 1, "n": null});
        let resource = resource.as_object().unwrap();
        assert_eq!(text(resource, "userName"), Ok(Some("a")));
        assert_eq!(boolean(resource, "active"), Ok(Some(true)));
        assert_eq!((text(resource, "n"), boolean(resource, "none")), (Ok(None), Ok(None)));
        assert!(text(resource, "x").is_err() && boolean(resource, "x").is_err());
    }
}
