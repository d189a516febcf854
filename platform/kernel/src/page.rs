//! Lists in pages: `limit` and an opaque `cursor` in, `items` and `next_cursor` out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items of this page, in the order asked for.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last page.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// How many items a page may have: 1 to [`PageLimit::MAX`], [`PageLimit::DEFAULT`] when nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// Items of a page when the caller does not say.
    pub const DEFAULT: usize = 20;
    /// The most items of a page.
    pub const MAX: usize = 200;

    /// The limit asked for, or `None` if it is not between 1 and [`PageLimit::MAX`].
    pub fn new(items: usize) -> Option<Self> {
        (1..=Self::MAX).contains(&items).then_some(Self(items))
    }

    /// As a number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// A place in a list. Opaque to callers, who only hand it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

/// The cursor was not made by this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this cursor does not belong to this list; begin again without a cursor")]
pub struct CursorError;

/// The longest cursor that is looked at, in bytes.
const CURSOR_BYTES_MAX: usize = 1024;

impl Cursor {
    /// A cursor for `list` that remembers `place`. The list's name goes in, so that the cursor of one list is
    /// refused by another.
    pub fn encode(list: &str, place: &impl Serialize) -> Self {
        let text = serde_json::to_vec(&(list, place)).unwrap_or_default();
        Self(URL_SAFE_NO_PAD.encode(text))
    }

    /// The place this cursor remembers.
    pub fn decode<P: DeserializeOwned>(&self, list: &str) -> Result<P, CursorError> {
        if self.0.len() > CURSOR_BYTES_MAX {
            return Err(CursorError);
        }
        let text = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| CursorError)?;
        let (of, place): (String, P) = serde_json::from_slice(&text).map_err(|_| CursorError)?;
        if of == list { Ok(place) } else { Err(CursorError) }
    }

    /// As text for a URL.
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
    fn a_cursor_comes_back_as_it_was() {
        let cursor = Cursor::encode("products", &("lamp".to_owned(), 7));
        assert_eq!(cursor.decode("products"), Ok(("lamp".to_owned(), 7)));
    }

    #[test]
    fn a_foreign_or_broken_cursor_is_refused() {
        let cursor = Cursor::encode("products", &7);
        assert_eq!(cursor.decode::<i32>("orders"), Err(CursorError));
        assert_eq!(cursor.decode::<String>("products"), Err(CursorError));
        assert_eq!(Cursor::from("%%%".to_owned()).decode::<i32>("products"), Err(CursorError));
        assert_eq!(Cursor::from("a".repeat(5_000)).decode::<i32>("products"), Err(CursorError));
    }
}
