//! Targets of the provider: what clients, browsers and provisioning systems send to the auth server.

use auth_server::fuzzing::{
    redirect_uri_can_be_registered, redirect_uri_matches, scim_filter_matches, scim_filter_size,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use std::{str, sync::LazyLock};
use url::{Host, Url};

/// Most parameters of a form.
const PARAMETERS_MAX: usize = 100;
/// Most claims of one place.
const CLAIMS_MAX: usize = 40;
/// Longest name of a claim, in bytes.
const CLAIM_NAME_BYTES_MAX: usize = 64;
/// Longest SCIM filter, in bytes; most levels, and most comparisons.
const FILTER_BYTES_MAX: usize = 4 * 1024;
const FILTER_DEPTH_MAX: usize = 10;
const FILTER_COMPARISONS_MAX: usize = 100;
/// Most bytes by which a SCIM patch enlarges a resource, with what JSON escapes.
const PATCH_GROWTH_BYTES_MAX: usize = 8 * 64 * 1024;
/// Attributes that a SCIM patch never changes.
const READ_ONLY: [&str; 3] = ["id", "meta", "schemas"];

/// Resource to which filters and patches are applied.
static RESOURCE: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "00000000-0000-0000-0000-000000000001",
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": null},
        "active": true,
        "emails": [
            {"value": "ada@example.com", "primary": true},
            {"value": "a@example.com", "type": "work"},
        ],
        "meta": {"resourceType": "User", "created": "2026-11-28T08:00:00Z", "version": "W/\"1\""},
    })
});

/// Form or query: what is accepted has a bounded number of parameters, each with a value, and is written and read as the same.
pub fn form_parameters(bytes: &[u8]) {
    let Some(written) = auth_server::fuzzing::form_parameters(bytes) else { return };
    let pairs: Vec<&str> = written.split('&').filter(|pair| !pair.is_empty()).collect();
    assert!(pairs.len() <= PARAMETERS_MAX);
    assert!(pairs.iter().all(|pair| !pair.ends_with('=')));
    assert_eq!(auth_server::fuzzing::form_parameters(written.as_bytes()).as_ref(), Some(&written));
}

/// Basic credentials: one pair, which is the same when it is written as RFC 6749 has it.
pub fn basic_credentials(bytes: &[u8]) {
    let read = auth_server::fuzzing::basic_credentials;
    let Some((id, secret)) = str::from_utf8(bytes).ok().and_then(read) else { return };
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encoded(&id), encoded(&secret));
    assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode(pair))), Some((id, secret)));
}

/// Parameter `claims`: names and values are within their limits.
pub fn claims_request(bytes: &[u8]) {
    let read = auth_server::fuzzing::claims_request;
    let Some(request) = str::from_utf8(bytes).ok().and_then(read) else { return };
    for names in [&request.id_token, &request.userinfo] {
        assert!(names.len() <= CLAIMS_MAX);
        assert!(names.iter().all(|name| name.len() <= CLAIM_NAME_BYTES_MAX));
    }
    assert!(request.essential_acr.len() <= CLAIMS_MAX);
}

/// Redirect URIs, a registered one and that of a request, in two lines: they are equal to the letter, but for the port of a loopback
/// address; and what can be registered has the host for every reader that is written in it.
pub fn redirect_uri(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (registered, requested) = text.split_once('\n').unwrap_or((text, text));
    if !redirect_uri_can_be_registered(registered) {
        return;
    }
    assert!(redirect_uri_matches(registered, registered));
    // An address that no browser can read leads nowhere.
    let url = Url::parse(registered);
    if let Ok(url) = &url {
        assert!(url.fragment().is_none());
        if ["http", "https"].contains(&url.scheme()) {
            assert!(url.username().is_empty() && url.password().is_none());
            let host = url.host_str().expect("such an address has a host");
            assert!(registered.starts_with(&format!("{}://{host}", url.scheme())), "{host}");
        }
    }
    if registered == requested || !redirect_uri_matches(registered, requested) {
        return;
    }
    let mut url = url.expect("a loopback address is one");
    let other = Url::parse(requested).expect("likewise");
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    assert!(is_loopback && url.scheme() == "http");
    url.set_port(other.port()).expect("it has a host");
    assert_eq!(url, other);
}

/// SCIM filter: length, depth and number of comparisons are limited, and a negation says the opposite.
pub fn scim_filter(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Some((depth, comparisons)) = scim_filter_size(text) else { return };
    assert!(text.len() <= FILTER_BYTES_MAX);
    assert!(depth <= FILTER_DEPTH_MAX && comparisons <= FILTER_COMPARISONS_MAX);
    let matches = |text: &str| scim_filter_matches(text, &RESOURCE);
    let outcome = matches(text).expect("the filter was accepted");
    // One level more may be too deep.
    for (written, expected) in [(format!("({text})"), outcome), (format!("not ({text})"), !outcome)]
    {
        assert!(matches(&written).is_none_or(|outcome| outcome == expected), "{written}");
    }
}

/// SCIM patch: what only the server changes stays, and the resource grows within a limit.
pub fn scim_patch(bytes: &[u8]) {
    let resource = RESOURCE.as_object().expect("it is an object");
    let Some(patched) = auth_server::fuzzing::scim_patch(bytes, resource) else { return };
    for name in READ_ONLY {
        assert_eq!(patched.get(name), resource.get(name));
    }
    let length = |resource: &Map<String, Value>| {
        serde_json::to_vec(resource).map_or(usize::MAX, |text| text.len())
    };
    assert!(length(&patched) <= length(resource) + PATCH_GROWTH_BYTES_MAX);
}
