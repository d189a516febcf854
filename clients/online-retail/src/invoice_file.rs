//! Invoice file reader: CSV, plain or gzipped, one line of an invoice per row.

use crate::pounds::Pounds;
use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use kernel::Timestamp;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// The first bytes of a gzipped file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Column names, in this data set and in its later edition.
const COLUMNS: [&[&str]; 8] = [
    &["invoiceno", "invoice"],
    &["stockcode"],
    &["description"],
    &["quantity"],
    &["invoicedate"],
    &["unitprice", "price"],
    &["customerid"],
    &["country"],
];

/// Row of an invoice file: normalised, but not validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceRow {
    /// The physical line on which it begins, from 1.
    pub(crate) line: u64,
    /// In upper case.
    pub(crate) invoice: String,
    /// In upper case, as codes that differ only in case are equal.
    pub(crate) code: String,
    /// With whitespace collapsed.
    pub(crate) description: String,
    pub(crate) quantity: Option<i64>,
    pub(crate) price: Option<Pounds>,
    pub(crate) at: Option<Timestamp>,
    /// Digits only; `None` for a guest.
    pub(crate) customer: Option<String>,
    pub(crate) country: String,
}

/// Error that makes a file of invoices unusable.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceFileError {
    /// The file cannot be opened or read.
    #[error("{} cannot be read: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A column is missing, so it is not a file of invoices.
    #[error("{} has no column {column}; it should have InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The missing column.
        column: &'static str,
    },
}

/// Reads every row of a file.
pub(crate) fn read_rows(
    path: &Path,
    mut each: impl FnMut(InvoiceRow),
) -> Result<(), InvoiceFileError> {
    let failed = |error: io::Error| InvoiceFileError::Io { path: path.to_owned(), error };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let gzipped = file.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
    let content: Box<dyn Read> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut content = BufReader::new(content);
    let beginning = content.fill_buf().map_err(failed)?;
    let header = beginning.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    // With `\r\n` line endings the reader counts a line at the `\n`, which it takes for the beginning of the next row.
    let line_offset = u64::from(header.ends_with(b"\r\n"));
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(content);
    let headers = reader.byte_headers().map_err(|error| failed(error.into()))?.clone();
    let column_indexes = column_indexes(&headers)
        .map_err(|column| InvoiceFileError::NoColumn { path: path.to_owned(), column })?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| failed(error.into()))? {
        let row = parse_row(&record, column_indexes);
        each(InvoiceRow { line: row.line + line_offset, ..row });
    }
    Ok(())
}

fn column_indexes(headers: &ByteRecord) -> Result<[usize; 8], &'static str> {
    let normalised = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let headers: Vec<String> = headers.iter().map(normalised).collect();
    let mut column_indexes = [0; 8];
    for (place, names) in column_indexes.iter_mut().zip(COLUMNS) {
        let found = headers.iter().position(|header| names.contains(&header.as_str()));
        *place = found.ok_or(names[0])?;
    }
    Ok(column_indexes)
}

fn parse_row(record: &ByteRecord, column_indexes: [usize; 8]) -> InvoiceRow {
    let text = column_indexes.map(|place| {
        let cell = String::from_utf8_lossy(record.get(place).unwrap_or_default());
        cell.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let [invoice, code, description, quantity, at, price, customer, country] = text;
    let whole = quantity.strip_suffix(".0").unwrap_or(&quantity).parse();
    let customer = customer.strip_suffix(".0").unwrap_or(&customer).to_owned();
    InvoiceRow {
        line: record.position().map_or(0, csv::Position::line),
        invoice: invoice.to_ascii_uppercase(),
        code: code.to_ascii_uppercase(),
        description,
        quantity: whole.ok(),
        price: Pounds::parse(&price),
        at: parse_timestamp(&at),
        customer: Some(customer).filter(|customer| !customer.is_empty()),
        country,
    }
}

/// Parses a local time without a zone as UTC, which it was in winter.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    format!("{}Z", text.replace(' ', "T")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<InvoiceRow> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let column_indexes = column_indexes(reader.byte_headers().unwrap()).unwrap();
        reader.byte_records().map(|record| parse_row(&record.unwrap(), column_indexes)).collect()
    }

    #[test]
    fn a_row_is_normalised_and_not_validated() {
        let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
            c536379,15056bl,\"  EDWARDIAN\n  PARASOL \",-1,2010-12-01 09:41:00,4.95,14527.0,EIRE\n\
            536380,POST,,x,yesterday,?,,\n";
        let rows = rows(text);
        assert_eq!(rows[0].invoice, "C536379");
        assert_eq!(rows[0].code, "15056BL");
        assert_eq!(rows[0].description, "EDWARDIAN PARASOL");
        assert_eq!((rows[0].quantity, rows[0].line), (Some(-1), 2));
        assert_eq!(rows[0].customer.as_deref(), Some("14527"));
        assert_eq!(rows[0].at.unwrap().to_string(), "2010-12-01T09:41:00Z");
        assert_eq!((rows[1].quantity, rows[1].price, rows[1].at), (None, None, None));
        assert_eq!((rows[1].customer.as_deref(), rows[1].line), (None, 4));
    }

    #[test]
    fn a_row_has_the_line_number_of_an_editor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("invoices.csv");
        for end in ["\n", "\r\n"] {
            let header =
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
            std::fs::write(&path, [header, "1,A,\"a", "b\",1,,,,", "2,A,,1,,,,", ""].join(end))
                .unwrap();
            let mut lines = Vec::new();
            read_rows(&path, |row| lines.push(row.line)).unwrap();
            assert_eq!(lines, [2, 4]);
        }
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let text = "Country,Customer ID,Price,InvoiceDate,Quantity,Description,StockCode,Invoice\n\
            France,12345,2.5,2010-12-01 09:41:00,3,MUG,1,7\n";
        let rows = rows(text);
        assert_eq!((rows[0].code.as_str(), rows[0].quantity), ("1", Some(3)));
        let headers = ByteRecord::from(vec!["InvoiceNo", "StockCode"]);
        assert_eq!(column_indexes(&headers), Err("description"));
    }
}
