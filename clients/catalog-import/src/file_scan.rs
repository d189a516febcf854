//! First pass over the files: encoding, format, columns, number notation, and products whose rows are not contiguous.
//!
//! The rows of a product are usually contiguous, and then one product in memory is enough. Where one comes again after
//! other products, its rows have to be kept until its last run; only this pass knows which products those are. So a
//! million rows need little memory, and the order of rows makes no difference.

mod format;
mod parents;
mod table_reader;

#[cfg(test)]
mod tests;

use crate::{
    columns::{Columns, Numbers},
    error::ImportError,
    mapping::{Fact, Mapping},
    number::{DecimalSeparator, NotationEvidence, is_in_currency},
    row::Remark,
    text::{collapse_whitespace, fingerprint},
    text_reader::TextEncoding,
};
use csv::StringRecord;
use format::{detect_encoding, detect_format};
use kernel::Currency;
use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::Arc,
};

pub(crate) use format::{FileFormat, Layout, open_table};
pub(crate) use parents::Parents;
pub(crate) use table_reader::TableReader;

/// What the scan needs to know about the import.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanSettings<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) currency: Currency,
    /// Decimal separator where a file does not tell it.
    pub(crate) decimal: Option<DecimalSeparator>,
}

/// Result of the first pass over all files.
#[derive(Debug, Default)]
pub(crate) struct FileScan {
    /// In the order of the files.
    pub(crate) files: Vec<ScannedFile>,
    pub(crate) parents: Parents,
    /// Number of runs after the first one, by the fingerprint of the group; absent for contiguous products.
    extra_runs: HashMap<u64, u32>,
    groups: HashSet<u64>,
    last: Option<u64>,
}

/// File after its scan.
#[derive(Debug)]
pub(crate) enum ScannedFile {
    /// Rows of cells.
    Table { layout: Layout, columns: Arc<Columns>, remarks: Vec<Remark> },
    /// One JSON object a line.
    JsonLines { encoding: TextEncoding },
}

/// What the rows of a file say as a whole.
#[derive(Debug, Default)]
struct TableFacts {
    prices: NotationEvidence,
    measures: NotationEvidence,
    /// Number of cells that are not empty, by unknown column.
    unknown_cells: Vec<u64>,
}

impl FileScan {
    /// Scans one more file. `on_read` gets the number of bytes of each read of it.
    pub(crate) fn scan_file(
        &mut self,
        path: &Path,
        settings: ScanSettings<'_>,
        mut on_read: impl FnMut(u64),
    ) -> Result<(), ImportError> {
        let failed = |error: io::Error| ImportError::File { path: path.to_owned(), error };
        let encoding = detect_encoding(path, &mut on_read).map_err(failed)?;
        let no_products = |reason| Err(ImportError::NoProducts { path: path.to_owned(), reason });
        let layout = match detect_format(path, encoding).map_err(failed)? {
            FileFormat::Empty => return no_products("is empty"),
            FileFormat::Binary => return no_products("is not a text file"),
            FileFormat::Table(layout) => layout,
            FileFormat::JsonLines => {
                self.files.push(ScannedFile::JsonLines { encoding });
                return Ok(());
            }
        };
        let open = || open_table(path, layout, |_| {}).map_err(failed);
        let mut table = open()?;
        let header = table.headers().map_err(|error| failed(error.into()))?;
        let columns = Columns::resolve(settings.mapping, &header);
        let mut columns =
            columns.map_err(|names| ImportError::MissingColumn { path: path.to_owned(), names })?;
        if columns.children.is_some() {
            self.parents.read(open()?, &columns).map_err(|error| failed(error.into()))?;
        }
        let facts = self.scan_rows(&mut table, &columns, settings.currency);
        let facts = facts.map_err(|error| failed(error.into()))?;
        columns.numbers = facts.numbers(path, settings)?;
        let remarks = facts.remarks(&columns);
        self.files.push(ScannedFile::Table { layout, columns: Arc::new(columns), remarks });
        Ok(())
    }

    /// Group of a record: the same for all rows of a product, whatever its case.
    pub(crate) fn group(&self, columns: &Columns, row: &StringRecord) -> String {
        let sku = collapse_whitespace(&columns.cell(Fact::Sku, row).0);
        if let Some(child) = self.parents.of(&sku) {
            return child.parent.clone();
        }
        let group = columns.cell(Fact::Group, row).0;
        let handle = || columns.cell(Fact::Handle, row).0;
        collapse_whitespace(&if group.is_empty() { handle() } else { group })
    }

    /// Number of runs of rows that a product has after its first one.
    pub(crate) fn extra_runs(&self, group: &str) -> u32 {
        self.extra_runs.get(&fingerprint(group)).copied().unwrap_or(0)
    }

    fn scan_rows(
        &mut self,
        table: &mut TableReader<'_>,
        columns: &Columns,
        currency: Currency,
    ) -> Result<TableFacts, csv::Error> {
        let mut facts =
            TableFacts { unknown_cells: vec![0; columns.unknown.len()], ..TableFacts::default() };
        let mut row = StringRecord::new();
        while table.read_record(&mut row)? {
            self.record_group(&group_key(&self.group(columns, &row)));
            let line = row.position().map_or(0, csv::Position::line);
            for price in columns.prices(&row).iter().filter(|it| is_in_currency(it, currency)) {
                facts.prices.observe(price, line, currency.decimals());
            }
            for measure in columns.measures(&row) {
                facts.measures.observe(&measure, line, 2);
            }
            for (count, (index, _)) in facts.unknown_cells.iter_mut().zip(&columns.unknown) {
                *count += u64::from(row.get(*index).is_some_and(|cell| !cell.trim().is_empty()));
            }
        }
        Ok(facts)
    }

    fn record_group(&mut self, group: &str) {
        let group = fingerprint(group);
        if self.last == Some(group) {
            return;
        }
        self.last = Some(group);
        if !self.groups.insert(group) {
            *self.extra_runs.entry(group).or_default() += 1;
        }
    }
}

/// Key of a group: the same for all spellings of it.
pub(crate) fn group_key(group: &str) -> String {
    group.to_lowercase()
}

impl TableFacts {
    /// Decimal separators of the file's numbers: as it was asked for, or as all its cells tell. Prices and other numbers
    /// that do not tell are like the others of the file.
    fn numbers(&self, path: &Path, settings: ScanSettings<'_>) -> Result<Numbers, ImportError> {
        if let Some(decimal) = settings.decimal.or(settings.mapping.decimal) {
            return Ok(Numbers { prices: decimal, measures: decimal });
        }
        let decide = |own: &NotationEvidence, other: &NotationEvidence| {
            let decided = own.decided().or_else(|| other.decided().filter(|_| !own.is_mixed()));
            match (&own.ambiguous, decided) {
                (_, Some(decimal)) => Ok(decimal),
                (None, None) => Ok(DecimalSeparator::default()),
                (Some((line, text)), None) => Err(ImportError::AmbiguousNumber {
                    path: path.to_owned(),
                    line: *line,
                    text: text.clone(),
                }),
            }
        };
        Ok(Numbers {
            prices: decide(&self.prices, &self.measures)?,
            measures: decide(&self.measures, &self.prices)?,
        })
    }

    /// Remarks on the header: columns that are not taken, and the lack of stock.
    fn remarks(&self, columns: &Columns) -> Vec<Remark> {
        let unknown = columns.unknown.iter().zip(&self.unknown_cells);
        let unknown = unknown.filter(|(_, cells)| **cells > 0);
        let mut remarks: Vec<Remark> = unknown
            .map(|((_, name), cells)| Remark {
                field: name.clone(),
                reason: match cells {
                    1 => "is not a known column; 1 value was not taken".to_owned(),
                    cells => format!("is not a known column; {cells} values were not taken"),
                },
            })
            .collect();
        if !columns.has(Fact::Stock) && !columns.has(Fact::InStock) {
            let reason = "no column has it: new variants are sold out until their stock is counted";
            remarks.push(Remark { field: columns.label(Fact::Stock), reason: reason.to_owned() });
        }
        remarks
    }
}
