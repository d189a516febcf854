//! Filters: what they mean, what is none, and that no text gets the parser into trouble.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn user() -> Value {
    json!({
        "id": "a1B2",
        "userName": "Ada@Example.com",
        "active": true,
        "emails": [
            {"value": "ada@example.com", "type": "work", "primary": true},
            {"value": "ada@home.example", "type": "home"},
        ],
        "meta": {"created": "2026-11-29T06:00:00Z", "size": 3},
        "nickName": "",
    })
}

fn finds(filter: &str) -> bool {
    Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")).matches(&user())
}

#[test]
fn a_comparison_is_true_of_the_values_that_it_says() {
    for filter in [
        r#"userName eq "ada@example.com""#,
        r#"USERNAME EQ "ADA@EXAMPLE.COM""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada@""#,
        r#"userName ew "example.com""#,
        r#"userName co "@""#,
        r#"userName ne "bob""#,
        r#"nothing ne "x""#,
        r#"id eq "a1B2""#,
        r#"emails eq "ada@home.example""#,
        r#"emails.type eq "home""#,
        r#"emails[type eq "work" and value co "example.com"]"#,
        "active eq true",
        "emails pr",
        "nothing eq null",
        "not (nickName pr)",
        r#"meta.created gt "2026-11-29T05:59:59Z""#,
        r#"meta.created le "2026-11-29T07:00:00+01:00""#,
        "meta.size ge 3",
        r#"userName eq "x" or active eq true and id pr"#,
        r#"(userName eq "x" or active eq true) and not (id eq "x")"#,
        r#"userName eq "\u0061da@example.com""#,
    ] {
        assert!(finds(filter), "{filter}");
    }
    for filter in [
        r#"userName eq "ada""#,
        r#"id eq "a1b2""#,
        "active eq false",
        "nothing pr",
        "nickName pr",
        r#"nothing gt "a""#,
        r#"emails[type eq "home" and primary eq true]"#,
        r#"userName eq "x" or active eq true and id eq "x""#,
        "meta.size gt 3",
        "not (active eq true)",
        r#"active eq "true""#,
    ] {
        assert!(!finds(filter), "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq ada",
        r#"userName eq "ada"#,
        r#"userName eq "a" and"#,
        r#"and userName eq "a""#,
        r#"userName eq "a" userName eq "b""#,
        r#"userName is "a""#,
        "(active eq true",
        "active eq true)",
        "emails[active eq true",
        "emails[]",
        "emails[primary eq true].value pr",
        "not active eq true",
        "active eq [1]",
        "active eq {}",
        "user name pr",
        "1a pr",
        "a..b pr",
        "a.b.c pr",
        "ä pr",
        "urn: pr",
        "a pr; b pr",
    ] {
        assert_eq!(Filter::parse(text), Err(FilterError::Syntax), "{text}");
    }
    for text in ["active gt true", "active co 1", "a le null", "a sw null"] {
        assert_eq!(Filter::parse(text), Err(FilterError::Value), "{text}");
    }
}

#[test]
fn depth_length_and_number_of_comparisons_have_limits() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!("{}a pr{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("(", ")"), ("not (", ")"), ("a[", "]")] {
        assert!(Filter::parse(&nested(DEPTH_MAX, open, close)).is_ok(), "{open}");
        let refused = Filter::parse(&nested(DEPTH_MAX + 1, open, close));
        assert_eq!(refused, Err(FilterError::TooLarge), "{open}");
        let refused = Filter::parse(&nested(10_000, open, close));
        assert_eq!(refused, Err(FilterError::TooLarge), "{open}");
    }
    assert_eq!(Filter::parse(&"(".repeat(FILTER_BYTES_MAX)), Err(FilterError::TooLarge));
    let many = |count: usize| vec!["a pr"; count].join(" or ");
    assert!(Filter::parse(&many(COMPARISONS_MAX)).is_ok());
    assert_eq!(Filter::parse(&many(COMPARISONS_MAX + 1)), Err(FilterError::TooLarge));
    let long = format!("a eq \"{}\"", "x".repeat(FILTER_BYTES_MAX));
    assert_eq!(Filter::parse(&long), Err(FilterError::TooLarge));
}

/// Filters as text, with what they mean.
fn filters() -> impl Strategy<Value = (String, Filter)> {
    let attribute = prop::sample::select(vec!["a", "b.c", "emails", "active"]);
    let value = prop_oneof![
        ".{0,12}".prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let compare = (attribute, prop::sample::select(Operator::NAMES.to_vec()), value)
        .prop_filter("the operator takes the value", |(_, (_, operator), value)| {
            operator.takes(value)
        })
        .prop_map(|(path, (name, operator), value)| {
            let text = format!("{path} {name} {value}");
            let path = AttributePath::parse(path).expect("a path");
            (text, Filter::Compare(path, operator, value))
        });
    compare.prop_recursive(4, 12, 3, |inner| {
        let joined = |word: &'static str, several: fn(Vec<Filter>) -> Filter| {
            prop::collection::vec(inner.clone(), 2..4).prop_map(move |filters| {
                let texts: Vec<String> =
                    filters.iter().map(|(text, _)| format!("({text})")).collect();
                let filters = filters.into_iter().map(|(_, filter)| filter).collect();
                (texts.join(&format!(" {word} ")), several(filters))
            })
        };
        let not = inner
            .clone()
            .prop_map(|(text, filter)| (format!("not ({text})"), Filter::Not(Box::new(filter))));
        prop_oneof![joined("and", Filter::And), joined("or", Filter::Or), not]
    })
}

proptest! {
    #[test]
    fn a_filter_that_is_written_is_read_as_it_was_meant((text, filter) in filters()) {
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|[a-z() \\[\\]\"\\\\.:]|eq|pr|and|not){0,60}") {
        if let Ok(filter) = Filter::parse(&text) {
            // Whatever it means, a double negation means the same.
            let twice = Filter::Not(Box::new(Filter::Not(Box::new(filter.clone()))));
            prop_assert_eq!(filter.matches(&user()), twice.matches(&user()));
        }
    }
}
