//! Source of a fact: a column with the meaning of its values, or a constant.

use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;

/// Sources of one fact. The first that is not empty counts; of pictures, tags and categories, all do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sources(pub(crate) Vec<Source>);

/// Source of a fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// Column.
    #[serde(default)]
    pub(crate) column: Option<String>,
    /// The fact itself, the same for all rows.
    #[serde(default)]
    pub(crate) constant: Option<String>,
    /// Meaning of values; `""` is an empty cell, `"*"` any other value.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// Text before the value.
    #[serde(default)]
    pub(crate) prefix: Option<String>,
    /// Separator of the values in a cell.
    #[serde(default)]
    pub(crate) separator: Option<String>,
    /// Separator of the levels of a category, in place of `>`.
    #[serde(default)]
    pub(crate) levels: Option<String>,
    /// First level of all categories, which is left out.
    #[serde(default)]
    pub(crate) root: Option<String>,
    /// Unit of a weight: `g`, `kg`, `oz`, `lb`.
    #[serde(default)]
    pub(crate) unit: Option<String>,
    /// Address before those of pictures that are only paths.
    #[serde(default)]
    pub(crate) base: Option<String>,
    /// Whether pictures that are only paths belong to an address that is not known, and so are left out.
    #[serde(default)]
    pub(crate) base_unknown: bool,
    /// Whether `\n` in a cell is a line break.
    #[serde(default)]
    pub(crate) escapes: bool,
    /// Condition on another column of the row.
    #[serde(default)]
    pub(crate) when: Option<RowCondition>,
}

/// Condition on a column of the same row: one of these values. It holds in a file without the column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowCondition {
    pub(crate) column: String,
    pub(crate) values: Vec<String>,
}

impl Source {
    /// Meaning of a cell.
    pub(crate) fn meaning(&self, cell: &str) -> String {
        let cell = cell.trim();
        let listed = self.values.iter().find(|(value, _)| value.eq_ignore_ascii_case(cell));
        let other = || self.values.get("*").filter(|_| !cell.is_empty());
        let text = listed.map(|(_, meaning)| meaning).or_else(other).map_or(cell, String::as_str);
        let text = if self.escapes { with_line_breaks(text) } else { text.to_owned() };
        match &self.prefix {
            Some(prefix) if !text.is_empty() => format!("{prefix}{text}"),
            _ => text,
        }
    }
}

impl Source {
    /// Path of a category, with its levels separated by `>`.
    pub(crate) fn category_path(&self, path: &str) -> String {
        let path = match &self.levels {
            Some(levels) => path.replace(levels.as_str(), " > "),
            None => path.to_owned(),
        };
        let Some(root) = &self.root else { return path };
        match path.split_once('>') {
            Some((first, rest)) if first.trim() == root => rest.trim().to_owned(),
            None if path.trim() == root => String::new(),
            _ => path,
        }
    }
}

/// Text with line breaks in place of `\n`; `\\n` is what it looks like.
fn with_line_breaks(text: &str) -> String {
    let lines = text.split(r"\\n").map(|part| part.replace(r"\n", "\n"));
    lines.collect::<Vec<_>>().join(r"\n")
}

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = |value: toml::Value| match value {
            toml::Value::String(column) => Ok(Source { column: Some(column), ..Source::default() }),
            toml::Value::Table(table) => {
                let source: Source = table
                    .try_into()
                    .map_err(|error: toml::de::Error| D::Error::custom(error.message()))?;
                if source.column.is_some() == source.constant.is_some() {
                    return Err(D::Error::custom("a source has either `column` or `constant`"));
                }
                Ok(source)
            }
            _ => Err(D::Error::custom("a source is the name of a column, or a table")),
        };
        let sources = match toml::Value::deserialize(deserializer)? {
            toml::Value::Array(list) => list.into_iter().map(source).collect::<Result<_, _>>()?,
            one => vec![source(one)?],
        };
        Ok(Self(sources))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_escaped_where_the_source_says_so() {
        for (cell, escapes, expected) in [
            (r"One\ntwo", true, "One\ntwo"),
            (r"One\n\nC:\\new", true, "One\n\nC:\\new"),
            (r"One\ntwo", false, r"One\ntwo"),
        ] {
            let source = Source { escapes, ..Source::default() };
            assert_eq!(source.meaning(cell), expected, "{cell}");
        }
    }
}
