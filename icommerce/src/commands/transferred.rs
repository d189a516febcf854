//! Report of a transfer from one storage to another: what each service has on both sides.

use crate::{error::CliError, output, wiring::TransferReport};
use comfy_table::{CellAlignment, Table, presets};

pub(super) fn print(report: &TransferReport) -> Result<(), CliError> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["service", "events", "documents", "values", "snapshots", "checksum"]);
    for column in 1..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (service, digest) in &report.services {
        let counts = [digest.events, digest.documents, digest.values, digest.snapshots];
        let mut row = vec![(*service).to_owned()];
        row.extend(counts.map(|count| count.to_string()));
        row.push(digest.checksum());
        table.add_row(row);
    }
    output::print(table)?;
    let files = output::counted(report.files, "file");
    output::print(format!("{files}, up to position {}", report.position))
}
