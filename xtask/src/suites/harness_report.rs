//! Parser of the output of the Rust test harness.

/// Prefix of the line, with the reason, that a test prints when it skips itself and passes.
const SKIPPED: &str = "skipped: ";
/// Prefix of a measurement that a passing test prints for the summary, because no assertion can limit it.
const MEASURED: &str = "measured: ";
/// The most of a failure message that the summary repeats.
const FAILURE_MESSAGE_BYTES_MAX: usize = 2_000;

/// The results of a suite so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HarnessReport {
    pub(super) announced: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    /// Test and reason, for those that skipped themselves.
    pub(super) reasons: Vec<(String, String)>,
    /// Test and message, for those that failed.
    pub(super) failure_messages: Vec<(String, String)>,
    /// Measurements of the tests, in order of output.
    pub(super) measurements: Vec<String>,
    /// The test that ended last.
    pub(super) last: String,
    /// The runs that printed their result.
    finished_runs: usize,
    announced_runs: usize,
    /// The tests that failed; others may panic as well, when a panic is expected.
    failures: Vec<String>,
    /// The test whose captured output is being read.
    captured_test: Option<String>,
    /// Whether its panic message is being read.
    in_failure_message: bool,
    /// The test whose verdict has not been read yet: other output came between its name and the verdict.
    pending_test: Option<String>,
}

impl HarnessReport {
    /// Parses one line of output.
    pub(super) fn read_line(&mut self, line: &str) {
        if let Some(count) = line
            .strip_prefix("running ")
            .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok())
        {
            self.announced += count;
            self.announced_runs += 1;
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            self.finished_runs += 1;
            (self.captured_test, self.in_failure_message) = (None, false);
            // A test without a verdict is missed in the count.
            self.pending_test = None;
            debug_assert!(rest.starts_with("ok") || rest.starts_with("FAILED"), "{rest}");
        } else if let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            self.pending_test = Some(name.to_owned());
            self.record_verdict(verdict);
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            (self.captured_test, self.in_failure_message) = (Some(name.to_owned()), false);
        } else if self.pending_test.is_some() {
            self.record_verdict(line);
        } else if let (Some(words), Some(_)) = (line.strip_prefix(MEASURED), &self.captured_test) {
            self.measurements.push(words.to_owned());
        } else if let (Some(reason), Some(name)) = (line.strip_prefix(SKIPPED), &self.captured_test)
        {
            let is_new = self.reasons.iter().all(|(known, _)| known != name);
            // A failed test may say so too; it has failed nevertheless.
            if is_new && self.passed > 0 {
                self.passed -= 1;
                self.skipped += 1;
                self.reasons.push((name.clone(), reason.to_owned()));
            }
        } else if let Some(name) = &self.captured_test {
            let panics = line.starts_with("thread '") && line.contains(" panicked at ");
            let begins = panics && self.failures.contains(name);
            let ends = line.is_empty() || line.starts_with("note: ") || line == "stack backtrace:";
            if begins {
                self.failure_messages.push((name.clone(), String::new()));
            } else if self.in_failure_message
                && !ends
                && let Some((_, words)) = self.failure_messages.last_mut()
            {
                let room = FAILURE_MESSAGE_BYTES_MAX.saturating_sub(words.len());
                words.extend((!words.is_empty()).then_some(' '));
                words.push_str(&line[..line.floor_char_boundary(room)]);
            }
            self.in_failure_message = begins || (self.in_failure_message && !ends);
        }
    }

    /// Records the verdict of the pending test, which follows its name or stands below it: the harness writes the name, the
    /// verdict and the end of the line separately, and a program that the test started may print in between.
    fn record_verdict(&mut self, words: &str) {
        let count = if words.starts_with("ok") {
            &mut self.passed
        } else if words.starts_with("ignored") {
            &mut self.skipped
        } else if words.starts_with("FAILED") {
            &mut self.failed
        } else {
            return;
        };
        *count += 1;
        self.last = self.pending_test.take().unwrap_or_default();
        if words.starts_with("FAILED") {
            self.failures.push(self.last.clone());
        }
    }

    /// The number of tests that have finished.
    pub(super) fn finished(&self) -> usize {
        self.passed + self.failed + self.skipped
    }

    /// Whether every announced run and test has finished.
    pub(super) fn is_complete(&self) -> bool {
        self.announced_runs == self.finished_runs && self.announced == self.finished()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> HarnessReport {
        let mut report = HarnessReport::default();
        text.lines().for_each(|line| report.read_line(line));
        report
    }

    #[test]
    fn a_verdict_is_read_when_a_log_line_runs_into_it() {
        let report =
            after("running 1 test\ntest a::b ... ok2026-11-23 WARN a ... b\n\ntest result: ok.");
        assert_eq!((report.passed, report.failed, report.is_complete()), (1, 0, true));
    }

    #[test]
    fn a_verdict_is_awaited_when_log_lines_come_first() {
        let report = after(
            "running 2 tests\ntest a::b ... 2026-11-23 WARN a ... b\n2026-11-23 INFO c\nok\n\
             test c ... 2026-11-23 WARN d\nFAILED\n\ntest result: FAILED.",
        );
        assert_eq!((report.passed, report.failed, report.is_complete()), (1, 1, true));
        assert_eq!(report.last, "c");
    }

    #[test]
    fn a_test_without_a_verdict_is_missed() {
        assert!(
            !after("running 1 test\ntest a ... 2026-11-23 WARN b\n\ntest result: ok.")
                .is_complete()
        );
    }

    #[test]
    fn the_message_of_a_failed_test_is_kept() {
        let report = after(
            "running 2 tests\ntest a ... FAILED\ntest b ... ok\n\nsuccesses:\n\n---- b stdout ----\n\
             thread 'b' (8) panicked at src/a.rs:1:2:\nas it should\n\n\
             failures:\n\n---- a stdout ----\nand more\n\n\
             thread 'a' (7) panicked at src/a.rs:1:2:\nassertion failed\n  left: 1\nstack backtrace:\n   0: b\n\n\
             failures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n",
        );
        assert_eq!(
            report.failure_messages,
            [("a".to_owned(), "assertion failed   left: 1".to_owned())]
        );
    }

    #[test]
    fn passed_failed_and_ignored_tests_are_counted() {
        let report = after(
            "\nrunning 3 tests\ntest a::b ... ok\ntest c ... FAILED\ntest d ... ignored, why\n\n\
             test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!((report.passed, report.failed, report.skipped), (1, 1, 1));
        assert!(report.is_complete());
    }

    #[test]
    fn a_test_that_says_so_is_skipped_and_not_passed() {
        let report = after(
            "running 2 tests\ntest a ... ok\ntest b ... ok\n\nsuccesses:\n\n---- a stdout ----\nskipped: no data\n\n\n\
             successes:\n    a\n    b\n\ntest result: ok. 2 passed; 0 failed\n",
        );
        assert_eq!((report.passed, report.skipped), (1, 1));
        assert_eq!(report.reasons, [("a".to_owned(), "no data".to_owned())]);
    }

    #[test]
    fn a_measurement_is_kept() {
        let report = after(
            "running 1 test\ntest a ... ok\nmeasured: by nobody\n\nsuccesses:\n\n---- a stdout ----\nmeasured: 7 ms\nand more\n\n\n\
             successes:\n    a\n\ntest result: ok. 1 passed; 0 failed\n",
        );
        assert_eq!((report.measurements, report.passed), (vec!["7 ms".to_owned()], 1));
    }

    #[test]
    fn the_word_alone_skips_nothing() {
        assert_eq!(
            after("running 1 test\ntest a ... ok\nskipped: who says so?\ntest result: ok.").skipped,
            0
        );
    }

    #[test]
    fn several_runs_are_summed_up() {
        let report = after(
            "running 1 test\ntest a ... ok\ntest result: ok.\nrunning 1 test\ntest b ... ok\ntest result: ok.",
        );
        assert_eq!((report.announced, report.passed), (2, 2));
        assert!(report.is_complete());
    }

    #[test]
    fn a_run_that_broke_off_is_not_complete() {
        assert!(!after("running 2 tests\ntest a ... ok").is_complete());
    }
}
