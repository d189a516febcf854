//! Invalid input gets a 4xx problem that names the field.

use crate::things::{self, Things, get, keyed, make, parts, request, router, send};
use axum::body::Body;
use http::{Method, Request, header};
use kernel::{Cursor, Problem};
use web::Limits;

/// Asserts the status, the code and the field of a refusal.
fn assert_refused(problem: &Problem, status: u16, code: &str, field: &str) {
    assert_eq!((problem.status, problem.code.as_str()), (status, code), "{problem:?}");
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, if field.is_empty() { vec![] } else { vec![field] }, "{problem:?}");
    assert!(!problem.title.is_empty());
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named() {
    let router = router();
    for (body, field) in [
        (r#"{"name":7,"count":1}"#, "name"),
        (r#"{"name":"a","count":"1"}"#, "count"),
        (r#"{"name":"a","count":-1}"#, "count"),
        (r#"{"name":"a","count":1.5}"#, "count"),
        (r#"{"name":"a","count":4294967296}"#, "count"),
        (r#"{"name":"a","count":99999999999999999999999999}"#, "count"),
        (r#"{"name":"a","count":1e999}"#, "count"),
        (r#"{"name":"a","count":null}"#, "count"),
        (r#"{"name":"a"}"#, "count"),
        (r#"{"name":"a","count":1,"colour":"red"}"#, "colour"),
        (r#"{"name":"a","name":"b","count":1}"#, "name"),
        (r#"{"name":"a","count":1,"parts":{}}"#, "parts"),
        (r#"{"name":"a","count":1,"parts":[{"size":1},{"size":true}]}"#, "parts[1].size"),
        (r#"{"name":"a","count":1,"parts":[{"size":9223372036854775808}]}"#, "parts[0].size"),
        (r#"{"name":"a","count":1,"parts":[{"size":1,"weight":2}]}"#, "parts[0].weight"),
        (r#"{"name":"a","count":1,"parts":[{}]}"#, "parts[0].size"),
    ] {
        let problem = make(&router, body).await.problem();
        assert_refused(&problem, 422, "invalid_field", field);
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_as_a_whole() {
    let router = router();
    for body in ["7", "null", "\"text\"", "true"] {
        let problem = make(&router, body).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (422, "invalid_field"), "{body}");
    }
}

#[tokio::test]
async fn an_array_is_not_taken_for_an_object() {
    let router = router();
    for (body, field) in [
        ("[]", ""),
        (r#"["a",1]"#, ""),
        (r#"["a",1,[[1]]]"#, ""),
        (r#"[{"name":"a","count":1}]"#, ""),
        (r#"{"name":"a","count":1,"parts":[[7]]}"#, "parts[0]"),
        (r#"{"name":"a","count":1,"parts":[{"size":1},[]]}"#, "parts[1]"),
    ] {
        let problem = make(&router, body).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (400, "malformed_json"), "{body}");
        assert!(problem.title.contains("an object is wanted"), "{body}: {problem:?}");
        assert_eq!(problem.errors[0].field, field, "{body}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let router = router();
    let deep = "[".repeat(100_000);
    for body in [
        &b"{"[..],
        b"{\"name\":\"a\",\"count\":1",
        b"{\"name\":\"a\",\"count\":1}}",
        b"{\"name\":\"a\",\"count\":1} x",
        b"{'name':'a'}",
        b"{\"name\":\"\xff\",\"count\":1}",
        b"{\"name\":\"\\ud800\",\"count\":1}",
        b"\xef\xbb\xbf{}",
        b"{\"name\":NaN}",
        b"\0",
    ] {
        let problem = make(&router, body.to_vec()).await.problem();
        assert_refused(&problem, 400, "malformed_json", "");
    }
    let nested = format!(r#"{{"name":"a","count":1,"parts":{deep}"#);
    assert!(matches!(make(&router, nested).await.problem().status, 400 | 422));
}

#[tokio::test]
async fn an_empty_body_is_said_to_be_missing() {
    assert_refused(&make(&router(), "").await.problem(), 400, "missing_body", "");
}

#[tokio::test]
async fn only_declared_json_is_read() {
    let router = router();
    let body = r#"{"name":"a","count":1}"#;
    let send = async |content_type: Option<&str>| {
        let mut request = request(Method::POST, "/api/v1/things", body);
        request.headers_mut().remove(header::CONTENT_TYPE);
        if let Some(content_type) = content_type {
            request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        send(&router, request).await
    };
    for refused in [None, Some("text/plain"), Some("json"), Some("application/jsonp"), Some("")] {
        assert_refused(&send(refused).await.problem(), 415, "unsupported_media_type", "");
    }
    for taken in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
    {
        assert_eq!(send(Some(taken)).await.status, 201, "{taken}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let limits = Limits { body_bytes_max: 64, ..Limits::default() };
    let things = Things::default();
    let api = things.routes().api_route(
        "/api/v1/large",
        web::routing::post(async |_: web::Json<String>| web::NoContent).with(web::body_limit(128)),
    );
    let router = things::service(api, web::ServiceParts { limits, ..parts() }).router;
    let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));

    let large = make(&router, text(65)).await.problem();
    assert_refused(&large, 413, "body_too_large", "");
    assert_eq!(make(&router, text(64)).await.status, 422);

    let send =
        async |bytes| send(&router, request(Method::POST, "/api/v1/large", text(bytes))).await;
    assert_eq!(send(128).await.status, 204);
    assert_refused(&send(129).await.problem(), 413, "body_too_large", "");
    assert_eq!(things.made(), 0);
}

#[tokio::test]
async fn a_body_without_a_length_is_measured_too() {
    let limits = Limits { body_bytes_max: 64, ..Limits::default() };
    let parts = web::ServiceParts { limits, ..parts() };
    let router = things::service(Things::default().routes(), parts).router;
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"aaaa")));
    let endless = Body::from_stream(futures_util::stream::iter(chunks));
    assert_refused(&make(&router, endless).await.problem(), 413, "body_too_large", "");
}

#[tokio::test]
async fn a_query_parameter_that_does_not_fit_is_named() {
    let router = router();
    for (query, field) in [
        ("colour=red", "colour"),
        ("kind=a&colour=red", "colour"),
        ("at_least=many", "at_least"),
        ("at_least=-1", "at_least"),
        ("at_least=4294967296", "at_least"),
        ("at_least=", "at_least"),
        ("kind=a&kind=b", "kind"),
        ("kind=%ff", "kind"),
        ("kind=%c3%28", "kind"),
        ("%ff=1", "\u{fffd}"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=all", "limit"),
        ("limit=99999999999999999999999", "limit"),
    ] {
        let problem = get(&router, &format!("/api/v1/things?{query}")).await.problem();
        assert_refused(&problem, 400, "invalid_query", field);
    }
    for query in ["", "?", "?kind=100%25", "?kind=%", "?kind=%4", "?kind=a+b%20c&limit=200"] {
        assert_eq!(get(&router, &format!("/api/v1/things{query}")).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let router = router();
    let list = async |cursor: &str| get(&router, &format!("/api/v1/things?cursor={cursor}")).await;
    let foreign = Cursor::encode("others", &7);
    for cursor in [foreign.as_str(), "x", "", "%20", "e30", &"a".repeat(4096)] {
        assert_refused(&list(cursor).await.problem(), 400, "invalid_cursor", "cursor");
    }
    assert_eq!(list(Cursor::encode("things", &7).as_str()).await.status, 200);
}

#[tokio::test]
async fn a_part_of_the_path_that_does_not_fit_is_named() {
    let router = router();
    for path in
        ["things/seven", "things/-1", "things/7.5", "things/99999999999999999999", "things/%ff"]
    {
        let problem = get(&router, &format!("/api/v1/{path}")).await.problem();
        assert_refused(&problem, 400, "invalid_path", "number");
    }
    for (path, field) in [
        ("groups/a/things/b", "number"),
        ("groups/%ff/things/1", "group"),
        ("groups/a/things/%c3%28", "number"),
    ] {
        let problem = get(&router, &format!("/api/v1/{path}")).await.problem();
        assert_refused(&problem, 400, "invalid_path", field);
    }
    assert_eq!(get(&router, "/api/v1/groups/%C3%A4/things/1").await.status, 200);
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_a_problem_too() {
    let router = router();
    let nowhere = get(&router, "/api/v1/nothing").await;
    assert_refused(&nowhere.problem(), 404, "not_found", "");
    let other_method = send(&router, request(Method::DELETE, "/api/v1/things", "")).await;
    assert_refused(&other_method.problem(), 405, "method_not_allowed", "");
    let allowed = other_method.header("allow").unwrap();
    assert!(["GET", "HEAD", "POST"].iter().all(|method| allowed.contains(method)), "{allowed}");
    assert_refused(&get(&router, "/api/v1/things/0").await.problem(), 404, "not_found", "");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let engine = engine_memory::MemoryEngine::new();
    let things = Things::default();
    let router = things::service(things.routes(), things::idempotent_parts(&engine)).router;
    let body = r#"{"name":"a","count":1}"#;
    for key in ["", "two words", &"k".repeat(256), "a\tb"] {
        let answer = send(&router, keyed(key, "/api/v1/things", body)).await;
        assert_refused(&answer.problem(), 400, "invalid_header", "Idempotency-Key");
    }
    let mut twice = keyed("one", "/api/v1/things", body);
    twice.headers_mut().append("idempotency-key", "two".parse().unwrap());
    assert_eq!(send(&router, twice).await.status, 400);
    let mut not_text = keyed("one", "/api/v1/things", body);
    let value = http::HeaderValue::from_bytes(b"\xff").unwrap();
    not_text.headers_mut().insert("idempotency-key", value);
    assert_eq!(send(&router, not_text).await.status, 400);
    assert_eq!(things.made(), 0);
    assert_eq!(send(&router, keyed(&"k".repeat(255), "/api/v1/things", body)).await.status, 201);
}

#[tokio::test]
async fn a_version_is_read_from_if_match_or_refused() {
    async fn version(web::IfMatch(version): web::IfMatch) -> web::Json<Option<u64>> {
        web::Json(version)
    }
    let api = web::ApiRouter::new().api_route("/version", web::routing::get(version));
    let router = things::service(api, parts()).router;
    let send = async |tag: &str| {
        let request = Request::builder().uri("/version").header("if-match", tag);
        send(&router, request.body(Body::empty()).unwrap()).await
    };
    for (tag, version) in [("\"7\"", "7"), ("W/\"7\"", "7"), ("*", "null"), ("\"0\"", "0")] {
        assert_eq!(send(tag).await.body, version, "{tag}");
    }
    assert_eq!(get(&router, "/version").await.body, "null");
    for tag in ["7", "\"x\"", "\"1\", \"2\"", "\"-1\"", "", "\"18446744073709551616\"", "w/\"7\""] {
        assert_refused(&send(tag).await.problem(), 400, "invalid_header", "If-Match");
    }
    assert_eq!(web::etag(7), "\"7\"");
}
