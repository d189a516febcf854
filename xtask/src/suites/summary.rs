//! Summary table of a test run.

use super::SkipPolicy;
use super::harness_report::HarnessReport;
use std::fmt;
use std::time::Duration;

/// The result of one suite.
#[derive(Debug)]
pub(super) struct SuiteResult {
    name: String,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    took: Duration,
    /// The reasons of skipped tests.
    reasons: Vec<String>,
    /// The messages of failed tests.
    failure_messages: Vec<String>,
    /// The measurements of its tests.
    measurements: Vec<String>,
}

impl SuiteResult {
    /// The result of a suite that ran; one that broke off counts one failure more.
    pub(super) fn ran(name: &str, report: &HarnessReport, broke_off: bool, took: Duration) -> Self {
        let labelled = |messages: &[(String, String)]| {
            messages.iter().map(|(test, words)| format!("{test}: {words}")).collect()
        };
        Self {
            name: name.to_owned(),
            passed: report.passed,
            failed: report.failed + usize::from(broke_off),
            skipped: report.skipped,
            took,
            reasons: labelled(&report.reasons),
            failure_messages: labelled(&report.failure_messages),
            measurements: report.measurements.clone(),
        }
    }

    /// The result of a suite that could not run: how many tests it has is unknown, so it counts as one.
    pub(super) fn skipped(name: &str, reason: &str, skip_policy: SkipPolicy) -> Self {
        let failed = usize::from(skip_policy == SkipPolicy::Fail);
        Self {
            name: name.to_owned(),
            passed: 0,
            failed,
            skipped: 1 - failed,
            took: Duration::ZERO,
            reasons: vec![reason.to_owned()],
            failure_messages: Vec::new(),
            measurements: Vec::new(),
        }
    }

    fn tests(&self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl fmt::Display for SuiteResult {
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

/// The results of all suites.
#[derive(Debug, Default)]
pub(super) struct Summary {
    rows: Vec<SuiteResult>,
}

impl Summary {
    pub(super) fn add(&mut self, row: SuiteResult) {
        self.rows.push(row);
    }

    /// Whether at least one test ran and none failed.
    pub(super) fn succeeded(&self) -> bool {
        self.sum(SuiteResult::tests) > 0 && self.sum(|row| row.failed) == 0
    }

    fn sum(&self, part: impl Fn(&SuiteResult) -> usize) -> usize {
        self.rows.iter().map(part).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<&SuiteResult> = self.rows.iter().filter(|row| row.tests() > 0).collect();
        let width =
            rows.iter().map(|row| row.name.len()).max().unwrap_or_default().max("suite".len());
        writeln!(
            formatter,
            "\n{:width$}  {:>6}  {:>6}  {:>6}  {:>7}  {:>7}",
            "suite", "tests", "passed", "failed", "skipped", "seconds"
        )?;
        for row in &rows {
            let SuiteResult { name, passed, failed, skipped, took, .. } = row;
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
        for words in rows.iter().flat_map(|row| &row.measurements) {
            writeln!(formatter, "{words}")?;
        }
        for row in &rows {
            for message in &row.failure_messages {
                writeln!(formatter, "failed in {}: {message}", row.name)?;
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

    fn summary(rows: impl IntoIterator<Item = SuiteResult>) -> Summary {
        let mut summary = Summary::default();
        rows.into_iter().for_each(|row| summary.add(row));
        summary
    }

    fn passed(count: usize) -> SuiteResult {
        let mut report = HarnessReport::default();
        report.passed = count;
        SuiteResult::ran("kernel", &report, false, Duration::from_millis(1_240))
    }

    #[test]
    fn the_last_line_is_the_sum() {
        let text = summary([
            passed(3),
            SuiteResult::skipped("pages", "chromium: missing", SkipPolicy::Allow),
        ])
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
    fn measurements_are_printed_below_the_table() {
        let mut report = HarnessReport::default();
        report.passed = 1;
        report.measurements.push("7 ms".to_owned());
        let text = summary([SuiteResult::ran("pages", &report, false, Duration::ZERO)]).to_string();
        assert!(text.ends_with("\n7 ms\n\n1 passed, 0 failed, 0 skipped\n"), "{text}");
    }

    #[test]
    fn messages_of_failed_tests_are_printed_at_the_end() {
        let mut report = HarnessReport::default();
        report.failed = 1;
        report.failure_messages.push(("a::b".to_owned(), "too late".to_owned()));
        let text = summary([SuiteResult::ran("pages", &report, false, Duration::ZERO)]).to_string();
        let end = "\nfailed in pages: a::b: too late\n\n0 passed, 1 failed, 0 skipped\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_skipped_suite_fails_where_nothing_may_be_skipped() {
        assert!(
            summary([passed(1), SuiteResult::skipped("pages", "", SkipPolicy::Allow)]).succeeded()
        );
        assert!(
            !summary([passed(1), SuiteResult::skipped("pages", "", SkipPolicy::Fail)]).succeeded()
        );
    }

    #[test]
    fn an_empty_run_has_not_succeeded() {
        assert!(!summary([]).succeeded());
        assert!(!summary([passed(0)]).succeeded());
    }

    #[test]
    fn a_suite_that_broke_off_has_failed() {
        let row = SuiteResult::ran("kernel", &HarnessReport::default(), true, Duration::ZERO);
        assert_eq!(row.failed, 1);
    }
}
