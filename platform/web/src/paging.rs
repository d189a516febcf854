//! `limit` and `cursor` of lists.

use kernel::{Cursor, FieldError, PageLimit, Problem, codes};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

/// Which page of a list. Take it alone as `Query<Paging>`, or repeat both fields in a query of your own and make
/// one with [`Paging::new`]: a query string cannot be flattened and deny unknown parameters at the same time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// How many items: 1 to 200, 20 when left out.
    pub limit: Option<String>,
    /// Where to go on: the `next_cursor` of the page before.
    pub cursor: Option<Cursor>,
}

impl Paging {
    /// The page that these two parameters ask for.
    pub fn new(limit: Option<String>, cursor: Option<Cursor>) -> Self {
        Self { limit, cursor }
    }

    /// How many items were asked for.
    pub fn limit(&self) -> Result<PageLimit, Problem> {
        let Some(text) = &self.limit else { return Ok(PageLimit::default()) };
        text.parse().ok().and_then(PageLimit::new).ok_or_else(|| {
            let message = format!("is not a number from 1 to {}", PageLimit::MAX);
            refused(codes::INVALID_QUERY, "limit", message)
        })
    }

    /// The place in `list` to go on from, if a cursor was sent.
    pub fn position<P: DeserializeOwned>(&self, list: &str) -> Result<Option<P>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        match cursor.decode(list) {
            Ok(place) => Ok(Some(place)),
            Err(error) => Err(refused(codes::INVALID_CURSOR, "cursor", error.to_string())),
        }
    }
}

fn refused(code: kernel::Code, field: &str, message: String) -> Problem {
    let mut problem = Problem::new(400, code, format!("{field}: {message}"));
    problem.errors.push(FieldError { field: field.to_owned(), message });
    problem
}
