//! Tests of the first pass.

use super::*;
use DecimalSeparator::{Comma, Point};

fn scan_as(bytes: &[u8], currency: Currency) -> Result<FileScan, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let mut scan = FileScan::default();
    let mapping = Mapping::default();
    scan.scan_file(&path, ScanSettings { mapping: &mapping, currency, decimal: None }, |_| {})?;
    Ok(scan)
}

fn scan(bytes: &[u8]) -> FileScan {
    scan_as(bytes, Currency::EUR).unwrap()
}

fn layout(bytes: &[u8]) -> (TextEncoding, char, u64) {
    match &scan(bytes).files[0] {
        ScannedFile::Table { layout, .. } => {
            (layout.encoding, char::from(layout.delimiter), layout.lines_skipped)
        }
        ScannedFile::JsonLines { .. } => panic!("a table"),
    }
}

#[test]
fn the_format_is_detected_from_the_beginning() {
    let unicode = TextEncoding::Unicode;
    assert_eq!(layout(b"Handle,Title\nmug,Mug; blue\n"), (unicode, ',', 0));
    assert_eq!(layout(b"Handle\nmug\n"), (unicode, ',', 0));
    assert_eq!(layout(b"\n\nHandle\tTitle, long\tPrice\nmug\n"), (unicode, '\t', 0));
    assert_eq!(layout(b"\"Title, short, long\";Handle\nMug;mug\n"), (unicode, ';', 0));
    assert_eq!(layout(b"Handle;Title\nmug;Caf\xe9\n"), (TextEncoding::Windows1252, ';', 0));
    let json = scan(b"\n {\"name\":1}");
    assert!(matches!(json.files[0], ScannedFile::JsonLines { .. }));
}

#[test]
fn a_first_line_can_name_the_delimiter() {
    let unicode = TextEncoding::Unicode;
    for (line, delimiter) in [
        ("sep=;\n", ';'),
        ("SEP=,\r\n", ','),
        ("\u{feff}sep=\t\r\n", '\t'),
        ("\"sep=;\"\n", ';'),
        ("sep=;;;\n", ';'),
    ] {
        // The header alone would say otherwise.
        let text = format!("{line}Handle{delimiter}A | B | C | D\n");
        assert_eq!(layout(text.as_bytes()), (unicode, delimiter, 1), "{line:?}");
    }
    assert_eq!(layout(b"sep,Handle\na,b\n"), (unicode, ',', 0));
}

#[test]
fn extra_runs_of_a_product_are_counted() {
    let scan = scan(b"Handle\na\na\nb\nA\nc\na\n");
    assert_eq!(["a", "b", "c"].map(|group| scan.extra_runs(group)), [2, 0, 0]);
}

#[test]
fn a_file_without_a_column_that_groups_rows_is_not_a_product_file() {
    let error = scan_as(b"Title,Price\n", Currency::EUR).unwrap_err().to_string();
    assert!(error.contains("Handle"), "{error}");
}

#[test]
fn a_file_tells_its_notation_or_the_import_asks_for_it() {
    let numbers = |text: &str, currency| {
        let scan = scan_as(text.as_bytes(), currency)?;
        match &scan.files[0] {
            ScannedFile::Table { columns, .. } => Ok(columns.numbers),
            ScannedFile::JsonLines { .. } => panic!("a table"),
        }
    };
    let table = |cells: &[(&str, &str)]| {
        let rows: Vec<String> =
            cells.iter().map(|(price, grams)| format!("a;{price};{grams}")).collect();
        let rows = rows.join("\n");
        format!("Handle;Price;Grams\n{rows}")
    };
    for (cells, currency, expected) in [
        (&[("1,250", ""), ("0,750", "")][..], Currency::KWD, (Comma, Comma)),
        (&[("1.299", "350.0"), ("24,90", "")], Currency::EUR, (Comma, Point)),
        (&[("1.299", ""), ("5", "350.0")], Currency::EUR, (Point, Point)),
        (&[("1,200", "")], Currency::JPY, (Point, Point)),
        (&[("5", "1")], Currency::EUR, (Point, Point)),
        (&[("$1,299.00", ""), ("24,90", "")], Currency::EUR, (Comma, Comma)),
    ] {
        let found = numbers(&table(cells), currency).unwrap();
        assert_eq!((found.prices, found.measures), expected, "{cells:?}");
    }
    for cells in [&[("1.299", ""), ("5", "")][..], &[("1,299", ""), ("24,90", ""), ("24.90", "")]] {
        let error = numbers(&table(cells), Currency::EUR).unwrap_err();
        assert!(matches!(&error, ImportError::AmbiguousNumber { line: 2, .. }), "{error}");
        assert!(error.to_string().contains("--decimal"), "{error}");
    }
}

#[test]
fn unknown_columns_are_listed_once_with_the_number_of_their_values() {
    let scan = scan(b"Handle,Shelf,Notes,Inventory Qty\na,1,,\nb,2,,\n");
    let ScannedFile::Table { remarks, .. } = &scan.files[0] else { panic!("a table") };
    let remarks: Vec<_> = remarks.iter().map(|it| (&*it.field, &*it.reason)).collect();
    assert_eq!(remarks[0], ("Shelf", "is not a known column; 2 values were not taken"));
    assert_eq!(remarks.len(), 1, "an empty column says nothing");
}
