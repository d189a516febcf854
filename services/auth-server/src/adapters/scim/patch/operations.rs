//! Operations of a patch on the JSON of a resource. What they copy and how many values they look through have limits.

use super::Target;
use crate::adapters::scim::{
    error::{ScimError, ScimType},
    filter::{AttributePath, Filter},
    resource::VALUES_MAX,
};
use serde_json::{Map, Value};

/// Attributes that only the server changes.
const READ_ONLY: [&str; 3] = ["id", "meta", "schemas"];

/// How an operation changes an attribute that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Replace,
}

/// Budget of the bytes that a patch copies: a filter may match many values, and each gets what the request has once.
pub(super) struct CopyBudget(pub(super) usize);

impl CopyBudget {
    fn take(&mut self, bytes: usize) -> Result<(), ScimError> {
        let too_large = || ScimError::new(ScimType::TooMany, "the patch changes too much at once");
        self.0 = self.0.checked_sub(bytes).ok_or_else(too_large)?;
        Ok(())
    }
}

/// An operation without a path: each member of the value is an attribute.
pub(super) fn change_all(
    resource: &mut Map<String, Value>,
    value: Value,
    how: Change,
    budget: &mut CopyBudget,
) -> Result<(), ScimError> {
    let Value::Object(members) = value else {
        let expected = "without a path the value is an object of attributes";
        return Err(ScimError::new(ScimType::InvalidValue, expected));
    };
    for (name, value) in members {
        let unreadable = ScimError::new(ScimType::InvalidPath, "an attribute cannot be read");
        let path = AttributePath::parse(&name).ok_or(unreadable)?;
        change(resource, &Target { path, filter: None, part: None }, value, how, budget)?;
    }
    Ok(())
}

/// Adds to an attribute, or replaces it; with a filter, the values that it finds.
pub(super) fn change(
    resource: &mut Map<String, Value>,
    target: &Target,
    value: Value,
    how: Change,
    budget: &mut CopyBudget,
) -> Result<(), ScimError> {
    check_mutability(&target.path)?;
    let attribute = slot(resource, &target.path.name)?;
    if let Some(filter) = &target.filter {
        return change_matching(attribute, (filter, target.part.as_deref()), &value, how, budget);
    }
    let place = match &target.path.sub {
        None => attribute,
        Some(sub) => slot(members_of(attribute)?, sub)?,
    };
    match how {
        Change::Add => add(place, value),
        Change::Replace => {
            *place = value;
            Ok(())
        }
    }
}

fn change_matching(
    attribute: &mut Value,
    (filter, part): (&Filter, Option<&str>),
    value: &Value,
    how: Change,
    budget: &mut CopyBudget,
) -> Result<(), ScimError> {
    let copied = value.to_string().len() + part.map_or(0, str::len);
    let mut is_found = false;
    for own in values_of(attribute)?.iter_mut().filter(|own| filter.matches(own)) {
        is_found = true;
        budget.take(copied)?;
        match (part, value) {
            (Some(part), value) => *slot(members_of(own)?, part)? = value.clone(),
            (None, Value::Object(members)) if how == Change::Add => {
                members_of(own)?.extend(members.clone());
            }
            (None, value) => *own = value.clone(),
        }
    }
    if is_found { Ok(()) } else { Err(no_target()) }
}

/// Removes an attribute, the values that a filter finds, or the ones that are named (as some clients do it).
pub(super) fn remove(
    resource: &mut Map<String, Value>,
    target: &Target,
    named: Option<&Value>,
) -> Result<(), ScimError> {
    check_mutability(&target.path)?;
    let attribute = slot(resource, &target.path.name)?;
    if let Some(filter) = &target.filter {
        let values = values_of(attribute)?;
        if !values.iter().any(|own| filter.matches(own)) {
            return Err(no_target());
        }
        let Some(part) = &target.part else {
            values.retain(|own| !filter.matches(own));
            return Ok(());
        };
        for own in values.iter_mut().filter(|own| filter.matches(own)) {
            members_of(own)?.retain(|name, _| !name.eq_ignore_ascii_case(part));
        }
        return Ok(());
    }
    match (&target.path.sub, named, attribute) {
        (Some(sub), _, attribute) => *slot(members_of(attribute)?, sub)? = Value::Null,
        (None, Some(Value::Array(named)), Value::Array(values)) if !named.is_empty() => {
            check_count(named.len() + values.len())?;
            values.retain(|own| !named.iter().any(|named| is_same(own, named)));
        }
        (None, _, attribute) => *attribute = Value::Null,
    }
    Ok(())
}

/// Adds values that are not there yet to a multi-valued attribute; any other is set.
fn add(place: &mut Value, value: Value) -> Result<(), ScimError> {
    match (place, value) {
        (Value::Array(own), value) => {
            let more = match value {
                Value::Array(more) => more,
                value => vec![value],
            };
            check_count(own.len() + more.len())?;
            for value in more {
                if !own.iter().any(|known| is_same(known, &value)) {
                    own.push(value);
                }
            }
        }
        (Value::Object(own), Value::Object(more)) => own.extend(more),
        (place, value) => *place = value,
    }
    Ok(())
}

/// Values of a multi-valued attribute, for a filter.
fn values_of(attribute: &mut Value) -> Result<&mut Vec<Value>, ScimError> {
    let values = attribute.as_array_mut().ok_or_else(no_target)?;
    check_count(values.len())?;
    Ok(values)
}

/// Refuses to look for values or members among too many.
fn check_count(count: usize) -> Result<(), ScimError> {
    if count <= VALUES_MAX {
        return Ok(());
    }
    Err(ScimError::new(ScimType::TooMany, "a part of the resource has too many values"))
}

/// Whether two values stand for the same thing: complex ones have the same `value`.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.get("value"), other.get("value")) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Place of a member, whose capital letters make no difference; a new one if there is none.
fn slot<'a>(members: &'a mut Map<String, Value>, name: &str) -> Result<&'a mut Value, ScimError> {
    check_count(members.len())?;
    let known = members.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
    Ok(members.entry(known.unwrap_or_else(|| name.to_owned())).or_insert(Value::Null))
}

fn members_of(value: &mut Value) -> Result<&mut Map<String, Value>, ScimError> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    let simple = ScimError::new(ScimType::InvalidPath, "the attribute has no parts");
    value.as_object_mut().ok_or(simple)
}

fn check_mutability(path: &AttributePath) -> Result<(), ScimError> {
    if READ_ONLY.contains(&&*path.name) {
        return Err(ScimError::new(ScimType::Mutability, "the attribute is read-only"));
    }
    Ok(())
}

fn no_target() -> ScimError {
    ScimError::new(ScimType::NoTarget, "nothing satisfies the filter of the path")
}
