//! Reads the lines of invoice files: CSV, plain or gzipped, one line of an invoice per row.

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

/// Columns by the names they have in this data, and those that a later edition of it gave them.
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

/// A row as it was read: cleaned, but not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The physical line it begins at, from 1.
    pub(crate) line: u64,
    /// In capitals.
    pub(crate) invoice: String,
    /// In capitals: codes that differ only in case are one.
    pub(crate) code: String,
    /// With single spaces.
    pub(crate) description: String,
    pub(crate) quantity: Option<i64>,
    pub(crate) price: Option<Pounds>,
    pub(crate) at: Option<Timestamp>,
    /// Digits alone; nothing for a guest.
    pub(crate) customer: Option<String>,
    pub(crate) country: String,
}

/// Why a file cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableFile {
    /// It cannot be opened or read.
    #[error("{} cannot be read: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// It is not such a file.
    #[error("{} has no column {column}; it should have InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country", path.display())]
    NoColumn {
        /// Which file.
        path: PathBuf,
        /// What is missing.
        column: &'static str,
    },
}

/// Reads every row of a file.
pub(crate) fn read(path: &Path, mut each: impl FnMut(Row)) -> Result<(), UnreadableFile> {
    let failed = |error: io::Error| UnreadableFile::Io { path: path.to_owned(), error };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let gzipped = file.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
    let content: Box<dyn Read> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut content = BufReader::new(content);
    let beginning = content.fill_buf().map_err(failed)?;
    let header = beginning.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    // Where lines end in two characters, the reader counts a line when it comes to the second of them, which it takes
    // for the beginning of the next row.
    let behind = u64::from(header.ends_with(b"\r\n"));
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(content);
    let headers = reader.byte_headers().map_err(|error| failed(error.into()))?.clone();
    let places = places(&headers)
        .map_err(|column| UnreadableFile::NoColumn { path: path.to_owned(), column })?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| failed(error.into()))? {
        let row = row(&record, places);
        each(Row { line: row.line + behind, ..row });
    }
    Ok(())
}

fn places(headers: &ByteRecord) -> Result<[usize; 8], &'static str> {
    let plain = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let headers: Vec<String> = headers.iter().map(plain).collect();
    let mut places = [0; 8];
    for (place, names) in places.iter_mut().zip(COLUMNS) {
        let found = headers.iter().position(|header| names.contains(&header.as_str()));
        *place = found.ok_or(names[0])?;
    }
    Ok(places)
}

fn row(record: &ByteRecord, places: [usize; 8]) -> Row {
    let text = places.map(|place| {
        let cell = String::from_utf8_lossy(record.get(place).unwrap_or_default());
        cell.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let [invoice, code, description, quantity, at, price, customer, country] = text;
    let whole = quantity.strip_suffix(".0").unwrap_or(&quantity).parse();
    let customer = customer.strip_suffix(".0").unwrap_or(&customer).to_owned();
    Row {
        line: record.position().map_or(0, csv::Position::line),
        invoice: invoice.to_ascii_uppercase(),
        code: code.to_ascii_uppercase(),
        description,
        quantity: whole.ok(),
        price: Pounds::parse(&price),
        at: instant(&at),
        customer: Some(customer).filter(|customer| !customer.is_empty()),
        country,
    }
}

/// Invoices say the time of day without a zone. It is taken as it stands: as UTC, which it was in winter.
fn instant(text: &str) -> Option<Timestamp> {
    format!("{}Z", text.replace(' ', "T")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let places = places(reader.byte_headers().unwrap()).unwrap();
        reader.byte_records().map(|record| row(&record.unwrap(), places)).collect()
    }

    #[test]
    fn a_row_is_cleaned_and_not_judged() {
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
    fn a_row_is_on_the_line_where_an_editor_shows_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("invoices.csv");
        for end in ["\n", "\r\n"] {
            let header =
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
            std::fs::write(&path, [header, "1,A,\"a", "b\",1,,,,", "2,A,,1,,,,", ""].join(end))
                .unwrap();
            let mut lines = Vec::new();
            read(&path, |row| lines.push(row.line)).unwrap();
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
        assert_eq!(places(&headers), Err("description"));
    }
}
