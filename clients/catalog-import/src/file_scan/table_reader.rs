//! Table reader: the records of a table, in which a quote is a delimiter or a letter.
//!
//! Tables with tabs are written in two ways: with quotes around cells, as CSV is, and without any, where a title may begin
//! with a quote. Where each line has as many cells as the header, no cell has a line break or a tab, so nothing needs
//! quotes: each line is a record then, and a quote that is never closed cannot swallow the lines after it.

use super::format::Layout;
use crate::text_reader::TextReader;
use csv::{Reader, ReaderBuilder, StringRecord};
use std::{
    io::{self, BufRead},
    path::Path,
};

/// Reader of the records of a table, from its header on.
pub(crate) struct TableReader<'a> {
    reader: Reader<TextReader<'a>>,
    has_quotes: bool,
}

impl<'a> TableReader<'a> {
    /// Reader of a text from its header on.
    pub(super) fn new(text: TextReader<'a>, layout: Layout) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.flexible(true).delimiter(layout.delimiter).quoting(layout.has_quotes);
        Self { reader: builder.from_reader(text), has_quotes: layout.has_quotes }
    }

    pub(crate) fn headers(&mut self) -> Result<StringRecord, csv::Error> {
        let header = self.reader.headers()?.clone();
        Ok(if self.has_quotes { header } else { without_quotes(&header) })
    }

    /// Reads the next record; `false` at the end.
    pub(crate) fn read_record(&mut self, record: &mut StringRecord) -> Result<bool, csv::Error> {
        let more = self.reader.read_record(record)?;
        if !self.has_quotes && record.iter().any(|cell| cell.starts_with('"')) {
            *record = without_quotes(record);
        }
        Ok(more)
    }
}

/// Record without the quotes around whole cells.
fn without_quotes(record: &StringRecord) -> StringRecord {
    let mut plain: StringRecord = record.iter().map(without_quotes_around).collect();
    plain.set_position(record.position().cloned());
    plain
}

/// Cell without the quotes around it, if all quotes within are doubled.
fn without_quotes_around(cell: &str) -> String {
    let inner = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.map(|inner| inner.replace("\"\"", "")) {
        Some(others) if !others.contains('"') => inner.unwrap_or_default().replace("\"\"", "\""),
        _ => cell.to_owned(),
    }
}

/// Whether each line of a table has as many cells as its header.
pub(super) fn has_one_record_a_line(path: &Path, layout: Layout) -> io::Result<bool> {
    let mut text = TextReader::open(path, layout.encoding, |_| {})?;
    let mut in_header = None;
    let mut lines = 0;
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        if lines > layout.lines_skipped && !line.iter().all(u8::is_ascii_whitespace) {
            let cells = line.split(|byte| *byte == layout.delimiter).count();
            if *in_header.get_or_insert(cells) != cells {
                return Ok(false);
            }
        }
        line.clear();
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_a_whole_cell_are_left_out() {
        for (cell, expected) in [
            ("\"Lamp, \"\"A\"\"\"", "Lamp, \"A\""),
            ("\"Best\" lamp", "\"Best\" lamp"),
            ("\"Best\" lamp, \"new\"", "\"Best\" lamp, \"new\""),
            ("\"open", "\"open"),
            ("\"", "\""),
            ("\"\"", ""),
            ("5\" pipe", "5\" pipe"),
        ] {
            assert_eq!(without_quotes_around(cell), expected, "{cell}");
        }
    }
}
