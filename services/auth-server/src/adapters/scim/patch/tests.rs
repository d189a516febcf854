//! Patches: what they change, and what makes no sense.

use super::*;
use crate::adapters::scim::resource::VALUES_MAX;
use proptest::prelude::*;
use serde_json::json;

fn resource() -> Map<String, Value> {
    let resource = json!({
        "id": "1",
        "active": true,
        "userName": "ada@example.com",
        "members": [{"value": "a", "type": "User"}, {"value": "b"}],
    });
    resource.as_object().cloned().unwrap()
}

fn patched(operations: &Value) -> Result<Value, ScimType> {
    let patch = json!({"schemas": [PATCH_SCHEMA], "Operations": operations});
    let patch: Patch = serde_json::from_value(patch).unwrap();
    patch.apply(resource()).map(Value::Object).map_err(|error| error.scim_type().unwrap())
}

#[test]
fn attributes_are_added_replaced_and_removed() {
    let values = |patched: &Value| {
        let members = patched["members"].as_array().unwrap();
        members.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let one = patched(&json!([
        {"op": "Replace", "path": "ACTIVE", "value": false},
        {"op": "add", "path": "members", "value": [{"value": "b"}, {"value": "c"}]},
        {"op": "add", "value": {"externalId": "x", "name": {"givenName": "Ada"}}},
        {"op": "add", "path": "name.familyName", "value": "L"},
    ]));
    let one = one.unwrap();
    assert_eq!((&one["active"], &one["externalid"]), (&json!(false), &json!("x")));
    assert_eq!(one["name"], json!({"givenName": "Ada", "familyname": "L"}));
    assert_eq!(values(&one), ["a", "b", "c"]);
    for operation in [
        json!({"op": "remove", "path": r#"members[value eq "a"]"#}),
        json!({"op": "remove", "path": "members", "value": [{"value": "a"}]}),
        json!({"op": "replace", "path": "members", "value": [{"value": "b"}]}),
    ] {
        assert_eq!(values(&patched(&json!([operation])).unwrap()), ["b"], "{operation}");
    }
    let gone = patched(&json!([{"op": "remove", "path": "members"}])).unwrap();
    assert_eq!(gone["members"], Value::Null);
    let part = json!({"op": "replace", "path": r#"members[value eq "a"].type"#, "value": "Group"});
    assert_eq!(patched(&json!([part])).unwrap()["members"][0]["type"], "Group");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_word() {
    for (operations, expected) in [
        (json!([]), ScimType::InvalidValue),
        (json!([{"op": "move", "path": "active"}]), ScimType::InvalidSyntax),
        (json!([{"op": "remove"}]), ScimType::NoTarget),
        (json!([{"op": "add", "path": "active"}]), ScimType::InvalidValue),
        (json!([{"op": "add", "value": true}]), ScimType::InvalidValue),
        (json!([{"op": "add", "path": "a b", "value": 1}]), ScimType::InvalidPath),
        (json!([{"op": "add", "path": "members[", "value": 1}]), ScimType::InvalidPath),
        (json!([{"op": "add", "path": "members[x].", "value": 1}]), ScimType::InvalidPath),
        (json!([{"op": "replace", "path": "active.x", "value": 1}]), ScimType::InvalidPath),
        (json!([{"op": "replace", "path": "id", "value": "2"}]), ScimType::Mutability),
        (json!([{"op": "add", "value": {"meta": {}}}]), ScimType::Mutability),
        (
            json!([{"op": "replace", "path": r#"members[value eq "x"]"#, "value": {}}]),
            ScimType::NoTarget,
        ),
        (json!([{"op": "remove", "path": r#"nothing[value eq "x"]"#}]), ScimType::NoTarget),
    ] {
        assert_eq!(patched(&operations), Err(expected), "{operations}");
    }
    let many = vec![json!({"op": "add", "path": "a", "value": 1}); OPERATIONS_MAX + 1];
    assert_eq!(patched(&many.into()), Err(ScimType::InvalidValue));
    let without: Patch = serde_json::from_value(json!({"Operations": []})).unwrap();
    assert!(without.apply(resource()).is_err());
}

#[test]
fn a_patch_does_not_multiply_what_it_sends() {
    let member = |number: usize| json!({"value": number.to_string(), "type": "User"});
    let fill = |count: usize| {
        let members: Vec<_> = (0..count).map(member).collect();
        json!({"op": "replace", "path": "members", "value": members})
    };
    let of_all = |op: &str, value: &str| json!({"op": op, "path": r#"members[type eq "User"].display"#, "value": value});
    let short = json!([fill(VALUES_MAX), of_all("add", "x"), of_all("remove", "")]);
    assert!(patched(&short).unwrap()["members"][0].get("display").is_none());
    // 1,000 copies of 1,000 bytes, by one operation or by several.
    for value in [1_000, 100] {
        let operation = of_all("replace", &"x".repeat(value));
        let operations: Vec<_> = std::iter::once(fill(VALUES_MAX))
            .chain(std::iter::repeat_n(operation, 1_000 / value))
            .collect();
        assert_eq!(patched(&operations.into()), Err(ScimType::TooMany), "{value}");
    }
    let long_name = format!(r#"members[type eq "User"].{}"#, "x".repeat(1_000));
    let long_name = json!({"op": "add", "path": long_name, "value": 1});
    assert_eq!(patched(&json!([fill(VALUES_MAX), long_name])), Err(ScimType::TooMany));
}

#[test]
fn no_values_are_looked_for_among_too_many() {
    let values: Vec<_> = (0..=VALUES_MAX).collect();
    let fill = json!({"op": "replace", "path": "members", "value": values});
    for operation in [
        json!({"op": "add", "path": "members", "value": 1}),
        json!({"op": "replace", "path": r#"members[value eq "1"]"#, "value": 1}),
        json!({"op": "remove", "path": r#"members[value eq "1"]"#}),
        json!({"op": "remove", "path": "members", "value": [1]}),
    ] {
        let refused = patched(&json!([fill, operation]));
        assert_eq!(refused, Err(ScimType::TooMany), "{operation}");
    }
    let add = json!({"op": "add", "path": "members", "value": values});
    assert_eq!(patched(&json!([add])), Err(ScimType::TooMany));
    let attributes: Map<String, Value> =
        values.iter().map(|number| (format!("a{number}"), Value::from(*number))).collect();
    let add = json!({"op": "add", "value": attributes});
    assert_eq!(patched(&json!([add])), Err(ScimType::TooMany));
}

proptest! {
    #[test]
    fn any_path_is_applied_or_refused_and_nothing_read_only_changes(
        path in "(members|active|id|meta|a)(\\[\\PC{0,12}\\])?(\\.[a-z]{1,4})?|\\PC{0,20}",
        op in prop::sample::select(vec!["add", "replace", "remove"]),
    ) {
        if let Ok(patched) = patched(&json!([{"op": op, "path": path, "value": "x"}])) {
            prop_assert_eq!(&patched["id"], "1");
            prop_assert!(patched.get("meta").is_none());
        }
    }
}
