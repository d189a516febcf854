//! First pass over the files: encoding, format, and handles whose rows are not contiguous.
//!
//! The rows of a product are usually contiguous, and then one product in memory is enough. Where a handle comes again
//! after other handles, its rows have to be kept until its last run; only this pass knows which handles those are. So a
//! million rows need little memory, and the order of rows makes no difference.

use crate::{
    columns::{Column, ColumnMap},
    error::ImportError,
    text::{fingerprint, slug},
    text_reader::{TextEncoding, TextReader},
};
use csv::{Reader, ReaderBuilder, StringRecord};
use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead},
    path::Path,
};

/// Result of the first pass over all files.
#[derive(Debug, Default)]
pub(crate) struct FileScan {
    /// In the order of the files.
    pub(crate) formats: Vec<FileFormat>,
    /// Number of runs after the first one, by the fingerprint of the slug; absent for contiguous products.
    extra_runs: HashMap<u64, u32>,
    slugs: HashSet<u64>,
    last: Option<u64>,
}

/// Format and encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// Rows of cells.
    Table { encoding: TextEncoding, delimiter: u8 },
    /// One JSON object a line.
    JsonLines { encoding: TextEncoding },
}

impl FileScan {
    /// Scans one more file. `on_read` gets the number of bytes of each read of it.
    pub(crate) fn scan_file(
        &mut self,
        path: &Path,
        mut on_read: impl FnMut(u64),
    ) -> Result<(), ImportError> {
        let failed = |error: io::Error| ImportError::File { path: path.to_owned(), error };
        let encoding = detect_encoding(path, &mut on_read).map_err(failed)?;
        let mut text = TextReader::open(path, encoding, |_| {}).map_err(failed)?;
        let beginning = text.fill_buf().map_err(failed)?;
        let format = detect_format(beginning, encoding);
        self.formats.push(format);
        let FileFormat::Table { delimiter, .. } = format else { return Ok(()) };
        let mut table = table_reader(text, delimiter);
        let columns = read_columns(&mut table, path)?;
        let mut row = StringRecord::new();
        while table.read_record(&mut row).map_err(|error| failed(error.into()))? {
            self.record_handle(columns.cell(Column::Handle, &row));
        }
        Ok(())
    }

    /// Number of runs of rows that a product has after its first one.
    pub(crate) fn extra_runs(&self, slug: u64) -> u32 {
        self.extra_runs.get(&slug).copied().unwrap_or(0)
    }

    fn record_handle(&mut self, handle: &str) {
        let slug = fingerprint(&slug(handle));
        if self.last == Some(slug) {
            return;
        }
        self.last = Some(slug);
        if !self.slugs.insert(slug) {
            *self.extra_runs.entry(slug).or_default() += 1;
        }
    }
}

/// CSV reader over a decoded file.
pub(crate) fn table_reader(text: TextReader<'_>, delimiter: u8) -> Reader<TextReader<'_>> {
    ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text)
}

/// Columns of a table, from its header.
pub(crate) fn read_columns(
    table: &mut Reader<TextReader<'_>>,
    path: &Path,
) -> Result<ColumnMap, ImportError> {
    let header = table.headers();
    let header =
        header.map_err(|error| ImportError::File { path: path.to_owned(), error: error.into() })?;
    ColumnMap::from_header(header)
        .ok_or_else(|| ImportError::MissingHandleColumn { path: path.to_owned() })
}

/// Detects the encoding, which takes reading the whole file: Windows-1252 unless all of it is Unicode.
fn detect_encoding(path: &Path, on_read: &mut impl FnMut(u64)) -> io::Result<TextEncoding> {
    let mut text = TextReader::open(path, TextEncoding::Unicode, on_read)?;
    loop {
        let ready = text.fill_buf()?.len();
        if ready == 0 {
            return Ok(TextEncoding::Unicode);
        }
        text.consume(ready);
        if text.is_malformed() {
            return Ok(TextEncoding::Windows1252);
        }
    }
}

fn detect_format(beginning: &[u8], encoding: TextEncoding) -> FileFormat {
    let is_space = |byte: &&u8| byte.is_ascii_whitespace();
    if beginning.iter().find(|byte| !is_space(byte)) == Some(&b'{') {
        return FileFormat::JsonLines { encoding };
    }
    let header = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| header.split(|byte| *byte == delimiter).count();
    // Of equally frequent delimiters the last one wins.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(|it| count(*it)).unwrap_or(b',');
    FileFormat::Table { encoding, delimiter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: &[u8]) -> FileScan {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut scan = FileScan::default();
        scan.scan_file(&path, |_| {}).unwrap();
        scan
    }

    #[test]
    fn the_format_is_detected_from_the_beginning() {
        let formats = |bytes: &[u8]| scan(bytes).formats[0];
        let comma = FileFormat::Table { encoding: TextEncoding::Unicode, delimiter: b',' };
        assert_eq!(formats(b"Handle,Title\nmug,Mug; blue\n"), comma);
        assert_eq!(formats(b"Handle\nmug\n"), comma);
        let windows = FileFormat::Table { encoding: TextEncoding::Windows1252, delimiter: b';' };
        assert_eq!(formats(b"Handle;Title\nmug;Caf\xe9\n"), windows);
        assert_eq!(
            formats(b"\n {\"name\":1}"),
            FileFormat::JsonLines { encoding: TextEncoding::Unicode }
        );
    }

    #[test]
    fn extra_runs_of_a_handle_are_counted() {
        let scan = scan(b"Handle\na\na\nb\nA\nc\na\n");
        let of = |handle: &str| scan.extra_runs(fingerprint(&slug(handle)));
        assert_eq!((of("a"), of("b"), of("c")), (2, 0, 0));
    }

    #[test]
    fn a_file_without_a_handle_column_is_not_a_product_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "Title,Price\n").unwrap();
        let error = FileScan::default().scan_file(&path, |_| {}).unwrap_err().to_string();
        assert!(error.contains("no column Handle"), "{error}");
    }
}
