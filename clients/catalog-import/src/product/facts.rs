//! Facts of a product as a whole, from all of its rows.

use super::status;
use crate::{
    columns::Columns,
    html,
    mapping::Fact,
    row::{Remark, Row},
    text::collapse_whitespace,
};
use contracts::product::{NewProduct, ProductOption};
use std::sync::Arc;

/// Facts of a product, taken from the first row that has each; from the product's own row before those of its variants.
#[derive(Debug)]
pub(super) struct ProductFacts {
    columns: Arc<Columns>,
    pub(super) handle: String,
    pub(super) title: String,
    description: String,
    brand: String,
    categories: Vec<String>,
    product_type: String,
    tags: Vec<String>,
    status: String,
    published: String,
    /// Price of the product, for variants that have none of their own.
    pub(super) price: String,
}

impl ProductFacts {
    pub(super) fn of(rows: &[Row], remarks: &mut Vec<Remark>) -> Self {
        let (parents, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|it| it.is_parent());
        let has_parent = !parents.is_empty();
        let rows: Vec<&Row> = parents.iter().chain(&others).copied().collect();
        let columns = rows.first().map(|row| Arc::clone(&row.columns)).unwrap_or_default();
        let first = |fact: Fact| {
            let cells = rows.iter().map(|row| row.cell(fact)).find(|cell| !cell.is_empty());
            cells.unwrap_or_default().to_owned()
        };
        let list = |cells: fn(&Row) -> &Vec<String>| {
            let lists = rows.iter().map(|row| cells(row)).find(|list| !list.is_empty());
            lists.cloned().unwrap_or_default()
        };
        let facts = Self {
            handle: first(Fact::Handle),
            title: first(Fact::Title),
            description: first(Fact::Description),
            brand: first(Fact::Brand),
            categories: list(|row| &row.categories),
            product_type: first(Fact::ProductType),
            tags: list(|row| &row.tags),
            status: first(Fact::Status),
            published: first(Fact::Published),
            price: parents.first().map_or_else(String::new, |row| row.cell(Fact::Price).to_owned()),
            columns,
        };
        if !has_parent {
            // A product's own row is a summary; without one, rows that disagree are a surprise.
            for (fact, taken) in [(Fact::Title, &facts.title), (Fact::Brand, &facts.brand)] {
                let other =
                    rows.iter().find(|row| !row.cell(fact).is_empty() && row.cell(fact) != taken);
                remarks.extend(other.map(|row| {
                    let (line, text) = (row.origin.line, crate::number::quoted(row.cell(fact)));
                    row.remark(
                        fact,
                        format!(
                            "is {text} on line {line}; {} was taken",
                            crate::number::quoted(taken)
                        ),
                    )
                }));
            }
        }
        facts
    }

    pub(super) fn label(&self, fact: Fact) -> String {
        self.columns.label(fact)
    }

    pub(super) fn remark(&self, fact: Fact, reason: impl Into<String>) -> Remark {
        Remark { field: self.label(fact), reason: reason.into() }
    }

    /// Product without its variants and pictures.
    pub(super) fn product(
        &self,
        slug: &str,
        options: Vec<ProductOption>,
        remarks: &mut Vec<Remark>,
    ) -> NewProduct {
        let mut name = self.title.clone();
        if name.is_empty() {
            let by_handle = name_from_handle(&self.handle);
            name = if by_handle.is_empty() { name_from_handle(slug) } else { by_handle };
            let reason = format!("is empty; “{name}” was taken from its handle");
            remarks.push(self.remark(Fact::Title, reason));
        }
        self.remark_on_description(remarks);
        NewProduct {
            slug: Some(slug.to_owned()),
            name,
            description: self.description.clone(),
            brand: Some(self.brand.clone()).filter(|brand| !brand.is_empty()),
            categories: self.categories(remarks),
            tags: tags(&self.tags),
            options,
            status: status::status(&self.columns, &self.status, &self.published, remarks),
            ..NewProduct::default()
        }
    }

    fn remark_on_description(&self, remarks: &mut Vec<Remark>) {
        let removed = html::removed_elements(&self.description);
        if !removed.is_empty() {
            let list: Vec<String> = removed
                .iter()
                .map(|(name, count)| {
                    if *count == 1 {
                        format!("<{name}>")
                    } else {
                        format!("<{name}> ({count} times)")
                    }
                })
                .collect();
            let reason = format!("has {}, which this shop leaves out", list.join(", "));
            remarks.push(self.remark(Fact::Description, reason));
        }
    }

    /// Category paths, or else the shop's own product type.
    fn categories(&self, remarks: &mut Vec<Remark>) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for path in self.categories.iter().map(|path| normalised(path)) {
            let is_new = !paths.iter().any(|known| known.eq_ignore_ascii_case(&path));
            if !path.is_empty() && path != "Uncategorized" && is_new {
                paths.push(path);
            }
        }
        let product_type = single_level(&self.product_type);
        if paths.is_empty() {
            return Some(product_type).filter(|it| !it.is_empty()).into_iter().collect();
        }
        let is_told = paths.iter().any(|path| {
            path.rsplit(" > ").next().is_some_and(|last| last.eq_ignore_ascii_case(&product_type))
        });
        if !product_type.is_empty() && !is_told {
            let reason =
                format!("“{product_type}” was not taken beside the category “{}”", paths[0]);
            remarks.push(self.remark(Fact::ProductType, reason));
        }
        paths
    }
}

/// Name made of the words of a handle.
fn name_from_handle(handle: &str) -> String {
    let words = collapse_whitespace(&handle.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

fn normalised(path: &str) -> String {
    let levels = path
        .split('>')
        .map(collapse_whitespace)
        .filter(|level| level.chars().any(char::is_alphanumeric));
    levels.collect::<Vec<_>>().join(" > ")
}

/// Product type as a category of one level, whatever separators it contains.
fn single_level(kind: &str) -> String {
    let kind = collapse_whitespace(&kind.replace('>', "/"));
    if kind.chars().any(char::is_alphanumeric) { kind } else { String::new() }
}

fn tags(all: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in all {
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            tags.push(tag.clone());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_paths_are_normalised() {
        assert_eq!(normalised(" > Home >  > Mugs & cups"), "Home > Mugs & cups");
        assert_eq!(normalised("—"), "");
        assert_eq!(single_level("Cups > Mugs"), "Cups / Mugs");
        assert_eq!(single_level("—"), "");
    }
}
