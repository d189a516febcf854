//! Report of a check: a table of invariants, and a line for each violation.

use crate::{
    error::CliError,
    output::{LINE_COLUMNS, print},
};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use journal::maintenance::Invariant;
use std::process::ExitCode;

/// Column of the sentences, which takes what the others leave of a line.
const SENTENCE: usize = 1;

/// Report of all checked invariants, by owner.
#[derive(Debug, Default)]
pub(super) struct CheckReport {
    rows: Vec<(String, Invariant)>,
    not_applicable: Vec<(String, &'static str)>,
}

impl CheckReport {
    /// Adds the result of an invariant.
    pub(super) fn add(&mut self, owner: &str, invariant: Invariant) {
        let known = self
            .rows
            .iter_mut()
            .find(|(other, known)| other == owner && known.sentence == invariant.sentence);
        match known {
            Some((_, known)) => known.join(invariant),
            None => self.rows.push((owner.to_owned(), invariant)),
        }
    }

    /// Records that an invariant cannot be checked in this data folder.
    pub(super) fn not_applicable(&mut self, owner: &str, sentence: &'static str) {
        self.not_applicable.push((owner.to_owned(), sentence));
    }

    /// Prints the report. A violation makes the exit code 1.
    pub(super) fn print(&self) -> Result<ExitCode, CliError> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(LINE_COLUMNS);
        table.set_header(["owner", "invariant", "checked", "verdict"]);
        for (owner, invariant) in &self.rows {
            let Invariant { sentence, checked, waiting, broken, .. } = invariant;
            let verdict = match (broken, waiting, checked) {
                (0, 0, 0) => "nothing to check".to_owned(),
                (0, 0, _) => "holds".to_owned(),
                (0, waiting, _) => format!("holds, {waiting} waiting"),
                (broken, ..) => format!("BROKEN {broken} times"),
            };
            table.add_row([owner, *sentence, &checked.to_string(), &verdict]);
        }
        for (owner, sentence) in &self.not_applicable {
            table.add_row([owner, *sentence, "0", "not in this folder"]);
        }
        for column in table.column_iter_mut().filter(|column| column.index != SENTENCE) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        print(table)?;
        let mut is_broken = false;
        for (owner, invariant) in &self.rows {
            for what in invariant.examples() {
                print(format_args!("{owner}: {}: {what}", invariant.sentence))?;
            }
            is_broken |= invariant.broken > 0;
        }
        Ok(if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
