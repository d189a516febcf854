//! Mapping file: what the columns of a table mean, in TOML. `docs/guides/import.md` describes it for shop owners.
//!
//! The formats of other shop systems are mapping files as well, built in by name.

mod source;

#[cfg(test)]
mod tests;

use crate::number::DecimalSeparator;
use kernel::json::in_words_of_json;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

pub(crate) use source::{RowCondition, Source, Sources};

/// Names and texts of the built-in mappings; the first is the default.
const BUILT_IN: [(&str, &str); 4] = [
    ("shopify", include_str!("mapping/shopify.toml")),
    ("woocommerce", include_str!("mapping/woocommerce.toml")),
    ("magento", include_str!("mapping/magento.toml")),
    ("google", include_str!("mapping/google.toml")),
];
/// The most mappings that extend each other.
const EXTENSIONS_MAX: usize = 8;

/// Meaning of the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Decimal separator of all numbers; decided by the numbers of each file when absent.
    #[serde(default)]
    pub(crate) decimal: Option<DecimalSeparator>,
    /// Order of day and month in dates such as `11/1/26`; such dates are not taken when absent.
    #[serde(default)]
    pub(crate) dates: Option<DateOrder>,
    /// Columns of each fact.
    pub(crate) facts: BTreeMap<Fact, Sources>,
    /// Options of a product, in their order.
    #[serde(default)]
    pub(crate) options: Vec<OptionColumns>,
    /// Rows that are not variants.
    #[serde(default)]
    pub(crate) rows: Vec<RowRule>,
    /// Column in which a product lists its variants, which have rows of their own.
    #[serde(default)]
    pub(crate) children: Option<ChildrenColumns>,
    /// Columns with an effect on money, stock or law that the shop cannot express, by name.
    #[serde(default)]
    pub(crate) reported: BTreeMap<String, ReportedColumn>,
    /// Columns without an effect; a name may end in `*`.
    #[serde(default)]
    pub(crate) ignored: Vec<String>,
}

/// Order of day and month in dates with slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum DateOrder {
    #[serde(rename = "day first")]
    DayFirst,
    #[serde(rename = "month first")]
    MonthFirst,
}

/// Fact about a product, a variant or a picture that columns can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    /// Rows with the same value are one product.
    Group,
    /// Address of the product in the shop.
    Handle,
    Title,
    Description,
    Brand,
    /// Paths of categories.
    Category,
    /// Category where there is none in `Category`.
    ProductType,
    Tags,
    /// `active`, `draft` or `archived`.
    Status,
    /// Whether an active product is shown: yes or no.
    Published,
    Sku,
    Barcode,
    Price,
    /// Price in place of `Price`, within its dates.
    SalePrice,
    SaleFrom,
    SaleUntil,
    CompareAtPrice,
    /// Units on hand.
    Stock,
    /// Whether units are counted: yes or no.
    Tracked,
    /// Whether it can be bought: yes or no.
    InStock,
    /// Whether it is sold when its units are used up, without a word to the shopper: yes or no.
    Backorders,
    Weight,
    Pictures,
    PicturePosition,
    PictureAlt,
    VariantPicture,
}

impl Fact {
    /// Number of facts.
    pub(crate) const COUNT: usize = 26;

    /// Every fact.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let all: [Self; Self::COUNT] = [
            Self::Group,
            Self::Handle,
            Self::Title,
            Self::Description,
            Self::Brand,
            Self::Category,
            Self::ProductType,
            Self::Tags,
            Self::Status,
            Self::Published,
            Self::Sku,
            Self::Barcode,
            Self::Price,
            Self::SalePrice,
            Self::SaleFrom,
            Self::SaleUntil,
            Self::CompareAtPrice,
            Self::Stock,
            Self::Tracked,
            Self::InStock,
            Self::Backorders,
            Self::Weight,
            Self::Pictures,
            Self::PicturePosition,
            Self::PictureAlt,
            Self::VariantPicture,
        ];
        all.into_iter()
    }

    /// Name of the field in the shop's API, for files that consist of them.
    pub(crate) fn api_field(self) -> &'static str {
        match self {
            Self::Group | Self::Handle => "slug",
            Self::Title => "name",
            Self::Description => "description",
            Self::Brand => "brand",
            Self::Category | Self::ProductType => "categories",
            Self::Tags => "tags",
            Self::Status | Self::Published => "status",
            Self::Sku => "sku",
            Self::Barcode => "barcode",
            Self::Price | Self::SalePrice | Self::SaleFrom | Self::SaleUntil => "price",
            Self::CompareAtPrice => "compare_at_price",
            Self::Stock | Self::Tracked | Self::InStock | Self::Backorders => "stock",
            Self::Weight => "weight_grams",
            Self::Pictures | Self::PicturePosition | Self::PictureAlt | Self::VariantPicture => {
                "media"
            }
        }
    }
}

/// Columns of one option of a product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptionColumns {
    /// Column with the name of the option.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Name of the option, where no column has it.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// Column with the value.
    pub(crate) value: String,
}

/// Rule about the rows with certain values in a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowRule {
    pub(crate) column: String,
    /// Values, or `*` for any; a cell may have several, separated by commas.
    pub(crate) values: Vec<String>,
    pub(crate) are: RowKind,
    /// Reason for the report, for refused rows.
    #[serde(default)]
    pub(crate) because: Option<String>,
}

/// Kind of rows that are not variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowKind {
    /// A product whose variants have rows of their own.
    Parents,
    /// Not imported.
    Refused,
}

/// Columns in which a product lists its variants: `sku=A-S,size=S|sku=A-M,size=M`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChildrenColumns {
    pub(crate) column: String,
    /// Column with the names of the options: `size=Size,color=Colour`.
    #[serde(default)]
    pub(crate) labels: Option<String>,
}

/// Column whose values are reported.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedColumn {
    /// Values without an effect.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
    /// Condition on another column of the row.
    #[serde(default)]
    pub(crate) when: Option<RowCondition>,
    /// Reason for the report.
    pub(crate) because: String,
}

/// Error of a mapping.
#[derive(Debug, thiserror::Error)]
#[error("the mapping {name}: {reason}")]
pub struct MappingError {
    name: String,
    reason: String,
}

impl Mapping {
    /// The built-in mapping of that name, or the one in that file.
    ///
    /// # Errors
    ///
    /// [`MappingError`] where there is no such file, or its text is no mapping.
    pub fn load(name: &str) -> Result<Self, MappingError> {
        let failed = |reason: String| MappingError { name: name.to_owned(), reason };
        Self::from_table(read_table(name).map_err(failed)?).map_err(failed)
    }

    /// Mapping in this text, which may extend another one.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Self::from_table(parse_table(text)?)
    }

    fn from_table(mut table: toml::Table) -> Result<Self, String> {
        for _ in 0..EXTENSIONS_MAX {
            let Some(extended) = table.remove("extends") else { return Self::validated(table) };
            let extended = extended.as_str().ok_or("`extends` is the name of a mapping")?;
            table = merged(read_table(extended)?, table);
        }
        Err(format!("more than {EXTENSIONS_MAX} mappings extend each other"))
    }

    fn validated(table: toml::Table) -> Result<Self, String> {
        let mapping: Self = table.try_into().map_err(|error: toml::de::Error| {
            // The message, then the key that it is about.
            let text = error.to_string();
            text.trim().lines().map(in_words_of_json).collect::<Vec<_>>().join(" ")
        })?;
        if !mapping.facts.contains_key(&Fact::Group) && !mapping.facts.contains_key(&Fact::Handle) {
            return Err(
                "[facts] needs `group`: the column whose value is the same for all rows of \
                a product, or its SKU where each product has one row"
                    .to_owned(),
            );
        }
        if mapping.options.iter().any(|option| option.name.is_some() == option.label.is_some()) {
            return Err(
                "each of [[options]] has either `name`, a column, or `label`, a text".to_owned()
            );
        }
        Ok(mapping)
    }
}

impl Default for Mapping {
    fn default() -> Self {
        Self::load(BUILT_IN[0].0).expect("a test loads every built-in mapping")
    }
}

fn read_table(name: &str) -> Result<toml::Table, String> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return parse_table(text);
    }
    let names = BUILT_IN.map(|(name, _)| name).join(", ");
    let text = std::fs::read_to_string(PathBuf::from(name)).map_err(|error| {
        format!("cannot be read: {error}; give one of {names}, or the path of a mapping file")
    })?;
    parse_table(&text)
}

fn parse_table(text: &str) -> Result<toml::Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        format!("line {line}: {}", error.message())
    })
}

/// Table with the entries of `own` in place of those of `base`; tables within are merged alike, lists replaced.
fn merged(mut base: toml::Table, own: toml::Table) -> toml::Table {
    for (key, value) in own {
        let value = match (base.remove(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(own))
                if key == "facts" || key == "reported" =>
            {
                toml::Value::Table(merged(base, own))
            }
            (_, value) => value,
        };
        base.insert(key, value);
    }
    base
}
