//! The first look at a file: what it is written in, how many rows it has, and which handles come again later.
//!
//! Rows of a product usually follow each other, and then it is enough to keep one product in memory. Where a handle
//! comes again after other handles, its rows have to be kept until the last of them; only this look ahead knows which
//! handles those are. So a million rows need little memory, and the order of rows changes nothing.

use crate::{
    columns::{Column, Columns},
    failure::ImportFailure,
    reading::{Spelling, Text},
    words::{fingerprint, slug},
};
use csv::{Reader, ReaderBuilder, StringRecord};
use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead},
    path::Path,
};

/// What is known of all files before anything is sent.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// In the order of the files.
    pub(crate) forms: Vec<Form>,
    /// How often a product's rows are interrupted, by the fingerprint of its address; most never are.
    interruptions: HashMap<u64, u32>,
    seen: HashSet<u64>,
    last: Option<u64>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Rows of cells.
    Table { spelling: Spelling, delimiter: u8 },
    /// One JSON object a line.
    JsonLines { spelling: Spelling },
}

impl Survey {
    /// Looks at one more file. `counted` is told how many of its bytes were read.
    pub(crate) fn look_at(
        &mut self,
        path: &Path,
        mut counted: impl FnMut(u64),
    ) -> Result<(), ImportFailure> {
        let failed = |error: io::Error| ImportFailure::File { path: path.to_owned(), error };
        let spelling = spelling(path, &mut counted).map_err(failed)?;
        let mut text = Text::open(path, spelling, |_| {}).map_err(failed)?;
        let beginning = text.fill_buf().map_err(failed)?;
        let form = form(beginning, spelling);
        self.forms.push(form);
        let Form::Table { delimiter, .. } = form else { return Ok(()) };
        let mut table = table(text, delimiter);
        let columns = columns(&mut table, path)?;
        let mut row = StringRecord::new();
        while table.read_record(&mut row).map_err(|error| failed(error.into()))? {
            self.take(columns.cell(Column::Handle, &row));
        }
        Ok(())
    }

    /// How many further runs of rows a product has after its first one.
    pub(crate) fn interruptions(&self, address: u64) -> u32 {
        self.interruptions.get(&address).copied().unwrap_or(0)
    }

    fn take(&mut self, handle: &str) {
        let address = fingerprint(&slug(handle));
        if self.last == Some(address) {
            return;
        }
        self.last = Some(address);
        if !self.seen.insert(address) {
            *self.interruptions.entry(address).or_default() += 1;
        }
    }
}

/// The rows of a table.
pub(crate) fn table(text: Text<'_>, delimiter: u8) -> Reader<Text<'_>> {
    ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text)
}

/// The columns of a table.
pub(crate) fn columns(table: &mut Reader<Text<'_>>, path: &Path) -> Result<Columns, ImportFailure> {
    let header = table.headers();
    let header = header
        .map_err(|error| ImportFailure::File { path: path.to_owned(), error: error.into() })?;
    Columns::of(header).ok_or_else(|| ImportFailure::NoHandles { path: path.to_owned() })
}

/// Reads the whole file to see whether it is Unicode.
fn spelling(path: &Path, counted: &mut impl FnMut(u64)) -> io::Result<Spelling> {
    let mut text = Text::open(path, Spelling::Unicode, counted)?;
    loop {
        let ready = text.fill_buf()?.len();
        if ready == 0 {
            return Ok(Spelling::Unicode);
        }
        text.consume(ready);
        if text.is_malformed() {
            return Ok(Spelling::Windows);
        }
    }
}

fn form(beginning: &[u8], spelling: Spelling) -> Form {
    let is_space = |byte: &&u8| byte.is_ascii_whitespace();
    if beginning.iter().find(|byte| !is_space(byte)) == Some(&b'{') {
        return Form::JsonLines { spelling };
    }
    let header = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| header.split(|byte| *byte == sign).count();
    // Of equally frequent signs the last one.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',');
    Form::Table { spelling, delimiter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(bytes: &[u8]) -> Survey {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut survey = Survey::default();
        survey.look_at(&path, |_| {}).unwrap();
        survey
    }

    #[test]
    fn the_form_shows_in_the_beginning() {
        let forms = |bytes: &[u8]| survey(bytes).forms[0];
        let comma = Form::Table { spelling: Spelling::Unicode, delimiter: b',' };
        assert_eq!(forms(b"Handle,Title\nmug,Mug; blue\n"), comma);
        assert_eq!(forms(b"Handle\nmug\n"), comma);
        let windows = Form::Table { spelling: Spelling::Windows, delimiter: b';' };
        assert_eq!(forms(b"Handle;Title\nmug;Caf\xe9\n"), windows);
        assert_eq!(forms(b"\n {\"name\":1}"), Form::JsonLines { spelling: Spelling::Unicode });
    }

    #[test]
    fn handles_that_come_again_are_counted() {
        let survey = survey(b"Handle\na\na\nb\nA\nc\na\n");
        let of = |handle: &str| survey.interruptions(fingerprint(&slug(handle)));
        assert_eq!((of("a"), of("b"), of("c")), (2, 0, 0));
    }

    #[test]
    fn a_file_without_handles_is_no_product_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "Title,Price\n").unwrap();
        let refusal = Survey::default().look_at(&path, |_| {}).unwrap_err().to_string();
        assert!(refusal.contains("no column Handle"), "{refusal}");
    }
}
