//! Grouping of rows into products by handle, as an iterator in bounded memory.

use crate::{
    columns::{Column, ColumnMap},
    error::ImportError,
    file_scan::{FileFormat, FileScan, read_columns, table_reader},
    json_lines::JsonLines,
    product::{PreparedProduct, SkuIndex, build_product},
    row::{Remark, Row, RowOrigin, RowReport, rejected_row},
    text::{fingerprint, slug},
    text_reader::TextReader,
};
use csv::{Reader, StringRecord};
use kernel::Currency;
use std::{
    collections::{HashMap, VecDeque},
    io,
    path::PathBuf,
};

/// The most rows of one product: more than it can have variants and pictures.
const PRODUCT_ROWS_MAX: usize = 5_000;

/// Item of the import: a product to send, or a row that was rejected.
#[derive(Debug)]
pub(crate) enum ImportItem {
    Product(Box<PreparedProduct>),
    Rejected(RowReport),
}

/// Iterator over the products and rejected rows of all files, in the order in which they are complete.
pub(crate) struct ProductGrouper<'a> {
    files: &'a [PathBuf],
    scan: &'a FileScan,
    currency: Currency,
    on_read: &'a dyn Fn(u64),
    next_file: usize,
    open: Option<OpenFile<'a>>,
    /// The product whose rows are being read.
    current: Option<RowGroup>,
    /// Products with more rows to come after those of other products, by slug.
    suspended: HashMap<String, RowGroup>,
    skus: SkuIndex,
    ready: VecDeque<ImportItem>,
    ended: bool,
}

enum OpenFile<'a> {
    Table { reader: Box<Reader<TextReader<'a>>>, columns: Box<ColumnMap> },
    JsonLines(Box<JsonLines<'a>>),
}

/// Rows of one product so far.
struct RowGroup {
    slug: String,
    rows: Vec<Row>,
    /// Number of further runs of rows, from the first pass.
    remaining_runs: u32,
}

impl<'a> ProductGrouper<'a> {
    pub(crate) fn new(
        files: &'a [PathBuf],
        scan: &'a FileScan,
        currency: Currency,
        on_read: &'a dyn Fn(u64),
    ) -> Self {
        Self {
            files,
            scan,
            currency,
            on_read,
            next_file: 0,
            open: None,
            current: None,
            suspended: HashMap::new(),
            skus: SkuIndex::default(),
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// Reads one row or line, or opens the next file; at the end completes what is left.
    fn advance(&mut self) -> Result<(), ImportError> {
        let index = self.next_file.saturating_sub(1);
        match self.open.take() {
            Some(OpenFile::Table { mut reader, columns }) => {
                let mut row = StringRecord::new();
                let more = reader.read_record(&mut row);
                if more.map_err(|error| self.read_error(index, error.into()))? {
                    self.add_row(index, &columns, &row);
                    self.open = Some(OpenFile::Table { reader, columns });
                }
            }
            Some(OpenFile::JsonLines(mut lines)) => {
                let item = lines.next(index, self.currency, &mut self.skus);
                if let Some(item) = item.map_err(|error| self.read_error(index, error))? {
                    self.ready.push_back(item);
                    self.open = Some(OpenFile::JsonLines(lines));
                }
            }
            None if self.next_file < self.files.len() => self.open_next_file()?,
            None => {
                self.ended = true;
                let rest =
                    self.current.take().into_iter().chain(self.suspended.drain().map(|it| it.1));
                let mut rest: Vec<RowGroup> = rest.collect();
                rest.sort_by(|one, other| one.slug.cmp(&other.slug));
                for rows in rest {
                    self.finish_group(rows);
                }
            }
        }
        Ok(())
    }

    fn open_next_file(&mut self) -> Result<(), ImportError> {
        let (index, path) = (self.next_file, &self.files[self.next_file]);
        self.next_file += 1;
        let open = |encoding| {
            TextReader::open(path, encoding, self.on_read)
                .map_err(|error| self.read_error(index, error))
        };
        self.open = Some(match self.scan.formats[index] {
            FileFormat::Table { encoding, delimiter } => {
                let mut reader = Box::new(table_reader(open(encoding)?, delimiter));
                let columns = Box::new(read_columns(&mut reader, path)?);
                OpenFile::Table { reader, columns }
            }
            FileFormat::JsonLines { encoding } => {
                OpenFile::JsonLines(Box::new(JsonLines::new(open(encoding)?)))
            }
        });
        Ok(())
    }

    fn read_error(&self, file: usize, error: io::Error) -> ImportError {
        ImportError::File { path: self.files[file].clone(), error }
    }

    fn add_row(&mut self, file: usize, columns: &ColumnMap, row: &StringRecord) {
        let handle = columns.cell(Column::Handle, row).to_owned();
        let line = row.position().map_or(0, csv::Position::line);
        let slug = slug(&handle);
        let row = Row::from_record(RowOrigin { file, line, handle }, columns, row);
        if slug.is_empty() {
            let reason = if row.origin.handle.is_empty() {
                "is empty: it is unknown which product this row belongs to"
            } else {
                "has neither letters nor digits, which an address needs"
            };
            self.reject(row, reason);
            return;
        }
        if self.current.as_ref().is_none_or(|current| current.slug != slug) {
            self.start_run(&slug);
        }
        let Some(current) = &mut self.current else { return };
        let other = current
            .rows
            .first()
            .filter(|first| !same_handle(&first.origin.handle, &row.origin.handle));
        if let Some(other) = other {
            let reason = format!("gives the same address as the handle {}", other.origin.handle);
            self.reject(row, reason);
        } else if current.rows.len() == PRODUCT_ROWS_MAX {
            self.reject(row, format!("a product has at most {PRODUCT_ROWS_MAX} rows"));
        } else {
            current.rows.push(row);
        }
    }

    fn reject(&mut self, row: Row, reason: impl Into<String>) {
        let remark = Remark::about(Column::Handle, reason);
        self.ready.push_back(ImportItem::Rejected(rejected_row(row.origin, row.sku, remark)));
    }

    /// Starts a run of rows of another product: the group before it is complete, or suspended until its next run.
    fn start_run(&mut self, slug: &str) {
        if let Some(rows) = self.current.take() {
            if rows.remaining_runs == 0 {
                self.finish_group(rows);
            } else {
                self.suspended.insert(rows.slug.clone(), rows);
            }
        }
        let remaining_runs = || self.scan.extra_runs(fingerprint(slug));
        let rows = self.suspended.remove(slug).map_or_else(
            || RowGroup {
                remaining_runs: remaining_runs(),
                rows: Vec::new(),
                slug: slug.to_owned(),
            },
            |rows| RowGroup { remaining_runs: rows.remaining_runs.saturating_sub(1), ..rows },
        );
        self.current = Some(rows);
    }

    fn finish_group(&mut self, rows: RowGroup) {
        let result = build_product(&rows.slug, rows.rows, self.currency, &mut self.skus);
        self.ready.extend(result.product.map(|product| ImportItem::Product(Box::new(product))));
        self.ready.extend(result.rejected.into_iter().map(ImportItem::Rejected));
    }
}

impl Iterator for ProductGrouper<'_> {
    type Item = Result<ImportItem, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            if let Err(error) = self.advance() {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// Whether two handles are equal regardless of case, as exports treat them.
fn same_handle(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
