//! Turns what serde says about a value that does not fit into a problem that names the field.

use kernel::{Code, FieldError, Problem};

/// A problem about the field at `path`, from serde's own words.
pub(crate) fn problem(status: u16, code: Code, path: &str, message: &str) -> Problem {
    let field = match named(message) {
        // serde reports a field that is missing or unknown at the object it is missing from or unknown to.
        Some(name) => join(path, name),
        None if path == "." => String::new(),
        None => path.to_owned(),
    };
    let title = if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") };
    let mut problem = Problem::new(status, code, title);
    problem.errors.push(FieldError { field, message: message.to_owned() });
    problem
}

/// What went wrong, without "at line 1 column 7", which says nothing to who wrote a program.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    message
}

/// The field that serde names in the message itself.
fn named(message: &str) -> Option<&str> {
    let rest = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|beginning| message.strip_prefix(beginning))?;
    rest.split('`').next()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() || path == "." {
        return name.to_owned();
    }
    // The path ends in the name already when serde was told the key before it failed.
    match path.strip_suffix(name) {
        Some(before) if before.is_empty() || before.ends_with('.') => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}
