//! What commands print. A reader who has seen enough and closes the pipe is no failure.

use crate::failure::Failure;
use std::io::{ErrorKind, Write};

/// Prints a line, or several, on standard output at once.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::work(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
