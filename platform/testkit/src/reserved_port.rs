//! Reserved ports: TCP port numbers that belong to one test until it drops them.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU16, Ordering},
};

/// Range below the ephemeral ports, which systems give to outgoing connections (Linux: 32768 and up, IANA: 49152 and up). An
/// ephemeral port may become a connection's between the moment it is chosen and the moment a process listens on it.
const NUMBERS: Range<u16> = 20_000..32_000;

/// Offset of this process's next search in the range.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// TCP port on loopback that no other `ReservedPort` on this machine has.
///
/// Nothing listens on it. It is meant for processes whose address has to be known before they run, and has to be the same
/// when they run again. The port is released when the value is dropped or the process ends.
///
/// ```
/// use std::net::{Ipv4Addr, TcpListener};
/// use testkit::ReservedPort;
///
/// let port = ReservedPort::reserve()?;
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).unwrap();
/// # drop(listener);
/// # Ok::<(), testkit::PortError>(())
/// ```
#[derive(Debug)]
pub struct ReservedPort {
    number: u16,
    _lock: File,
}

/// Reasons why no port could be reserved.
#[derive(Debug)]
pub enum PortError {
    /// Failure of the folder that holds the lock files.
    LockFile(io::Error),
    /// No free port in the range.
    Exhausted,
}

impl ReservedPort {
    /// Reserves a port that no other test has reserved and no process listens on.
    ///
    /// # Errors
    ///
    /// See [`PortError`].
    pub fn reserve() -> Result<Self, PortError> {
        let folder = std::env::temp_dir().join("icommerce-test-ports");
        fs::create_dir_all(&folder).map_err(PortError::LockFile)?;
        // Each process begins elsewhere, or they would all try the same numbers in the same order.
        let spread = std::process::id().wrapping_mul(2_654_435_761) >> 16;
        for _ in NUMBERS {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let within = (spread + u32::from(step)) % u32::from(NUMBERS.end - NUMBERS.start);
            let number = NUMBERS.start + u16::try_from(within).expect("it lies within the range");
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(number.to_string()))
                .map_err(PortError::LockFile)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(PortError::LockFile(error)),
            }
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(PortError::Exhausted)
    }

    /// Port number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LockFile(error) => write!(out, "the lock files of ports cannot be used: {error}"),
            Self::Exhausted => {
                write!(out, "all ports from {} to {} are taken", NUMBERS.start, NUMBERS.end - 1)
            }
        }
    }
}

impl std::error::Error for PortError {}
