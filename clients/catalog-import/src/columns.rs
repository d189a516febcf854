//! Columns of one file: where the facts of a mapping are in its records, and what is not mapped.

use crate::{
    mapping::{
        DateOrder, Fact, Mapping, OptionColumns, ReportedColumn, RowCondition, RowKind, RowRule,
        Source,
    },
    number::{DecimalSeparator, quoted, without_zeros},
    row::Remark,
    text::{plain_text, split_unescaped},
};
use csv::StringRecord;

/// Facts whose cells are prices.
const PRICES: [Fact; 3] = [Fact::Price, Fact::SalePrice, Fact::CompareAtPrice];
/// Facts whose cells are other numbers.
const MEASURES: [Fact; 2] = [Fact::Weight, Fact::Stock];

/// Columns of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// Sources that the file has, by fact.
    facts: Vec<Vec<FileSource>>,
    /// Name of each fact in reports: that of its column in the file, or its first name in the mapping.
    labels: Vec<String>,
    options: Vec<OptionSource>,
    rules: Vec<(usize, RowRule)>,
    /// Columns with the variants of a product, and with the names of their options.
    pub(crate) children: Option<(usize, Option<usize>)>,
    reported: Vec<ReportedSource>,
    /// Columns that the mapping does not name.
    pub(crate) unknown: Vec<(usize, String)>,
    /// Decimal separators of the file's numbers.
    pub(crate) numbers: Numbers,
    /// Order of day and month in dates with slashes.
    pub(crate) dates: Option<DateOrder>,
}

/// Decimal separators of a file: of its prices and of its other numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) prices: DecimalSeparator,
    pub(crate) measures: DecimalSeparator,
}

/// Source of a fact in a file.
#[derive(Clone, Debug)]
struct FileSource {
    /// Index of the column; `None` for a constant.
    index: Option<usize>,
    name: String,
    source: Source,
    condition: Option<FileCondition>,
}

/// Column of a file whose values are reported.
#[derive(Clone, Debug)]
struct ReportedSource {
    index: usize,
    name: String,
    column: ReportedColumn,
    condition: Option<FileCondition>,
}

/// Condition on a column of a file.
#[derive(Clone, Debug)]
struct FileCondition {
    index: usize,
    values: Vec<String>,
}

/// Value of a fact in a record, with its source and the name of its column.
pub(crate) type SourcedText<'a> = (String, &'a Source, &'a str);

/// Columns of an option in a file.
#[derive(Clone, Debug)]
struct OptionSource {
    label: String,
    name: Option<usize>,
    value: usize,
    value_name: String,
}

impl Columns {
    /// Columns of a header; of two with the same name the first one counts. `Err` has the names of the columns that could
    /// group rows into products, if the file has none of them.
    pub(crate) fn resolve(mapping: &Mapping, header: &StringRecord) -> Result<Self, String> {
        let find = |name: &str| {
            let wanted = normalise(name);
            header.iter().position(|own| normalise(own) == wanted)
        };
        let own_name = |index: usize| header.get(index).unwrap_or_default().trim().to_owned();
        let mut columns = Self {
            facts: vec![Vec::new(); Fact::COUNT],
            labels: vec![String::new(); Fact::COUNT],
            ..Self::default()
        };
        for (fact, sources) in &mapping.facts {
            let (found, label) = file_sources(&sources.0, &find, &own_name);
            columns.facts[*fact as usize] = found;
            columns.labels[*fact as usize] = label;
        }
        if !columns.has(Fact::Group) && !columns.has(Fact::Handle) {
            let group = [Fact::Group, Fact::Handle].into_iter();
            return Err(group
                .map(|fact| columns.label(fact))
                .find(|it| it != "slug")
                .unwrap_or_default());
        }
        let option = |option: &OptionColumns| {
            let value = find(&option.value)?;
            let name = option.name.as_deref().and_then(find);
            let label = option.label.clone().unwrap_or_default();
            Some(OptionSource { label, name, value, value_name: own_name(value) })
        };
        columns.options = mapping.options.iter().filter_map(option).collect();
        let rule = |rule: &RowRule| Some((find(&rule.column)?, rule.clone()));
        columns.rules = mapping.rows.iter().filter_map(rule).collect();
        columns.children = mapping.children.as_ref().and_then(|children| {
            Some((find(&children.column)?, children.labels.as_deref().and_then(find)))
        });
        columns.dates = mapping.dates;
        columns.sort_others(mapping, header, &find);
        Ok(columns)
    }

    /// Sorts the columns without a fact into those that are reported and those that are unknown.
    fn sort_others(
        &mut self,
        mapping: &Mapping,
        header: &StringRecord,
        find: &impl Fn(&str) -> Option<usize>,
    ) {
        let mut others = Vec::new();
        for (index, name) in header.iter().enumerate() {
            let name = name.trim();
            let reported = mapping.reported.get(name).or_else(|| {
                let mut patterns = mapping.reported.iter();
                patterns.find(|(pattern, _)| is_match(pattern, name)).map(|(_, reported)| reported)
            });
            if let Some(reported) = reported {
                let (name, column) = (name.to_owned(), reported.clone());
                let condition = file_condition(column.when.as_ref(), find);
                self.reported.push(ReportedSource { index, name, column, condition });
            } else if !name.is_empty() {
                others.push((index, name.to_owned()));
            }
        }
        others.retain(|(index, name)| {
            !self.is_read(*index) && !mapping.ignored.iter().any(|pattern| is_match(pattern, name))
        });
        self.unknown = others;
    }

    fn is_read(&self, index: usize) -> bool {
        self.facts.iter().flatten().any(|source| source.index == Some(index))
            || self.options.iter().any(|it| it.value == index || it.name == Some(index))
            || self.rules.iter().any(|(column, _)| *column == index)
            || self.children.is_some_and(|(list, labels)| list == index || labels == Some(index))
            || self.conditions().any(|condition| condition.index == index)
    }

    fn conditions(&self) -> impl Iterator<Item = &FileCondition> {
        let facts = self.facts.iter().flatten().filter_map(|source| source.condition.as_ref());
        facts.chain(self.reported.iter().filter_map(|it| it.condition.as_ref()))
    }

    /// Whether the file has a source of this fact.
    pub(crate) fn has(&self, fact: Fact) -> bool {
        self.facts.get(fact as usize).is_some_and(|sources| !sources.is_empty())
    }

    /// Name of a fact in reports.
    pub(crate) fn label(&self, fact: Fact) -> String {
        let label = self.labels.get(fact as usize).filter(|label| !label.is_empty());
        label.map_or(fact.api_field(), String::as_str).to_owned()
    }

    /// Name of the column with the value of an option in reports.
    pub(crate) fn option_label(&self, option: usize) -> String {
        self.options.get(option).map_or_else(|| "options".to_owned(), |it| it.value_name.clone())
    }

    /// The first source of a fact that is not empty in a record, with its text; an empty text where none is.
    pub(crate) fn cell<'a>(
        &'a self,
        fact: Fact,
        row: &StringRecord,
    ) -> (String, Option<&'a Source>) {
        for source in &self.facts[fact as usize] {
            let text = source.text(row);
            if !text.is_empty() {
                return (text, Some(&source.source));
            }
        }
        (String::new(), None)
    }

    /// All texts of a fact in a record, one after the other, without those that another one contains.
    pub(crate) fn joined(&self, fact: Fact, row: &StringRecord) -> String {
        let texts = self.facts[fact as usize].iter().map(|source| source.text(row));
        let mut kept: Vec<String> = Vec::new();
        for text in texts.filter(|text| !text.is_empty()) {
            if !kept.iter().any(|known| known.contains(&text)) {
                kept.retain(|known| !text.contains(known.as_str()));
                kept.push(text);
            }
        }
        kept.join("\n")
    }

    /// All values of a fact in a record, with the source of each. A separator behind a backslash is part of a value.
    pub(crate) fn cells<'a>(&'a self, fact: Fact, row: &StringRecord) -> Vec<SourcedText<'a>> {
        let mut values = Vec::new();
        for source in &self.facts[fact as usize] {
            let text = source.text(row);
            let parts = match &source.source.separator {
                Some(separator) => split_unescaped(&text, separator),
                None => vec![text],
            };
            for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
                values.push((part.to_owned(), &source.source, &*source.name));
            }
        }
        values
    }

    /// Name and value of each option in a record.
    pub(crate) fn options(&self, row: &StringRecord) -> Vec<(String, String)> {
        let cell = |index: usize| {
            // A comma within a value has a backslash before it in some exports.
            plain_text(&row.get(index).unwrap_or_default().replace("\\,", ","))
        };
        let option =
            |it: &OptionSource| (it.name.map_or_else(|| it.label.clone(), cell), cell(it.value));
        self.options.iter().map(option).collect()
    }

    /// Kind of a record that is not a variant, with the reason of a refusal.
    pub(crate) fn row_kind(&self, row: &StringRecord) -> Option<(RowKind, Remark)> {
        self.rules.iter().find_map(|(index, rule)| {
            let cell = row.get(*index).unwrap_or_default();
            let value = cell.split(',').map(str::trim).find(|part| {
                let is_listed = |value: &String| value == "*" || value.eq_ignore_ascii_case(part);
                !part.is_empty() && rule.values.iter().any(is_listed)
            })?;
            let reason =
                rule.because.clone().unwrap_or_else(|| "such rows are left out".to_owned());
            let field = rule.column.clone();
            Some((rule.are, Remark { field, reason: format!("{}: {reason}", quoted(value)) }))
        })
    }

    /// Columns of a record with an effect that the shop cannot express: the column, and the reason.
    pub(crate) fn reports(&self, row: &StringRecord) -> Vec<Remark> {
        let report = |it: &ReportedSource| {
            let cell = row.get(it.index).unwrap_or_default().trim();
            let holds = it.condition.as_ref().is_none_or(|condition| condition.holds(row));
            (!cell.is_empty() && holds && !is_any_of(&it.column.unless, cell)).then(|| {
                let reason = format!("{} is not taken: {}", quoted(cell), it.column.because);
                Remark { field: it.name.clone(), reason }
            })
        };
        self.reported.iter().filter_map(report).collect()
    }

    /// Cells with prices in a record.
    pub(crate) fn prices(&self, row: &StringRecord) -> Vec<String> {
        PRICES.iter().flat_map(|fact| self.cells(*fact, row)).map(|it| it.0).collect()
    }

    /// Cells with other numbers in a record.
    pub(crate) fn measures(&self, row: &StringRecord) -> Vec<String> {
        MEASURES.iter().flat_map(|fact| self.cells(*fact, row)).map(|it| it.0).collect()
    }
}

impl FileSource {
    fn text(&self, row: &StringRecord) -> String {
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(row)) {
            return String::new();
        }
        match (self.index, &self.source.constant) {
            (Some(index), _) => self.source.meaning(row.get(index).unwrap_or_default()),
            (None, constant) => constant.clone().unwrap_or_default(),
        }
    }
}

impl FileCondition {
    fn holds(&self, row: &StringRecord) -> bool {
        is_any_of(&self.values, row.get(self.index).unwrap_or_default().trim())
    }
}

fn file_condition(
    when: Option<&RowCondition>,
    find: &impl Fn(&str) -> Option<usize>,
) -> Option<FileCondition> {
    let condition = when?;
    let index = find(&condition.column)?;
    Some(FileCondition { index, values: condition.values.clone() })
}

/// Whether a cell is one of these values, as a text or as a number.
fn is_any_of(values: &[String], cell: &str) -> bool {
    values.iter().any(|value| value.eq_ignore_ascii_case(without_zeros(cell)))
        || values.iter().any(|value| value.eq_ignore_ascii_case(cell))
}

/// Sources of a fact that a file has, and the name of the fact in reports.
fn file_sources(
    sources: &[Source],
    find: &impl Fn(&str) -> Option<usize>,
    own_name: &impl Fn(usize) -> String,
) -> (Vec<FileSource>, String) {
    let resolve = |source: &Source| {
        let index = match source.column.as_deref().map(find) {
            Some(None) => return None,
            index => index.flatten(),
        };
        let (name, source) = (index.map(own_name).unwrap_or_default(), source.clone());
        let condition = file_condition(source.when.as_ref(), find);
        Some(FileSource { index, name, source, condition })
    };
    let found: Vec<FileSource> = sources.iter().filter_map(resolve).collect();
    let first_name = || sources.iter().find_map(|source| source.column.clone()).unwrap_or_default();
    let label =
        found.iter().find(|it| it.index.is_some()).map_or_else(first_name, |it| it.name.clone());
    (found, label)
}

/// Letters and digits of a name, in lower case; the name itself where it has none.
fn normalise(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    if plain.is_empty() { name.trim().to_owned() } else { plain }
}

/// Whether a pattern, with at most one `*`, matches the name of a column.
fn is_match(pattern: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    match pattern.to_lowercase().split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
        None => normalise(pattern) == normalise(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(header: &[&str]) -> Result<Columns, String> {
        Columns::resolve(&Mapping::default(), &StringRecord::from(header.to_vec()))
    }

    #[test]
    fn columns_are_found_by_any_of_their_names_in_any_spelling() {
        let header = ["Variant SKU", "url HANDLE", "option2_value", "SEO Title", "Price", "Handle"];
        let columns = resolve(&header).unwrap();
        let row = StringRecord::from(vec!["S", " mug ", "Red", "x", "5", ""]);
        let cell = |fact| columns.cell(fact, &row).0;
        assert_eq!(
            (cell(Fact::Sku), cell(Fact::Group), cell(Fact::Price)),
            ("S".into(), "mug".into(), "5".into())
        );
        assert_eq!(columns.options(&row), [(String::new(), "Red".to_owned())]);
        assert_eq!(cell(Fact::Title), "");
        assert_eq!(columns.label(Fact::Title), "Title");
        assert_eq!(columns.unknown, [(3, "SEO Title".to_owned())]);
        assert!(resolve(&["Title", "Price"]).unwrap_err().contains("Handle"));
    }

    #[test]
    fn patterns_match_names() {
        for (pattern, name, expected) in [
            ("Price / *", "Price / International", true),
            ("Price / *", "Price", false),
            ("*_labels", "additional_image_labels", true),
            ("*_labels", "labels", false),
            ("Tax code", "tax_code", true),
        ] {
            assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_column_with_an_effect_is_reported_unless_its_value_is_usual() {
        let columns = resolve(&["Handle", "Variant Taxable", "Price / Asia"]).unwrap();
        let reports = |cells: [&str; 3]| columns.reports(&StringRecord::from(cells.to_vec())).len();
        assert_eq!(reports(["mug", "TRUE", ""]), 0);
        assert_eq!(reports(["mug", "false", ""]), 1);
        assert_eq!(reports(["mug", "perhaps", "7"]), 2);
    }
}
