//! CSV report of an import: one row for each remark, and one for each row of the files without remarks.

use crate::{error::ImportError, row::RowReport};
use shop_client::spreadsheet_cell;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

const HEADER: [&str; 7] = ["file", "line", "handle", "sku", "outcome", "field", "reason"];

/// Report writer; it discards everything when no report was asked for.
pub(crate) struct Report<'a> {
    files: &'a [PathBuf],
    to: Option<(PathBuf, csv::Writer<File>)>,
}

impl<'a> Report<'a> {
    /// Creates the file with its header, if there is a path.
    pub(crate) fn create(path: Option<&Path>, files: &'a [PathBuf]) -> Result<Self, ImportError> {
        let create = |path: &Path| {
            let mut writer = csv::Writer::from_path(path)?;
            writer.write_record(HEADER)?;
            Ok((path.to_owned(), writer))
        };
        let to =
            path.map(|path| create(path).map_err(|error| write_error(path, error))).transpose()?;
        Ok(Self { files, to })
    }

    /// Writes the report on one row.
    pub(crate) fn write(&mut self, row: &RowReport) -> Result<(), ImportError> {
        let Some((path, writer)) = &mut self.to else { return Ok(()) };
        let file = self.files[row.origin.file].file_name().unwrap_or_default().to_string_lossy();
        let line = row.origin.line.to_string();
        let mut write = |field: &str, reason: &str| {
            let outcome = row.outcome.as_str();
            let cells = [&*file, &line, &row.origin.handle, &row.sku, outcome, field, reason];
            let cells = cells.map(spreadsheet_cell);
            writer
                .write_record(cells.iter().map(|cell| cell.as_bytes()))
                .map_err(|error| write_error(path, error))
        };
        if row.remarks.is_empty() {
            return write("", "");
        }
        row.remarks.iter().try_for_each(|remark| write(&remark.field, &remark.reason))
    }

    /// Flushes the report.
    pub(crate) fn finish(self) -> Result<(), ImportError> {
        let Some((path, mut writer)) = self.to else { return Ok(()) };
        writer.flush().map_err(|error| write_error(&path, error.into()))
    }
}

fn write_error(path: &Path, error: csv::Error) -> ImportError {
    ImportError::Report { path: path.to_owned(), error }
}
