//! Format of a file: encoding, delimiter, and what comes before its header.

use super::table_reader::{TableReader, has_one_record_a_line};
use crate::text_reader::{TextEncoding, TextReader};
use std::{
    io::{self, BufRead},
    path::Path,
};

/// Delimiters of cells. Of equally frequent ones the last one wins.
const DELIMITERS: [u8; 4] = [b'|', b'\t', b';', b','];

/// Format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// Rows of cells.
    Table(Layout),
    /// One JSON object a line.
    JsonLines,
    /// Nothing.
    Empty,
    /// Something else than text, such as a picture or a spreadsheet program's own file.
    Binary,
}

/// Layout of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) encoding: TextEncoding,
    pub(crate) delimiter: u8,
    /// Number of lines before the header: one with Excel's `sep=;`.
    pub(crate) lines_skipped: u64,
    /// Whether quotes are around cells, which may then have line breaks and delimiters within.
    pub(crate) has_quotes: bool,
}

/// Reader of a decoded table, from its header on. `on_read` gets the number of bytes of each read of the file.
pub(crate) fn open_table<'a>(
    path: &Path,
    layout: Layout,
    on_read: impl FnMut(u64) + 'a,
) -> io::Result<TableReader<'a>> {
    let mut text = TextReader::open(path, layout.encoding, on_read)?;
    if layout.lines_skipped > 0 {
        let line = separator_line(text.fill_buf()?).map_or(0, |(_, length)| length);
        text.consume(line);
    }
    Ok(TableReader::new(text, layout))
}

/// Detects the encoding, which takes reading the whole file: Windows-1252 unless all of it is Unicode.
pub(super) fn detect_encoding(
    path: &Path,
    on_read: &mut impl FnMut(u64),
) -> io::Result<TextEncoding> {
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

pub(super) fn detect_format(path: &Path, encoding: TextEncoding) -> io::Result<FileFormat> {
    let mut text = TextReader::open(path, encoding, |_| {})?;
    let beginning = text.fill_buf()?;
    if beginning.iter().all(u8::is_ascii_whitespace) {
        return Ok(FileFormat::Empty);
    }
    if beginning.contains(&0) {
        return Ok(FileFormat::Binary);
    }
    if beginning.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return Ok(FileFormat::JsonLines);
    }
    let named = separator_line(beginning);
    let layout = Layout {
        encoding,
        delimiter: named.map_or_else(|| detect_delimiter(beginning), |(delimiter, _)| delimiter),
        lines_skipped: u64::from(named.is_some()),
        has_quotes: true,
    };
    let has_quotes = layout.delimiter != b'\t' || !has_one_record_a_line(path, layout)?;
    Ok(FileFormat::Table(Layout { has_quotes, ..layout }))
}

/// Delimiter and length of a first line by which spreadsheets name the delimiter, such as `sep=;`.
fn separator_line(beginning: &[u8]) -> Option<(u8, usize)> {
    let end = beginning.iter().position(|byte| *byte == b'\n')?;
    let line = beginning[..end].strip_prefix(b"\"").unwrap_or(&beginning[..end]);
    let (name, rest) = line.split_at_checked(4)?;
    // A spreadsheet that saved the file again added its own delimiters.
    let is_separator = name.eq_ignore_ascii_case(b"sep=")
        && rest.iter().skip(1).all(|byte| *byte == b'"' || DELIMITERS.contains(byte));
    let delimiter = *rest.first().filter(|byte| DELIMITERS.contains(byte))?;
    is_separator.then_some((delimiter, end + 1))
}

/// The most frequent delimiter of the header, quoted names aside.
fn detect_delimiter(beginning: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    let is_blank = |byte: &&u8| byte.is_ascii_whitespace() && **byte != b'\t';
    for byte in beginning.iter().skip_while(is_blank) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            byte if !is_quoted => {
                if let Some(index) = DELIMITERS.iter().position(|delimiter| delimiter == byte) {
                    counts[index] += 1;
                }
            }
            _ => {}
        }
    }
    DELIMITERS.into_iter().zip(counts).max_by_key(|(_, count)| *count).map_or(b',', |(it, _)| it)
}
