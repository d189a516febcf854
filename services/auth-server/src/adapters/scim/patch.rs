//! SCIM patches (RFC 7644, section 3.5.2): operations that change a resource as JSON, before the whole is validated as if it came by PUT.

mod operations;

use super::{
    error::{ScimError, ScimType},
    filter::{AttributePath, Filter},
    resource::{BODY_BYTES_MAX, read},
};
use axum::body::Body;
use http::HeaderMap;
use operations::{Change, CopyBudget, change, change_all, remove};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Most operations of a patch.
const OPERATIONS_MAX: usize = 100;
/// Schema of a patch.
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

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
    /// Reads a body as a patch.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, ScimError> {
        let patch = serde_json::from_value(read(headers, body).await?);
        patch.map_err(|_| ScimError::new(ScimType::InvalidSyntax, "the body is no patch"))
    }

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
        let mut budget = CopyBudget(BODY_BYTES_MAX);
        for operation in &self.operations {
            operation.apply(&mut resource, &mut budget)?;
        }
        Ok(resource)
    }
}

impl Operation {
    fn apply(
        &self,
        resource: &mut Map<String, Value>,
        budget: &mut CopyBudget,
    ) -> Result<(), ScimError> {
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
            ("add", Some(target)) => change(resource, &target, value()?, Change::Add, budget),
            ("replace", Some(target)) => {
                change(resource, &target, value()?, Change::Replace, budget)
            }
            ("add", None) => change_all(resource, value()?, Change::Add, budget),
            ("replace", None) => change_all(resource, value()?, Change::Replace, budget),
            ("remove", Some(target)) => remove(resource, &target, self.value.as_ref()),
            ("remove", None) => {
                Err(ScimError::new(ScimType::NoTarget, "it is not said what to remove"))
            }
            _ => Err(ScimError::new(ScimType::InvalidSyntax, "the operation is not known")),
        }
    }
}

#[cfg(test)]
mod tests;
