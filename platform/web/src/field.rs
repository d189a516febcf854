//! Conversion of deserialisation errors into problems that name the field.

use kernel::{Code, FieldError, Problem};

/// A problem about the field at `path`, with serde's message.
pub(crate) fn problem(status: u16, code: Code, path: &str, message: &str) -> Problem {
    let field = match named(message) {
        // serde reports a missing or unknown field at its parent.
        Some(name) => join(path, name),
        None if path == "." => String::new(),
        None => path.to_owned(),
    };
    let title = if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") };
    let mut problem = Problem::new(status, code, title);
    problem.errors.push(FieldError { field, message: message.to_owned() });
    problem
}

/// The message of an error without its position ("at line 1 column 7"), which clients have no use for.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    message
}

/// The field that serde's message names.
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
    // The path ends in the name already if serde had visited the key before it failed.
    match path.strip_suffix(name) {
        Some(before) if before.is_empty() || before.ends_with('.') => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}
