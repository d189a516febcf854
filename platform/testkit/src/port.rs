//! Port numbers that stay a test's own until it lets them go.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the numbers that systems give to outgoing connections (Linux: 32768 and up, IANA: 49152 and up). A number from
/// up there may be somebody's connection between the moment it is chosen and the moment a process listens on it.
const NUMBERS: Range<u16> = 20_000..32_000;

/// Where the next search of this process begins, counted from the first number.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A loopback port that no other holder of a `Port` on this machine has.
///
/// Nothing listens on it. It is meant for processes that have to be told their address before they run, and whose address
/// has to be the same when they run again. The number is given back when the value is dropped or the process ends.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

/// Why there is no port to be had.
#[derive(Debug)]
pub enum NoPort {
    /// The folder of the locks cannot be used.
    Locks(io::Error),
    /// Each number is somebody's.
    AllTaken,
}

impl Port {
    /// Takes a number that nobody holds and nobody listens on.
    ///
    /// # Errors
    ///
    /// See [`NoPort`].
    pub fn take() -> Result<Self, NoPort> {
        let folder = std::env::temp_dir().join("icommerce-test-ports");
        fs::create_dir_all(&folder).map_err(NoPort::Locks)?;
        // Processes begin at places of their own, or they would all try the same numbers in the same order.
        let spread = std::process::id().wrapping_mul(2_654_435_761) >> 16;
        for _ in NUMBERS {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let within = (spread + u32::from(step)) % u32::from(NUMBERS.end - NUMBERS.start);
            let number = NUMBERS.start + u16::try_from(within).unwrap_or_default();
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(number.to_string()))
                .map_err(NoPort::Locks)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(NoPort::Locks(error)),
            }
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(NoPort::AllTaken)
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl fmt::Display for NoPort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locks(error) => write!(out, "the locks of ports cannot be kept: {error}"),
            Self::AllTaken => {
                write!(out, "each port from {} to {} is taken", NUMBERS.start, NUMBERS.end - 1)
            }
        }
    }
}

impl std::error::Error for NoPort {}
