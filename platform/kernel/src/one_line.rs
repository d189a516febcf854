//! Text of others in one line.

/// The text in one line: what a driver or a server says may have several, and other control characters, which a terminal or a log would
/// obey.
///
/// ```
/// assert_eq!(kernel::one_line("no answer:\n  closed\u{7}\n"), "no answer: closed");
/// ```
pub fn one_line(text: &str) -> String {
    let parts = text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_control_characters_become_spaces_and_nothing_else_changes() {
        assert_eq!(one_line("a  b: ü"), "a  b: ü");
        assert_eq!(one_line("\r\na\r\n\n\tb\u{1b}[1m c\n"), "a b [1m c");
        assert_eq!(one_line(" \n "), "");
    }
}
