//! Products that list their variants, as Magento's configurable products do: `sku=A-S,size=S|sku=A-M,size=M`.

use super::TableReader;
use crate::{
    columns::Columns,
    mapping::Fact,
    text::{collapse_whitespace, plain_text},
};
use csv::StringRecord;
use std::collections::HashMap;

/// Variants that a product lists, by SKU in lower case.
#[derive(Debug, Default)]
pub(crate) struct Parents(HashMap<String, Child>);

/// Variant in the list of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Group of the product.
    pub(crate) parent: String,
    /// Name and value of each option.
    pub(crate) options: Vec<(String, String)>,
}

impl Parents {
    /// The entry of a variant.
    pub(crate) fn of(&self, sku: &str) -> Option<&Child> {
        // Most imports have no such products.
        if self.0.is_empty() { None } else { self.0.get(&sku.to_lowercase()) }
    }

    /// Reads the lists of a table. A variant belongs to the first product that lists it.
    pub(super) fn read(
        &mut self,
        mut table: TableReader<'_>,
        columns: &Columns,
    ) -> Result<(), csv::Error> {
        let Some((list, labels)) = columns.children else { return Ok(()) };
        let mut row = StringRecord::new();
        while table.read_record(&mut row)? {
            let parent = collapse_whitespace(&columns.cell(Fact::Group, &row).0);
            let labels = labels.and_then(|index| row.get(index)).unwrap_or_default();
            let order: Vec<&str> = pairs(labels).map(|(name, _)| name).collect();
            let labels: HashMap<&str, &str> = pairs(labels).collect();
            for variant in row.get(list).unwrap_or_default().split('|') {
                let Some((_, sku)) = pairs(variant).find(|(name, _)| *name == "sku") else {
                    continue;
                };
                let label = |name: &str| labels.get(name).map_or(name, |label| label).to_owned();
                // In the order of the labels, whatever the order in each variant.
                let mut options: Vec<(&str, &str)> =
                    pairs(variant).filter(|(name, _)| *name != "sku").collect();
                let place = |name: &str| order.iter().position(|it| *it == name);
                options.sort_by_key(|(name, _)| (place(name).unwrap_or(order.len()), *name));
                let options = options.into_iter();
                let options =
                    options.map(|(name, value)| (label(name), plain_text(value))).collect();
                let child = Child { parent: parent.clone(), options };
                self.0.entry(sku.to_lowercase()).or_insert(child);
            }
        }
        Ok(())
    }
}

/// Names and values of a text such as `size=S,color=Red`.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split(',').filter_map(|part| part.split_once('='));
    parts.map(|(name, value)| (name.trim(), value.trim()))
}
