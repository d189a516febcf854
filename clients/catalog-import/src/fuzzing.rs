//! Way in for fuzz targets: a file is read as an import reads it, up to the products that would be sent.

use crate::{
    DecimalSeparator, ImportError, Mapping,
    file_scan::{FileScan, ScanSettings, ScannedFile, open_table},
    limits::{CATEGORIES_MAX, OPTIONS_MAX, PICTURES_MAX, TAGS_MAX, VARIANTS_MAX},
    product::BuildSettings,
    row::RowOutcome,
    row_grouping::{ImportItem, ProductGrouper},
    text_reader::TextReader,
};
use contracts::product::NewProduct;
use csv::StringRecord;
use kernel::Currency;
use std::{
    io::{self, BufRead},
    path::{Path, PathBuf},
};

/// File that was read.
#[derive(Clone, Debug, Default)]
pub struct ReadFile {
    /// Lines on which the records of the file begin.
    pub records: Vec<u64>,
    /// Lines on which the rows begin of which the import would give account: in a product, or with a reason.
    pub accounted: Vec<u64>,
    /// Products that would be sent.
    pub products: Vec<NewProduct>,
}

/// Reads a file of products in euros.
///
/// # Errors
///
/// [`ImportError`], where the whole file is refused.
pub fn read(path: &Path) -> Result<ReadFile, ImportError> {
    let (mut scan, mapping) = (FileScan::default(), Mapping::default());
    let decimal = Some(DecimalSeparator::Point);
    scan.scan_file(
        path,
        ScanSettings { mapping: &mapping, currency: Currency::EUR, decimal },
        |_| {},
    )?;
    let failed = |error: io::Error| ImportError::File { path: path.to_owned(), error };
    let mut file =
        ReadFile { records: records(path, &scan).map_err(failed)?, ..ReadFile::default() };
    let settings = BuildSettings {
        currency: Currency::EUR,
        uncounted_stock: None,
        today: "2026-11-28".to_owned(),
    };
    let files: [PathBuf; 1] = [path.to_owned()];
    for item in ProductGrouper::new(&files, &scan, settings, &|_| {}) {
        match item? {
            ImportItem::Product(prepared) => {
                file.accounted.extend(prepared.rows.iter().map(|row| row.origin.line));
                file.accounted.extend(prepared.rejected.iter().map(|row| row.origin.line));
                file.products.push(prepared.product);
            }
            ImportItem::Row(row) if row.outcome == RowOutcome::Header => {}
            ImportItem::Row(row) => file.accounted.push(row.origin.line),
        }
    }
    Ok(file)
}

/// Whether a product is within the limits of the shop on numbers.
pub fn is_within_limits(product: &NewProduct) -> bool {
    product.variants.len() <= VARIANTS_MAX
        && product.options.len() <= OPTIONS_MAX
        && product.media.len() <= PICTURES_MAX
        && product.categories.len() <= CATEGORIES_MAX
        && product.tags.len() <= TAGS_MAX
}

/// Lines on which records begin, read without the grouping of rows.
fn records(path: &Path, scan: &FileScan) -> io::Result<Vec<u64>> {
    let mut lines = Vec::new();
    match &scan.files[0] {
        ScannedFile::Table { layout, .. } => {
            let mut table = open_table(path, *layout, |_| {})?;
            table.headers()?;
            let mut record = StringRecord::new();
            while table.read_record(&mut record)? {
                let line = record.position().map_or(0, csv::Position::line);
                lines.push(line + layout.lines_skipped);
            }
        }
        ScannedFile::JsonLines { encoding } => {
            let text = TextReader::open(path, *encoding, |_| {})?;
            for (number, line) in (1..).zip(text.split(b'\n')) {
                if !line?.iter().all(u8::is_ascii_whitespace) {
                    lines.push(number);
                }
            }
        }
    }
    Ok(lines)
}
