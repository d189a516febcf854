//! Grouping of rows into products, as an iterator in bounded memory.

use crate::{
    columns::Columns,
    error::ImportError,
    file_scan::{FileScan, ScannedFile, TableReader, group_key, open_table},
    json_lines::JsonLines,
    mapping::Fact,
    product::{BuildSettings, PreparedProduct, ProductBuilder},
    row::{Remark, Row, RowOrigin, RowOutcome, RowReport, rejected_row},
    text_reader::TextReader,
};
use csv::StringRecord;
use std::{
    collections::{HashMap, VecDeque},
    io,
    path::PathBuf,
    sync::Arc,
};

/// The most rows of one product: more than it can have variants and pictures.
const PRODUCT_ROWS_MAX: usize = 5_000;

/// Item of the import: a product to send, or a row that is not part of one.
#[derive(Debug)]
pub(crate) enum ImportItem {
    Product(Box<PreparedProduct>),
    Row(RowReport),
}

/// Iterator over the products and rejected rows of all files, in the order in which they are complete.
pub(crate) struct ProductGrouper<'a> {
    files: &'a [PathBuf],
    scan: &'a FileScan,
    on_read: &'a dyn Fn(u64),
    next_file: usize,
    open: Option<OpenFile<'a>>,
    /// The product whose rows are being read.
    current: Option<RowGroup>,
    /// Products with more rows to come after those of other products, by group.
    suspended: HashMap<String, RowGroup>,
    builder: ProductBuilder,
    ready: VecDeque<ImportItem>,
    ended: bool,
}

enum OpenFile<'a> {
    Table { reader: Box<TableReader<'a>>, columns: Arc<Columns>, lines_skipped: u64 },
    JsonLines(Box<JsonLines<'a>>),
}

/// Rows of one product so far.
struct RowGroup {
    group: String,
    rows: Vec<Row>,
    /// Number of further runs of rows, from the first pass.
    remaining_runs: u32,
}

impl<'a> ProductGrouper<'a> {
    pub(crate) fn new(
        files: &'a [PathBuf],
        scan: &'a FileScan,
        settings: BuildSettings,
        on_read: &'a dyn Fn(u64),
    ) -> Self {
        Self {
            files,
            scan,
            on_read,
            next_file: 0,
            open: None,
            current: None,
            suspended: HashMap::new(),
            builder: ProductBuilder::new(settings),
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// Reads one row or line, or opens the next file; at the end completes what is left.
    fn advance(&mut self) -> Result<(), ImportError> {
        let index = self.next_file.saturating_sub(1);
        match self.open.take() {
            Some(OpenFile::Table { mut reader, columns, lines_skipped }) => {
                let mut row = StringRecord::new();
                let more = reader.read_record(&mut row);
                if more.map_err(|error| self.read_error(index, error.into()))? {
                    let line = row.position().map_or(0, csv::Position::line) + lines_skipped;
                    self.add_row((index, line), &columns, &row);
                    self.open = Some(OpenFile::Table { reader, columns, lines_skipped });
                }
            }
            Some(OpenFile::JsonLines(mut lines)) => {
                let item = lines.next(index, &mut self.builder);
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
                rest.sort_by(|one, other| one.group.cmp(&other.group));
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
        self.open = Some(match &self.scan.files[index] {
            ScannedFile::Table { layout, columns, remarks } => {
                self.remark_on_header(index, layout.lines_skipped + 1, remarks.clone());
                let reader = open_table(path, *layout, self.on_read);
                let reader = reader.map_err(|error| self.read_error(index, error))?;
                let (reader, lines_skipped) = (Box::new(reader), layout.lines_skipped);
                OpenFile::Table { reader, columns: Arc::clone(columns), lines_skipped }
            }
            ScannedFile::JsonLines { encoding } => {
                let text = TextReader::open(path, *encoding, self.on_read);
                let text = text.map_err(|error| self.read_error(index, error))?;
                OpenFile::JsonLines(Box::new(JsonLines::new(text)))
            }
        });
        Ok(())
    }

    fn remark_on_header(&mut self, file: usize, line: u64, remarks: Vec<Remark>) {
        if !remarks.is_empty() {
            let origin = RowOrigin { file, line, handle: String::new() };
            let (sku, outcome) = (String::new(), RowOutcome::Header);
            self.ready.push_back(ImportItem::Row(RowReport { origin, sku, outcome, remarks }));
        }
    }

    fn read_error(&self, file: usize, error: io::Error) -> ImportError {
        ImportError::File { path: self.files[file].clone(), error }
    }

    fn add_row(&mut self, (file, line): (usize, u64), columns: &Arc<Columns>, row: &StringRecord) {
        let handle = self.scan.group(columns, row);
        let group = group_key(&handle);
        let sku = columns.cell(Fact::Sku, row).0;
        let mut row = Row::from_record(RowOrigin { file, line, handle }, columns, row);
        if let Some(child) = self.scan.parents.of(&sku) {
            row.options.clone_from(&child.options);
        }
        if group.is_empty() {
            self.reject(row, "is empty: it is unknown which product this row belongs to");
            return;
        }
        if self.current.as_ref().is_none_or(|current| current.group != group) {
            self.start_run(&group);
        }
        let Some(current) = &mut self.current else { return };
        if current.rows.len() == PRODUCT_ROWS_MAX {
            self.reject(row, format!("a product has at most {PRODUCT_ROWS_MAX} rows"));
        } else {
            current.rows.push(row);
        }
    }

    fn reject(&mut self, row: Row, reason: impl Into<String>) {
        let (remark, sku) = (row.remark(Fact::Group, reason), row.cell(Fact::Sku).to_owned());
        self.ready.push_back(ImportItem::Row(rejected_row(row.origin, sku, remark)));
    }

    /// Starts a run of rows of another product: the group before it is complete, or suspended until its next run.
    fn start_run(&mut self, group: &str) {
        if let Some(rows) = self.current.take() {
            if rows.remaining_runs == 0 {
                self.finish_group(rows);
            } else {
                self.suspended.insert(rows.group.clone(), rows);
            }
        }
        let remaining_runs = || self.scan.extra_runs(group);
        let rows = self.suspended.remove(group).map_or_else(
            || RowGroup {
                remaining_runs: remaining_runs(),
                rows: Vec::new(),
                group: group.to_owned(),
            },
            |rows| RowGroup { remaining_runs: rows.remaining_runs.saturating_sub(1), ..rows },
        );
        self.current = Some(rows);
    }

    fn finish_group(&mut self, rows: RowGroup) {
        match self.builder.build(&rows.group, rows.rows) {
            Ok(product) => self.ready.push_back(ImportItem::Product(Box::new(product))),
            Err(rejected) => self.ready.extend(rejected.into_iter().map(ImportItem::Row)),
        }
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
