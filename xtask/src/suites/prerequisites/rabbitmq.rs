//! RabbitMQ, from the system's packages.

use super::{Availability, installer};
use std::path::{Path, PathBuf};

/// Program that runs in the foreground as whoever starts it; the one in the path changes to another user first.
const PROGRAM: &str = "lib/rabbitmq/bin/rabbitmq-server";
/// Where packages and people put it.
const PREFIXES: &[&str] = &["/usr", "/usr/local", "/opt/homebrew"];

/// Finds the server, or installs it.
pub(super) fn ensure() -> Availability {
    installer::system_packages("rabbitmq-server", || {
        let programs = PREFIXES.iter().map(|prefix| Path::new(prefix).join(PROGRAM));
        let found: Option<PathBuf> = programs.into_iter().find(|program| program.is_file());
        found.map(|program| installer::text(&program))
    })
}
