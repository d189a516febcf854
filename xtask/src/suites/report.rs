//! Reads what the Rust test harness prints.

/// A test that cannot run here prints this, then why, and passes.
const SKIPPED: &str = "skipped: ";
/// A test that passed prints this before what people want to know, a figure that no test can hold to a limit.
const TOLD: &str = "told: ";
/// So much of what a failed test said is repeated at the end.
const COMPLAINT_BYTES_MAX: usize = 2_000;

/// What a suite has told so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) announced: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    /// Test and reason, of those that skipped themselves.
    pub(super) reasons: Vec<(String, String)>,
    /// Test and its words, of those that failed.
    pub(super) complaints: Vec<(String, String)>,
    /// What tests told, in the order in which they did.
    pub(super) told: Vec<String>,
    /// The test that ended last.
    pub(super) last: String,
    /// Whether every announced run came to its end.
    finished_runs: usize,
    announced_runs: usize,
    /// The tests that failed; others may panic as well, where they should.
    failures: Vec<String>,
    /// The test whose output is being read.
    speaker: Option<String>,
    /// Whether it is saying why it failed.
    complains: bool,
    /// The test whose verdict something else kept from standing behind its name.
    awaited: Option<String>,
}

impl Report {
    /// Takes in one line of output.
    pub(super) fn hear(&mut self, line: &str) {
        if let Some(count) = line
            .strip_prefix("running ")
            .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok())
        {
            self.announced += count;
            self.announced_runs += 1;
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            self.finished_runs += 1;
            (self.speaker, self.complains) = (None, false);
            // A test without a verdict is missed in the count.
            self.awaited = None;
            debug_assert!(rest.starts_with("ok") || rest.starts_with("FAILED"), "{rest}");
        } else if let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            self.awaited = Some(name.to_owned());
            self.judge(verdict);
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            (self.speaker, self.complains) = (Some(name.to_owned()), false);
        } else if self.awaited.is_some() {
            self.judge(line);
        } else if let (Some(words), Some(_)) = (line.strip_prefix(TOLD), &self.speaker) {
            self.told.push(words.to_owned());
        } else if let (Some(reason), Some(name)) = (line.strip_prefix(SKIPPED), &self.speaker) {
            let is_new = self.reasons.iter().all(|(known, _)| known != name);
            // A failed test may say so too; it has failed nevertheless.
            if is_new && self.passed > 0 {
                self.passed -= 1;
                self.skipped += 1;
                self.reasons.push((name.clone(), reason.to_owned()));
            }
        } else if let Some(name) = &self.speaker {
            let panics = line.starts_with("thread '") && line.contains(" panicked at ");
            let begins = panics && self.failures.contains(name);
            let ends = line.is_empty() || line.starts_with("note: ") || line == "stack backtrace:";
            if begins {
                self.complaints.push((name.clone(), String::new()));
            } else if self.complains
                && !ends
                && let Some((_, words)) = self.complaints.last_mut()
            {
                let room = COMPLAINT_BYTES_MAX.saturating_sub(words.len());
                words.extend((!words.is_empty()).then_some(' '));
                words.push_str(&line[..line.floor_char_boundary(room)]);
            }
            self.complains = begins || (self.complains && !ends);
        }
    }

    /// Takes in what stands behind the name of the awaited test, or below it: the harness writes the name, the verdict
    /// and the end of the line one after the other, and a program of the test may speak in between.
    fn judge(&mut self, words: &str) {
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
        self.last = self.awaited.take().unwrap_or_default();
        if words.starts_with("FAILED") {
            self.failures.push(self.last.clone());
        }
    }

    /// How many tests have ended.
    pub(super) fn ended(&self) -> usize {
        self.passed + self.failed + self.skipped
    }

    /// Whether every run that began came to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.announced_runs == self.finished_runs && self.announced == self.ended()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Report {
        let mut report = Report::default();
        text.lines().for_each(|line| report.hear(line));
        report
    }

    #[test]
    fn a_verdict_is_heard_when_a_log_speaks_into_its_line() {
        let report =
            after("running 1 test\ntest a::b ... ok2026-11-23 WARN a ... b\n\ntest result: ok.");
        assert_eq!((report.passed, report.failed, report.is_complete()), (1, 0, true));
    }

    #[test]
    fn a_verdict_is_awaited_when_a_log_speaks_before_it() {
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
    fn why_a_test_failed_is_kept() {
        let report = after(
            "running 2 tests\ntest a ... FAILED\ntest b ... ok\n\nsuccesses:\n\n---- b stdout ----\n\
             thread 'b' (8) panicked at src/a.rs:1:2:\nas it should\n\n\
             failures:\n\n---- a stdout ----\nand more\n\n\
             thread 'a' (7) panicked at src/a.rs:1:2:\nassertion failed\n  left: 1\nstack backtrace:\n   0: b\n\n\
             failures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n",
        );
        assert_eq!(report.complaints, [("a".to_owned(), "assertion failed   left: 1".to_owned())]);
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
    fn what_a_test_tells_is_kept() {
        let report = after(
            "running 1 test\ntest a ... ok\ntold: by nobody\n\nsuccesses:\n\n---- a stdout ----\ntold: 7 ms\nand more\n\n\n\
             successes:\n    a\n\ntest result: ok. 1 passed; 0 failed\n",
        );
        assert_eq!((report.told, report.passed), (vec!["7 ms".to_owned()], 1));
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
