//! Standard output of the commands, in lines that fit a terminal. A closed pipe is not an error.

use crate::error::CliError;
use std::io::{ErrorKind, Write};

/// Columns of a line of output: those of the smallest usual terminal. A terminal with more of them is no reason to make
/// the lines of a text longer.
pub(crate) const LINE_COLUMNS: u16 = 80;

/// Prints text and a newline to standard output, and flushes.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Number of things: `1 file`, `2 files`.
pub(crate) fn counted(count: impl std::fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    print(serde_json::to_string_pretty(value).map_err(CliError::failed)?)
}

/// One line of text, broken at spaces into lines of at most `columns`; `indent` begins all lines but the first. A word
/// that is longer than a line is broken as well.
pub(crate) fn wrapped(text: &str, columns: u16, indent: &str) -> String {
    let columns = usize::from(columns);
    let length = |text: &str| text.chars().count();
    let mut lines = String::new();
    let mut line = String::new();
    let mut is_empty = true;
    for word in text.split(' ') {
        let mut word = word.to_owned();
        loop {
            let space = usize::from(!is_empty);
            if length(&line) + space + length(&word) <= columns {
                if !is_empty {
                    line.push(' ');
                }
                line.push_str(&word);
                is_empty = false;
                break;
            }
            if is_empty {
                let room = columns.saturating_sub(length(&line)).max(1);
                let rest: String = word.chars().skip(room).collect();
                line.extend(word.chars().take(room));
                word = rest;
            }
            lines.push_str(line.trim_end());
            lines.push('\n');
            indent.clone_into(&mut line);
            is_empty = true;
        }
    }
    lines + &line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 80, "  "), "one two three");
        assert_eq!(wrapped("one two three", 7, "  "), "one two\n  three");
        assert_eq!(wrapped("one two three", 8, "  "), "one two\n  three");
        assert_eq!(wrapped("één två", 3, ""), "één\ntvå");
        assert_eq!(wrapped("", 5, "  "), "");
    }

    #[test]
    fn a_word_without_spaces_is_broken_where_the_line_ends() {
        assert_eq!(wrapped("abcdefgh", 4, " "), "abcd\n efg\n h");
        assert_eq!(wrapped("ab abcdefgh", 4, ""), "ab\nabcd\nefgh");
    }

    #[test]
    fn no_line_is_longer_than_its_columns() {
        let text = "a list of words, some-of-them-quite-long-and-without-a-space, and others";
        for columns in 5..90 {
            let text = wrapped(text, columns, "    ");
            let is_fit = |line: &str| line.chars().count() <= usize::from(columns);
            assert!(text.lines().all(is_fit), "{columns}: {text}");
        }
    }
}
