//! Cursor pagination: `limit` and an opaque `cursor` in, `items` and `next_cursor` out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;

/// Page of a list, with the cursor of the next one.
///
/// ```
/// use kernel::{Cursor, CursorError, Page};
///
/// let after_seven = Cursor::encode("numbers", &7);
/// let page = Page { items: vec![5, 6, 7], next_cursor: Some(after_seven) };
/// let texts = page.map(|number| number.to_string());
/// assert_eq!(texts.items, ["5", "6", "7"]);
///
/// let cursor = texts.next_cursor.unwrap();
/// assert_eq!(cursor.decode("numbers"), Ok(7));
/// assert_eq!(cursor.decode::<i32>("letters"), Err(CursorError));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "Page of a list.")]
pub struct Page<T> {
    /// Items, in the order asked for.
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last page.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Page with each item converted and the same cursor.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// Limit of a page's items: 1 to [`PageLimit::MAX`], by default [`PageLimit::DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// Items of a page when the caller does not say: 20.
    pub const DEFAULT: usize = 20;
    /// Limit of the limit: 200 items.
    pub const MAX: usize = 200;

    /// Limit as asked for; `None` if it is not between 1 and [`PageLimit::MAX`].
    pub fn new(items: usize) -> Option<Self> {
        (1..=Self::MAX).contains(&items).then_some(Self(items))
    }

    /// Limit as a number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl JsonSchema for PageLimit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PageLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer", "minimum": 1, "maximum": Self::MAX, "default": Self::DEFAULT,
        })
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Cursor: a position in a list, opaque to clients, which only send it back. It is base64url (RFC 4648, without padding) of
/// JSON; it is neither encrypted nor signed, so it contains nothing secret and is validated like any input.
///
/// [`Page`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Position in a list, opaque to clients: send it back as it is.")]
pub struct Cursor(String);

/// Error of a cursor that this list did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this cursor does not belong to this list; begin again without a cursor")]
pub struct CursorError;

/// Limit of a cursor that is decoded, in bytes.
const CURSOR_BYTES_MAX: usize = 1024;

impl Cursor {
    /// Encodes a position in `list`. The list's name goes in, so that another list refuses the cursor.
    ///
    /// # Panics
    ///
    /// For a position that JSON cannot express, such as a map with keys other than strings.
    pub fn encode(list: &str, position: &impl Serialize) -> Self {
        let text =
            serde_json::to_vec(&(list, position)).expect("a position can be written as JSON");
        Self(URL_SAFE_NO_PAD.encode(text))
    }

    /// Decodes the position.
    ///
    /// # Errors
    ///
    /// [`CursorError`] when the cursor is longer than 1,024 bytes, is no cursor, is of another list, or holds a position of
    /// another type.
    pub fn decode<P: DeserializeOwned>(&self, list: &str) -> Result<P, CursorError> {
        if self.0.len() > CURSOR_BYTES_MAX {
            return Err(CursorError);
        }
        let text = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| CursorError)?;
        let (of, position): (String, P) = serde_json::from_slice(&text).map_err(|_| CursorError)?;
        if of == list { Ok(position) } else { Err(CursorError) }
    }

    /// Cursor as text, which needs no escaping in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_decodes_to_the_encoded_position() {
        let cursor = Cursor::encode("products", &("lamp".to_owned(), 7));
        assert_eq!(cursor.decode("products"), Ok(("lamp".to_owned(), 7)));
    }

    #[test]
    fn a_cursor_of_another_list_or_a_damaged_one_is_refused() {
        let cursor = Cursor::encode("products", &7);
        assert_eq!(cursor.decode::<i32>("orders"), Err(CursorError));
        assert_eq!(cursor.decode::<String>("products"), Err(CursorError));
        assert_eq!(Cursor::from("%%%".to_owned()).decode::<i32>("products"), Err(CursorError));
        assert_eq!(Cursor::from("a".repeat(5_000)).decode::<i32>("products"), Err(CursorError));
    }
}
