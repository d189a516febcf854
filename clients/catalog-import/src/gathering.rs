//! Gathers the rows of files into products, one product at a time.

use crate::{
    columns::{Column, Columns},
    failure::ImportFailure,
    json_lines::JsonLines,
    product::{Prepared, SkusSeen, make},
    reading::Text,
    row::{Place, Remark, Row, RowReport, rejected},
    survey::{Form, Survey, columns, table},
    words::{fingerprint, slug},
};
use csv::{Reader, StringRecord};
use kernel::Currency;
use std::{
    collections::{HashMap, VecDeque},
    io,
    path::PathBuf,
};

/// The most rows of one product: more than its variants and pictures can be.
const PRODUCT_ROWS_MAX: usize = 5_000;

/// Something that came out of the files.
#[derive(Debug)]
pub(crate) enum Found {
    Product(Box<Prepared>),
    Rejected(RowReport),
}

/// All products and refused rows of the files, in the order in which they are complete.
pub(crate) struct Gathering<'a> {
    files: &'a [PathBuf],
    survey: &'a Survey,
    currency: Currency,
    counted: &'a dyn Fn(u64),
    next_file: usize,
    open: Option<Open<'a>>,
    /// The product whose rows are being read.
    current: Option<Gathered>,
    /// Products whose rows were interrupted, by their address.
    waiting: HashMap<String, Gathered>,
    skus: SkusSeen,
    ready: VecDeque<Found>,
    ended: bool,
}

enum Open<'a> {
    Table { reader: Box<Reader<Text<'a>>>, columns: Box<Columns> },
    JsonLines(Box<JsonLines<'a>>),
}

/// The rows of a product so far.
struct Gathered {
    slug: String,
    rows: Vec<Row>,
    /// How often rows of it still begin again.
    further_runs: u32,
}

impl<'a> Gathering<'a> {
    pub(crate) fn new(
        files: &'a [PathBuf],
        survey: &'a Survey,
        currency: Currency,
        counted: &'a dyn Fn(u64),
    ) -> Self {
        Self {
            files,
            survey,
            currency,
            counted,
            next_file: 0,
            open: None,
            current: None,
            waiting: HashMap::new(),
            skus: SkusSeen::new(),
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// Reads on until something is ready or everything is read.
    fn advance(&mut self) -> Result<(), ImportFailure> {
        let index = self.next_file.saturating_sub(1);
        match self.open.take() {
            Some(Open::Table { mut reader, columns }) => {
                let mut row = StringRecord::new();
                let more = reader.read_record(&mut row);
                if more.map_err(|error| self.unreadable(index, error.into()))? {
                    self.row(index, &columns, &row);
                    self.open = Some(Open::Table { reader, columns });
                }
            }
            Some(Open::JsonLines(mut lines)) => {
                let found = lines.next(index, self.currency, &mut self.skus);
                if let Some(found) = found.map_err(|error| self.unreadable(index, error))? {
                    self.ready.push_back(found);
                    self.open = Some(Open::JsonLines(lines));
                }
            }
            None if self.next_file < self.files.len() => self.open_next()?,
            None => {
                self.ended = true;
                let rest =
                    self.current.take().into_iter().chain(self.waiting.drain().map(|it| it.1));
                let mut rest: Vec<Gathered> = rest.collect();
                rest.sort_by(|one, other| one.slug.cmp(&other.slug));
                for rows in rest {
                    self.complete(rows);
                }
            }
        }
        Ok(())
    }

    fn open_next(&mut self) -> Result<(), ImportFailure> {
        let (index, path) = (self.next_file, &self.files[self.next_file]);
        self.next_file += 1;
        let open = |spelling| {
            Text::open(path, spelling, self.counted).map_err(|error| self.unreadable(index, error))
        };
        self.open = Some(match self.survey.forms[index] {
            Form::Table { spelling, delimiter } => {
                let mut reader = Box::new(table(open(spelling)?, delimiter));
                let columns = Box::new(columns(&mut reader, path)?);
                Open::Table { reader, columns }
            }
            Form::JsonLines { spelling } => {
                Open::JsonLines(Box::new(JsonLines::of(open(spelling)?)))
            }
        });
        Ok(())
    }

    fn unreadable(&self, file: usize, error: io::Error) -> ImportFailure {
        ImportFailure::File { path: self.files[file].clone(), error }
    }

    fn row(&mut self, file: usize, columns: &Columns, row: &StringRecord) {
        let handle = columns.cell(Column::Handle, row).to_owned();
        let line = row.position().map_or(0, csv::Position::line);
        let slug = slug(&handle);
        let row = Row::of(Place { file, line, handle }, columns, row);
        if slug.is_empty() {
            let reason = if row.place.handle.is_empty() {
                "is empty: nobody can tell which product this row belongs to"
            } else {
                "has neither letters nor digits, of which addresses are made"
            };
            self.reject(row, reason);
            return;
        }
        if self.current.as_ref().is_none_or(|current| current.slug != slug) {
            self.begin_run(&slug);
        }
        let Some(current) = &mut self.current else { return };
        let other =
            current.rows.first().filter(|first| !same(&first.place.handle, &row.place.handle));
        if let Some(other) = other {
            let reason = format!("gives the same address as the handle {}", other.place.handle);
            self.reject(row, reason);
        } else if current.rows.len() == PRODUCT_ROWS_MAX {
            self.reject(row, format!("a product has at most {PRODUCT_ROWS_MAX} rows"));
        } else {
            current.rows.push(row);
        }
    }

    fn reject(&mut self, row: Row, reason: impl Into<String>) {
        let remark = Remark::about(Column::Handle, reason);
        self.ready.push_back(Found::Rejected(rejected(row.place, row.sku, remark)));
    }

    /// Gathered of another product begin: the one before is complete, or waits for more of its rows.
    fn begin_run(&mut self, slug: &str) {
        if let Some(rows) = self.current.take() {
            if rows.further_runs == 0 {
                self.complete(rows);
            } else {
                self.waiting.insert(rows.slug.clone(), rows);
            }
        }
        let further_runs = || self.survey.interruptions(fingerprint(slug));
        let rows = self.waiting.remove(slug).map_or_else(
            || Gathered { further_runs: further_runs(), rows: Vec::new(), slug: slug.to_owned() },
            |rows| Gathered { further_runs: rows.further_runs.saturating_sub(1), ..rows },
        );
        self.current = Some(rows);
    }

    fn complete(&mut self, rows: Gathered) {
        let made = make(&rows.slug, rows.rows, self.currency, &mut self.skus);
        self.ready.extend(made.product.map(|product| Found::Product(Box::new(product))));
        self.ready.extend(made.rejected.into_iter().map(Found::Rejected));
    }
}

impl Iterator for Gathering<'_> {
    type Item = Result<Found, ImportFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            if let Err(failure) = self.advance() {
                self.ended = true;
                return Some(Err(failure));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// Whether two handles are one: shops do not tell capitals from small letters there.
fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
