//! Standard output of the commands. A closed pipe is not an error.

use crate::error::CliError;
use std::io::{ErrorKind, Write};

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
