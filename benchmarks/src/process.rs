//! The process under measurement: started, watched, stopped.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) shop: String,
    pub(crate) operator: String,
    /// How long it took from the start to the line that says where it serves.
    pub(crate) started_in: Duration,
    /// Its data, kept as long as it runs.
    _data: Option<TempDir>,
}

/// What a process has used up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) written_bytes: u64,
    pub(crate) resident_bytes: u64,
}

impl Server {
    /// The shop, on a new data folder without the demonstration catalogue.
    pub(crate) fn shop(binary: &Path) -> Result<Self, String> {
        // Beside the working directory, not in a memory file system: a flush has to reach a disk.
        let data = TempDir::new_in(".").map_err(|error| error.to_string())?;
        let mut command = Command::new(binary);
        command
            .args(["--no-demo", "--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"])
            .arg("--data")
            .arg(data.path())
            .env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")
            .env("ICOMMERCE_LOG_FILTER", "warn");
        Self::start(command, Some(data))
    }

    /// The server of constant answers.
    pub(crate) fn constant() -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(this);
        command.arg(crate::constant::ARGUMENT);
        Self::start(command, None)
    }

    fn start(mut command: Command, data: Option<TempDir>) -> Result<Self, String> {
        let begun = tokio::time::Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| {
            format!("{} cannot be started: {error}", command.get_program().display())
        })?;
        let out = child.stdout.take().ok_or("the process has no output")?;
        let mut lines = BufReader::new(out).lines();
        let mut address = |name: &str| {
            let line = lines
                .next()
                .ok_or("the process ended before it served")?
                .map_err(|error| error.to_string())?;
            let address =
                line.strip_prefix(name).and_then(|rest| rest.trim().strip_prefix("http://"));
            address.map(str::to_owned).ok_or_else(|| format!("not an address: {line}"))
        };
        let (shop, operator) = (address("shop")?, address("operator")?);
        Ok(Self { child, shop, operator, started_in: begun.elapsed(), _data: data })
    }

    /// The same server, with the load on its operator edge.
    pub(crate) fn by_the_operator_edge(mut self) -> Self {
        self.shop.clone_from(&self.operator);
        self
    }

    /// What it has used up to now, as the kernel counts it.
    pub(crate) fn usage(&self) -> Result<Usage, String> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.child.id());
            std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
        };
        let stat = read("stat")?;
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field = |index: usize| {
            after_name.split_whitespace().nth(index).and_then(|text| text.parse::<u64>().ok())
        };
        let (user, system) = (field(11).unwrap_or(0), field(12).unwrap_or(0));
        let pages = field(21).unwrap_or(0);
        let ticks = rustix::param::clock_ticks_per_second();
        let written = read("io")?
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok())
            .unwrap_or(0);
        Ok(Usage {
            cpu: Duration::from_millis((user + system) * 1_000 / ticks),
            written_bytes: written,
            resident_bytes: pages * rustix::param::page_size() as u64,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
