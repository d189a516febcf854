//! SCIM patches (RFC 7644, section 3.5.2): operations that change a resource as JSON, before the whole is validated as if it came by PUT.

use super::{
    error::{ScimError, ScimType},
    filter::{AttributePath, Filter},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Most operations of a patch.
const OPERATIONS_MAX: usize = 100;
/// Schema of a patch.
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Attributes that only the server changes.
const READ_ONLY: [&str; 3] = ["id", "meta", "schemas"];

/// Patch of a resource.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Patch {
    #[serde(default)]
    schemas: Vec<String>,
    #[serde(rename = "Operations", default)]
    operations: Vec<Operation>,
}

#[derive(Clone, Debug, Deserialize)]
struct Operation {
    op: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    value: Option<Value>,
}

/// Target of an operation: an attribute; some of its values, if there is a filter; and a part of each, if there is a sub-attribute
/// behind the filter.
#[derive(Clone, Debug, PartialEq)]
struct Target {
    path: AttributePath,
    filter: Option<Filter>,
    part: Option<String>,
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let Some((path, rest)) = text.split_once('[') else {
            return Some(Self { path: AttributePath::parse(text)?, filter: None, part: None });
        };
        let (filter, rest) = rest.rsplit_once(']')?;
        let part = match rest.strip_prefix('.') {
            None if rest.is_empty() => None,
            None => return None,
            Some(part) => Some(AttributePath::parse(part).filter(|it| it.sub.is_none())?.name),
        };
        let path = AttributePath::parse(path).filter(|path| path.sub.is_none())?;
        Some(Self { path, filter: Some(Filter::parse(filter).ok()?), part })
    }
}

impl Patch {
    /// The resource after all operations, in their order.
    pub(crate) fn apply(
        &self,
        mut resource: Map<String, Value>,
    ) -> Result<Map<String, Value>, ScimError> {
        if !self.schemas.iter().any(|schema| schema == PATCH_SCHEMA) {
            return Err(ScimError::new(
                ScimType::InvalidSyntax,
                "the schemas lack that of a patch",
            ));
        }
        if self.operations.is_empty() || self.operations.len() > OPERATIONS_MAX {
            let expected = "a patch has 1 to 100 operations";
            return Err(ScimError::new(ScimType::InvalidValue, expected));
        }
        for operation in &self.operations {
            operation.apply(&mut resource)?;
        }
        Ok(resource)
    }
}

impl Operation {
    fn apply(&self, resource: &mut Map<String, Value>) -> Result<(), ScimError> {
        let target = match &self.path {
            None => None,
            Some(path) => {
                let unreadable = ScimError::new(ScimType::InvalidPath, "the path cannot be read");
                Some(Target::parse(path).ok_or(unreadable)?)
            }
        };
        let value = || {
            let missing = ScimError::new(ScimType::InvalidValue, "the operation has no value");
            self.value.clone().ok_or(missing)
        };
        // Some clients write the names of operations with capital letters.
        match (&*self.op.to_ascii_lowercase(), target) {
            ("add", Some(target)) => change(resource, &target, value()?, Change::Add),
            ("replace", Some(target)) => change(resource, &target, value()?, Change::Replace),
            ("add", None) => change_all(resource, value()?, Change::Add),
            ("replace", None) => change_all(resource, value()?, Change::Replace),
            ("remove", Some(target)) => remove(resource, &target, self.value.as_ref()),
            ("remove", None) => {
                Err(ScimError::new(ScimType::NoTarget, "it is not said what to remove"))
            }
            _ => Err(ScimError::new(ScimType::InvalidSyntax, "the operation is not known")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Replace,
}

/// An operation without a path: each member of the value is an attribute.
fn change_all(
    resource: &mut Map<String, Value>,
    value: Value,
    how: Change,
) -> Result<(), ScimError> {
    let Value::Object(members) = value else {
        let expected = "without a path the value is an object of attributes";
        return Err(ScimError::new(ScimType::InvalidValue, expected));
    };
    for (name, value) in members {
        let unreadable = ScimError::new(ScimType::InvalidPath, "an attribute cannot be read");
        let path = AttributePath::parse(&name).ok_or(unreadable)?;
        change(resource, &Target { path, filter: None, part: None }, value, how)?;
    }
    Ok(())
}

fn change(
    resource: &mut Map<String, Value>,
    target: &Target,
    value: Value,
    how: Change,
) -> Result<(), ScimError> {
    check_mutability(&target.path)?;
    let attribute = slot(resource, &target.path.name);
    let Some(filter) = &target.filter else {
        let place = match &target.path.sub {
            None => attribute,
            Some(sub) => slot(members_of(attribute)?, sub),
        };
        match how {
            Change::Add => add(place, value),
            Change::Replace => *place = value,
        }
        return Ok(());
    };
    let mut is_found = false;
    for own in attribute.as_array_mut().into_iter().flatten() {
        if !filter.matches(own) {
            continue;
        }
        is_found = true;
        match (&target.part, &value) {
            (Some(part), value) => *slot(members_of(own)?, part) = value.clone(),
            (None, Value::Object(members)) if how == Change::Add => {
                members_of(own)?.extend(members.clone());
            }
            (None, value) => *own = value.clone(),
        }
    }
    if is_found { Ok(()) } else { Err(no_target()) }
}

/// Removes an attribute, the values that a filter finds, or the ones that are named (as some clients do it).
fn remove(
    resource: &mut Map<String, Value>,
    target: &Target,
    named: Option<&Value>,
) -> Result<(), ScimError> {
    check_mutability(&target.path)?;
    let attribute = slot(resource, &target.path.name);
    if let Some(filter) = &target.filter {
        let Some(values) = attribute.as_array_mut() else { return Err(no_target()) };
        if !values.iter().any(|own| filter.matches(own)) {
            return Err(no_target());
        }
        let Some(part) = &target.part else {
            values.retain(|own| !filter.matches(own));
            return Ok(());
        };
        for own in values.iter_mut().filter(|own| filter.matches(own)) {
            *slot(members_of(own)?, part) = Value::Null;
        }
        return Ok(());
    }
    match (&target.path.sub, named, attribute) {
        (Some(sub), _, attribute) => *slot(members_of(attribute)?, sub) = Value::Null,
        (None, Some(Value::Array(named)), Value::Array(values)) if !named.is_empty() => {
            values.retain(|own| !named.iter().any(|named| is_same(own, named)));
        }
        (None, _, attribute) => *attribute = Value::Null,
    }
    Ok(())
}

/// Adds values that are not there yet to a multi-valued attribute; any other is set.
fn add(place: &mut Value, value: Value) {
    match (place, value) {
        (Value::Array(own), Value::Array(more)) => {
            for value in more {
                if !own.iter().any(|known| is_same(known, &value)) {
                    own.push(value);
                }
            }
        }
        (Value::Array(own), value) => {
            if !own.iter().any(|known| is_same(known, &value)) {
                own.push(value);
            }
        }
        (Value::Object(own), Value::Object(more)) => own.extend(more),
        (place, value) => *place = value,
    }
}

/// Whether two values stand for the same thing: complex ones have the same `value`.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.get("value"), other.get("value")) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Place of a member, whose capital letters make no difference; a new one if there is none.
fn slot<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Value {
    let known = members.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
    members.entry(known.unwrap_or_else(|| name.to_owned())).or_insert(Value::Null)
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

#[cfg(test)]
mod tests;
