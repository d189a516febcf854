//! The report: one row for each row of the files, or more where there is more to say.

use crate::{failure::ImportFailure, row::RowReport};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

const HEADER: [&str; 7] = ["file", "line", "handle", "sku", "outcome", "field", "reason"];

/// A report that is being written, if there shall be one.
pub(crate) struct Report<'a> {
    files: &'a [PathBuf],
    to: Option<(PathBuf, csv::Writer<File>)>,
}

impl<'a> Report<'a> {
    /// Begins a report, or none.
    pub(crate) fn begin(path: Option<&Path>, files: &'a [PathBuf]) -> Result<Self, ImportFailure> {
        let begin = |path: &Path| {
            let mut writer = csv::Writer::from_path(path)?;
            writer.write_record(HEADER)?;
            Ok((path.to_owned(), writer))
        };
        let to =
            path.map(|path| begin(path).map_err(|error| unwritable(path, error))).transpose()?;
        Ok(Self { files, to })
    }

    /// Writes what became of a row: a row of the report for each remark, and one where there is none.
    pub(crate) fn write(&mut self, row: &RowReport) -> Result<(), ImportFailure> {
        let Some((path, writer)) = &mut self.to else { return Ok(()) };
        let file = self.files[row.place.file].file_name().unwrap_or_default().to_string_lossy();
        let line = row.place.line.to_string();
        let mut write = |field: &str, reason: &str| {
            let word = row.outcome.word();
            let cells = [&*file, &line, &row.place.handle, &row.sku, word, field, reason];
            writer.write_record(cells).map_err(|error| unwritable(path, error))
        };
        if row.remarks.is_empty() {
            return write("", "");
        }
        row.remarks.iter().try_for_each(|remark| write(&remark.field, &remark.reason))
    }

    /// Ends the report.
    pub(crate) fn end(self) -> Result<(), ImportFailure> {
        let Some((path, mut writer)) = self.to else { return Ok(()) };
        writer.flush().map_err(|error| unwritable(&path, error.into()))
    }
}

fn unwritable(path: &Path, error: csv::Error) -> ImportFailure {
    ImportFailure::Report { path: path.to_owned(), error }
}
