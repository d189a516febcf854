//! Cursor pagination: the query parameters `limit` and `cursor`.

use kernel::{Cursor, PageLimit, Problem, codes};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

/// Page of a list, by limit and cursor. Either the whole query as `Query<Paging>`, or made with [`Paging::new`] from a query
/// type that repeats both fields: serde cannot flatten and deny unknown fields at the same time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Maximum number of items: 1 to 200; 20 by default.
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// The `next_cursor` of the previous page.
    pub cursor: Option<Cursor>,
}

impl Paging {
    /// The page with this limit and cursor.
    pub fn new(limit: Option<String>, cursor: Option<Cursor>) -> Self {
        Self { limit, cursor }
    }

    /// The limit, or 400 `invalid_query`.
    pub fn limit(&self) -> Result<PageLimit, Problem> {
        let Some(text) = &self.limit else { return Ok(PageLimit::default()) };
        text.parse().ok().and_then(PageLimit::new).ok_or_else(|| {
            let message = format!("is not a number from 1 to {}", PageLimit::MAX);
            Problem::input(codes::INVALID_QUERY, "limit", message)
        })
    }

    /// The position in `list` after which the page begins, if a cursor was sent; 400 `invalid_cursor` for one of another
    /// list.
    pub fn position<P: DeserializeOwned>(&self, list: &str) -> Result<Option<P>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        match cursor.decode(list) {
            Ok(position) => Ok(Some(position)),
            Err(error) => Err(Problem::input(codes::INVALID_CURSOR, "cursor", error.to_string())),
        }
    }
}
