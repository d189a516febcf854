//! The table at the end.

use super::Skips;
use super::report::Report;
use std::fmt;
use std::time::Duration;

/// What became of one suite.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    took: Duration,
    /// Why something was skipped.
    reasons: Vec<String>,
    /// Why something failed.
    complaints: Vec<String>,
    /// What its tests told.
    told: Vec<String>,
}

impl Row {
    /// A suite that ran; one that broke off has one failure more than it told of.
    pub(super) fn ran(name: &str, told: &Report, broke_off: bool, took: Duration) -> Self {
        let sayings = |sayings: &[(String, String)]| {
            sayings.iter().map(|(test, words)| format!("{test}: {words}")).collect()
        };
        Self {
            name: name.to_owned(),
            passed: told.passed,
            failed: told.failed + usize::from(broke_off),
            skipped: told.skipped,
            took,
            reasons: sayings(&told.reasons),
            complaints: sayings(&told.complaints),
            told: told.told.clone(),
        }
    }

    /// A suite that could not run: how many tests it has is unknown, so it counts as one.
    pub(super) fn skipped(name: &str, reason: &str, skips: Skips) -> Self {
        let failed = usize::from(skips == Skips::Fail);
        Self {
            name: name.to_owned(),
            passed: 0,
            failed,
            skipped: 1 - failed,
            took: Duration::ZERO,
            reasons: vec![reason.to_owned()],
            complaints: Vec::new(),
            told: Vec::new(),
        }
    }

    fn tests(&self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.failed == 0 { "ok" } else { "FAILED" };
        write!(formatter, "{verdict}: {} passed", self.passed)?;
        if self.failed > 0 {
            write!(formatter, ", {} failed", self.failed)?;
        }
        if self.skipped > 0 {
            write!(formatter, ", {} skipped", self.skipped)?;
        }
        write!(formatter, " ({:.1} s)", self.took.as_secs_f64())
    }
}

/// What became of all of them.
#[derive(Debug, Default)]
pub(super) struct Summary {
    rows: Vec<Row>,
}

impl Summary {
    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Whether something ran and nothing failed.
    pub(super) fn is_well(&self) -> bool {
        self.sum(Row::tests) > 0 && self.sum(|row| row.failed) == 0
    }

    fn sum(&self, part: impl Fn(&Row) -> usize) -> usize {
        self.rows.iter().map(part).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.tests() > 0).collect();
        let width =
            rows.iter().map(|row| row.name.len()).max().unwrap_or_default().max("suite".len());
        writeln!(
            formatter,
            "\n{:width$}  {:>6}  {:>6}  {:>6}  {:>7}  {:>7}",
            "suite", "tests", "passed", "failed", "skipped", "seconds"
        )?;
        for row in &rows {
            let Row { name, passed, failed, skipped, took, .. } = row;
            let (tests, seconds) = (row.tests(), took.as_secs_f64());
            writeln!(
                formatter,
                "{name:width$}  {tests:>6}  {passed:>6}  {failed:>6}  {skipped:>7}  {seconds:>7.1}"
            )?;
        }
        for row in &rows {
            for reason in &row.reasons {
                writeln!(formatter, "skipped in {}: {reason}", row.name)?;
            }
        }
        for words in rows.iter().flat_map(|row| &row.told) {
            writeln!(formatter, "{words}")?;
        }
        for row in &rows {
            for complaint in &row.complaints {
                writeln!(formatter, "failed in {}: {complaint}", row.name)?;
            }
        }
        let (passed, failed) = (self.sum(|row| row.passed), self.sum(|row| row.failed));
        writeln!(
            formatter,
            "\n{passed} passed, {failed} failed, {} skipped",
            self.sum(|row| row.skipped)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(rows: impl IntoIterator<Item = Row>) -> Summary {
        let mut summary = Summary::default();
        rows.into_iter().for_each(|row| summary.add(row));
        summary
    }

    fn passed(count: usize) -> Row {
        let mut told = Report::default();
        told.passed = count;
        Row::ran("kernel", &told, false, Duration::from_millis(1_240))
    }

    #[test]
    fn the_last_line_is_the_sum() {
        let text = summary([passed(3), Row::skipped("pages", "chromium: missing", Skips::Pass)])
            .to_string();
        assert_eq!(
            text,
            "\nsuite    tests  passed  failed  skipped  seconds\n\
             kernel       3       3       0        0      1.2\n\
             pages        1       0       0        1      0.0\n\
             skipped in pages: chromium: missing\n\
             \n3 passed, 0 failed, 1 skipped\n"
        );
    }

    #[test]
    fn what_tests_told_stands_below_the_table() {
        let mut told = Report::default();
        told.passed = 1;
        told.told.push("7 ms".to_owned());
        let text = summary([Row::ran("pages", &told, false, Duration::ZERO)]).to_string();
        assert!(text.ends_with("\n7 ms\n\n1 passed, 0 failed, 0 skipped\n"), "{text}");
    }

    #[test]
    fn why_tests_failed_stands_at_the_end() {
        let mut told = Report::default();
        told.failed = 1;
        told.complaints.push(("a::b".to_owned(), "too late".to_owned()));
        let text = summary([Row::ran("pages", &told, false, Duration::ZERO)]).to_string();
        let end = "\nfailed in pages: a::b: too late\n\n0 passed, 1 failed, 0 skipped\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_skipped_suite_fails_where_nothing_may_be_skipped() {
        assert!(summary([passed(1), Row::skipped("pages", "", Skips::Pass)]).is_well());
        assert!(!summary([passed(1), Row::skipped("pages", "", Skips::Fail)]).is_well());
    }

    #[test]
    fn nothing_at_all_is_not_well() {
        assert!(!summary([]).is_well());
        assert!(!summary([passed(0)]).is_well());
    }

    #[test]
    fn a_suite_that_broke_off_has_failed() {
        let row = Row::ran("kernel", &Report::default(), true, Duration::ZERO);
        assert_eq!(row.failed, 1);
    }
}
