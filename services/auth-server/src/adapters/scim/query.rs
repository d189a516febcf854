//! Queries of lists (RFC 7644, sections 3.4.2 and 3.9): filter, page, and the attributes that are wanted.

use super::{
    error::{ScimError, ScimType},
    filter::{AttributePath, Filter, FilterError, Operator},
};
use crate::application::authorization::parameters::Parameters;
use http::Uri;
use serde_json::{Map, Value, json};

/// Most resources of a page.
pub(crate) const COUNT_MAX: usize = 200;
/// Resources of a page if the client says nothing.
const COUNT_DEFAULT: usize = 100;
/// Most attributes that are named.
const ATTRIBUTES_MAX: usize = 100;
const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Attributes that are always returned.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// Query of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListQuery {
    pub(crate) filter: Option<Filter>,
    /// From 1.
    start_index: usize,
    count: usize,
    projection: Projection,
}

/// Attributes of which a response consists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projection {
    attributes: Vec<AttributePath>,
    excluded: Vec<AttributePath>,
}

impl Projection {
    /// What the query of a request wants.
    pub(crate) fn of(uri: &Uri) -> Result<Self, ScimError> {
        Self::of_parameters(&parameters(uri)?)
    }

    fn of_parameters(parameters: &Parameters) -> Result<Self, ScimError> {
        let names = |name: &str| -> Result<Vec<AttributePath>, ScimError> {
            let text = parameters.get(name).unwrap_or_default();
            let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
            let paths: Option<Vec<_>> =
                names.take(ATTRIBUTES_MAX).map(AttributePath::parse).collect();
            let unreadable = "the names of the attributes cannot be read";
            paths.ok_or_else(|| ScimError::new(ScimType::InvalidValue, unreadable))
        };
        Ok(Self { attributes: names("attributes")?, excluded: names("excludedAttributes")? })
    }

    /// The resource with what is wanted of it.
    pub(crate) fn applied(&self, resource: Map<String, Value>) -> Map<String, Value> {
        let is_named = |paths: &[AttributePath], name: &str| {
            paths.iter().any(|path| path.name.eq_ignore_ascii_case(name))
        };
        let is_wanted = |name: &str| {
            ALWAYS.contains(&name)
                || (if self.attributes.is_empty() {
                    !is_named(&self.excluded, name)
                } else {
                    is_named(&self.attributes, name)
                })
        };
        resource.into_iter().filter(|(name, _)| is_wanted(name)).collect()
    }
}

impl ListQuery {
    /// The query of a request.
    pub(crate) fn of(uri: &Uri) -> Result<Self, ScimError> {
        let parameters = parameters(uri)?;
        let filter = match parameters.get("filter") {
            None => None,
            Some(text) => Some(Filter::parse(text).map_err(|error| {
                let scim_type = match error {
                    FilterError::TooLarge => ScimType::TooMany,
                    FilterError::Syntax | FilterError::Value => ScimType::InvalidFilter,
                };
                ScimError::new(scim_type, error.to_string())
            })?),
        };
        let number = |name: &str, default: usize| match parameters.get(name) {
            None => Ok(default),
            // A negative number counts as the least one.
            Some(text) => match text.parse::<i64>() {
                Ok(number) => Ok(usize::try_from(number.max(0)).unwrap_or(usize::MAX)),
                Err(_) => Err(ScimError::new(ScimType::InvalidValue, "a number is expected")),
            },
        };
        Ok(Self {
            filter,
            start_index: number("startIndex", 1)?.max(1),
            count: number("count", COUNT_DEFAULT)?.min(COUNT_MAX),
            projection: Projection::of_parameters(&parameters)?,
        })
    }

    /// Value to which an attribute must be equal, if the filter says nothing but that: such a resource is found without a look at all.
    pub(crate) fn equal_to(&self, attribute: &str) -> Option<&str> {
        match self.filter.as_ref()? {
            Filter::Compare(path, Operator::Equal, Value::String(text))
                if path.name == attribute && path.sub.is_none() =>
            {
                Some(text)
            }
            _ => None,
        }
    }

    /// Page of the resources that satisfy the filter.
    pub(crate) fn page(&self, resources: impl IntoIterator<Item = Map<String, Value>>) -> Value {
        let satisfies = |resource: &Map<String, Value>| {
            self.filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&Value::Object(resource.clone())))
        };
        let found: Vec<_> = resources.into_iter().filter(satisfies).collect();
        let total = found.len();
        let page = found.into_iter().skip(self.start_index - 1).take(self.count);
        let page: Vec<_> =
            page.map(|resource| Value::Object(self.projection.applied(resource))).collect();
        json!({
            "schemas": [LIST_SCHEMA],
            "totalResults": total,
            "startIndex": self.start_index,
            "itemsPerPage": page.len(),
            "Resources": page,
        })
    }
}

fn parameters(uri: &Uri) -> Result<Parameters, ScimError> {
    let query = uri.query().unwrap_or_default();
    Parameters::parse(query.as_bytes())
        .map_err(|error| ScimError::new(ScimType::InvalidValue, error.description()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<ListQuery, ScimError> {
        ListQuery::of(&format!("/Users?{text}").parse().unwrap())
    }

    fn resources() -> Vec<Map<String, Value>> {
        let resource = |number: u8| {
            let resource = json!({"schemas": [], "id": number.to_string(), "userName": format!("u{number}"), "active": number > 2});
            resource.as_object().cloned().unwrap()
        };
        (1..=5).map(resource).collect()
    }

    fn page(text: &str) -> (u64, u64, Vec<String>) {
        let page = query(text).unwrap().page(resources());
        let number = |name: &str| page[name].as_u64().unwrap();
        let ids = page["Resources"].as_array().unwrap().iter();
        let ids = ids.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        (number("totalResults"), number("startIndex"), ids)
    }

    #[test]
    fn a_page_begins_at_its_index_and_counts_everything_that_was_found() {
        let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(page(""), (5, 1, ids(&["1", "2", "3", "4", "5"])));
        assert_eq!(page("startIndex=2&count=2"), (5, 2, ids(&["2", "3"])));
        assert_eq!(page("startIndex=0&count=1"), (5, 1, ids(&["1"])));
        assert_eq!(page("startIndex=-7&count=-1"), (5, 1, ids(&[])));
        assert_eq!(page("startIndex=99"), (5, 99, ids(&[])));
        assert_eq!(page("filter=active+eq+true&count=1"), (3, 1, ids(&["3"])));
        let most = query("count=100000").unwrap();
        assert_eq!(most.count, COUNT_MAX);
    }

    #[test]
    fn only_the_attributes_that_are_wanted_are_returned() {
        let names = |text: &str| {
            let page = query(text).unwrap().page(resources());
            page["Resources"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names("attributes=USERNAME"), ["id", "schemas", "userName"]);
        assert_eq!(names("excludedAttributes=userName,id"), ["active", "id", "schemas"]);
    }

    #[test]
    fn a_query_that_cannot_be_read_is_refused_with_its_word() {
        let refused = |text: &str| query(text).unwrap_err().scim_type();
        assert_eq!(refused("filter=a+b"), Some(ScimType::InvalidFilter));
        let deep = format!("filter={}a+pr{}", "(".repeat(2_000), ")".repeat(2_000));
        assert_eq!(refused(&deep), Some(ScimType::TooMany));
        for text in ["count=x", "startIndex=1.5", "attributes=a%20b", "count=1&count=2"] {
            assert_eq!(refused(text), Some(ScimType::InvalidValue), "{text}");
        }
        assert_eq!(query("filter=userName+eq+%22a%22").unwrap().equal_to("username"), Some("a"));
        assert_eq!(query("filter=userName+ne+%22a%22").unwrap().equal_to("username"), None);
    }
}
