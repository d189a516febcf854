//! What a check found: a table, and a line for whatever is wrong.

use crate::{failure::Failure, output::print};
use comfy_table::{Table, presets};
use journal::maintenance::Invariant;
use std::process::ExitCode;

/// All invariants that were looked at, by whose they are.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<(String, Invariant)>,
    elsewhere: Vec<(String, &'static str)>,
}

impl Report {
    /// Adds what came of an invariant.
    pub(super) fn add(&mut self, whose: &str, invariant: Invariant) {
        let known = self
            .rows
            .iter_mut()
            .find(|(other, known)| other == whose && known.sentence == invariant.sentence);
        match known {
            Some((_, known)) => known.join(invariant),
            None => self.rows.push((whose.to_owned(), invariant)),
        }
    }

    /// Says that an invariant cannot be looked at in this folder.
    pub(super) fn not_here(&mut self, whose: &str, sentence: &'static str) {
        self.elsewhere.push((whose.to_owned(), sentence));
    }

    /// Prints it. Anything that is wrong makes the exit code 1.
    pub(super) fn print(&self) -> Result<ExitCode, Failure> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["whose", "invariant", "checked", "verdict"]);
        for (whose, invariant) in &self.rows {
            let Invariant { sentence, checked, waiting, broken, .. } = invariant;
            let verdict = match (broken, waiting, checked) {
                (0, 0, 0) => "nothing to check".to_owned(),
                (0, 0, _) => "holds".to_owned(),
                (0, waiting, _) => format!("holds, {waiting} waiting"),
                (broken, ..) => format!("BROKEN, {broken} times"),
            };
            table.add_row([whose, *sentence, &checked.to_string(), &verdict]);
        }
        for (whose, sentence) in &self.elsewhere {
            table.add_row([whose, *sentence, "0", "not in this folder"]);
        }
        print(table)?;
        let mut is_broken = false;
        for (whose, invariant) in &self.rows {
            for what in invariant.named() {
                print(format_args!("{whose}: {}: {what}", invariant.sentence))?;
            }
            is_broken |= invariant.broken > 0;
        }
        Ok(if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
