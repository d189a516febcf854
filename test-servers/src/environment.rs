//! Programs of the servers, as the variables name them that `cargo xtask test` sets.

use std::{env, io, path::PathBuf};

/// Folder of `PostgreSQL`'s programs (`TEST_POSTGRES`).
///
/// # Errors
///
/// When it is not set.
pub fn postgres_programs() -> io::Result<PathBuf> {
    path("TEST_POSTGRES", "PostgreSQL")
}

/// Program `redis-server` (`TEST_REDIS`).
///
/// # Errors
///
/// When it is not set.
pub fn redis_program() -> io::Result<PathBuf> {
    path("TEST_REDIS", "Redis")
}

/// Folder with the jars of the newest version of Kafka that is supported (`TEST_KAFKA`).
///
/// # Errors
///
/// When it is not set.
pub fn kafka_libraries() -> io::Result<PathBuf> {
    path("TEST_KAFKA", "Kafka")
}

/// Folder with the jars of the oldest version of Kafka that is supported (`TEST_KAFKA_OLD`).
///
/// # Errors
///
/// When it is not set.
pub fn old_kafka_libraries() -> io::Result<PathBuf> {
    path("TEST_KAFKA_OLD", "Kafka")
}

/// Program `rabbitmq-server`, the one that runs in the foreground as whoever starts it (`TEST_RABBITMQ`).
///
/// # Errors
///
/// When it is not set.
pub fn rabbitmq_program() -> io::Result<PathBuf> {
    path("TEST_RABBITMQ", "RabbitMQ")
}

/// Folder with the jars and the program of a server that speaks MongoDB's protocol (`TEST_MONGODB`).
///
/// # Errors
///
/// When it is not set.
pub fn mongodb_libraries() -> io::Result<PathBuf> {
    path("TEST_MONGODB", "a server of MongoDB's protocol")
}

/// Python with the package `aiosmtpd`, a mail server (`TEST_SMTP`).
///
/// # Errors
///
/// When it is not set.
pub fn smtp_python() -> io::Result<PathBuf> {
    path("TEST_SMTP", "a mail server")
}

/// Program of Toxiproxy's server (`TEST_TOXIPROXY`).
///
/// # Errors
///
/// When it is not set.
pub fn toxiproxy_program() -> io::Result<PathBuf> {
    path("TEST_TOXIPROXY", "Toxiproxy")
}

/// Program `ip`, which sets up networks; `tc` lies beside it (`TEST_IPROUTE`).
///
/// # Errors
///
/// When it is not set.
pub fn ip_program() -> io::Result<PathBuf> {
    path("TEST_IPROUTE", "iproute2")
}

/// Library that shows a process another time (`TEST_FAKETIME`).
///
/// # Errors
///
/// When it is not set.
pub fn clock_library() -> io::Result<PathBuf> {
    path("TEST_FAKETIME", "libfaketime")
}

/// Value of a variable, or an error that says who sets it.
pub(crate) fn variable(name: &str, server: &str) -> io::Result<String> {
    env::var(name).map_err(|_| {
        let reason = format!("is not set: `cargo xtask test` finds {server} and sets it");
        io::Error::other(format!("{name} {reason}"))
    })
}

fn path(name: &str, server: &str) -> io::Result<PathBuf> {
    variable(name, server).map(PathBuf::from)
}
