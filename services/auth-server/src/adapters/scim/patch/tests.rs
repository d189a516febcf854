//! Patches: what they change, and what makes no sense.

use super::*;
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
