//! Process under test: data folder, server, resource usage.

use crate::{
    backends::{Backends, CpuTimes, RowCounts, ShopSettings},
    engine_metrics::EngineMetrics,
    fleet::{Fleet, GATEWAY},
    http_connection::{EdgeAddress, HttpConnection, OPERATOR_TOKEN},
    latency::micros,
    numbers::float,
    recording::Recording,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// Unit of the kernel's counters of block devices, whatever the sector of the device is.
const SECTOR_BYTES: u64 = 512;

/// Running server process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) shop: EdgeAddress,
    pub(crate) operator: EdgeAddress,
    /// Time from the start of the process to the line with its addresses.
    pub(crate) started_in: Duration,
    /// Data folder, kept as long as the process runs.
    pub(crate) data: Option<DataFolder>,
    /// Processes of the services, where this one is the gateway of a fleet.
    pub(crate) fleet: Option<Fleet>,
}

/// Shop under test: its binary, and the servers that it uses beside its data folder.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) binary: PathBuf,
    pub(crate) backends: Arc<Backends>,
}

/// Data folder, with the program that serves it and what else the shop uses.
#[derive(Debug)]
pub(crate) struct DataFolder {
    folder: TempDir,
    program: Program,
    settings: ShopSettings,
}

/// Kind of shutdown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shutdown {
    /// SIGTERM, and waiting for the process to finish its work.
    Graceful,
    /// SIGKILL.
    Kill,
}

/// Resource usage of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceUsage {
    pub(crate) cpu: Duration,
    /// Part of each process, if the shop is a fleet.
    pub(crate) services_cpu: CpuTimes,
    /// CPU time of each server that the shop uses.
    pub(crate) backends_cpu: CpuTimes,
    /// Bytes written to the disk of the data folder since the system started, by every process; `None` without such a disk.
    pub(crate) written_bytes: Option<u64>,
    pub(crate) resident_bytes: u64,
}

impl ResourceUsage {
    /// Usage since an earlier reading; memory as of now.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let each = |now: &CpuTimes, before: &CpuTimes| {
            let pairs = now.iter().zip(before);
            pairs.map(|(&(name, now), (_, before))| (name, now.saturating_sub(*before))).collect()
        };
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            services_cpu: each(&self.services_cpu, &before.services_cpu),
            backends_cpu: each(&self.backends_cpu, &before.backends_cpu),
            written_bytes: self
                .written_bytes
                .zip(before.written_bytes)
                .map(|(now, before)| now.saturating_sub(before)),
            resident_bytes: self.resident_bytes,
        }
    }

    /// Microseconds of CPU for each of `count` units.
    pub(crate) fn cpu_us_each(&self, count: u64) -> f64 {
        micros(self.cpu) / float(count.max(1))
    }
}

impl DataFolder {
    /// A new, empty data folder.
    pub(crate) fn new(program: &Program) -> Result<Self, String> {
        // Beside the working directory, not in a memory file system: a flush has to reach a disk.
        let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
        let settings = program.backends.new_shop()?;
        Ok(Self { folder, program: program.clone(), settings })
    }

    /// Runs a command of the program on the folder, which no process serves, and returns what it prints.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let failed = |error: io::Error| format!("{arguments:?}: {error}");
        let mut command = self
            .command()
            .args(arguments)
            .arg("--data")
            .arg(self.folder.path())
            .env("ICOMMERCE_LOG_FILTER", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = command.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(failed)?;
        }
        let out = command.wait_with_output().map_err(failed)?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        Err(format!("{arguments:?} failed: {}", String::from_utf8_lossy(&out.stderr)))
    }

    /// Makes a shop with one product in the folder: what is done to accounts is done to a shop that there is.
    pub(crate) fn begin(&self) -> Result<(), String> {
        let failed = |error: io::Error| error.to_string();
        let products = tempfile::Builder::new().suffix(".csv").tempfile().map_err(failed)?;
        let table = "Handle,Title,Variant SKU,Variant Price\nmug,Mug,M,5\n";
        std::fs::write(products.path(), table).map_err(failed)?;
        self.import(products.path())
    }

    /// Imports a file of products while no process serves the folder.
    pub(crate) fn import(&self, products: &Path) -> Result<(), String> {
        let products = products.to_str().ok_or("the path of the products is no text")?;
        self.run(&["import", "catalog", products], "").map(drop)
    }

    /// Serves the folder, without the demonstration catalogue.
    pub(crate) fn serve(self) -> Result<Server, String> {
        let command = self.command();
        self.serve_with(command)
    }

    /// Command of the program for this shop.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program.binary);
        command.envs(self.settings.variables.clone());
        command
    }

    /// Serves the folder by a command that wraps the binary.
    pub(crate) fn serve_with(self, mut command: Command) -> Result<Server, String> {
        command.arg("--data").arg(self.folder.path());
        self.serve_edges(command)
    }

    /// Serves the edges by a command that has its data folder.
    pub(crate) fn serve_edges(self, mut command: Command) -> Result<Server, String> {
        command.args(["--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"]);
        configure(&mut command);
        Server::start(command, Some(self))
    }

    /// Path of the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the shop's storage is a database.
    pub(crate) fn has_database(&self) -> bool {
        !self.settings.database.is_empty()
    }

    /// Total size of its files in bytes.
    pub(crate) fn bytes(&self) -> Result<u64, String> {
        let files = std::fs::read_dir(self.folder.path()).map_err(|error| error.to_string())?;
        let sizes = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
        Ok(sizes.sum())
    }

    /// Bytes written to the block device of the folder. What the kernel charges a process with (`write_bytes`) is no measure: on
    /// a file system with large folios it is a whole folio for each record.
    fn device_written_bytes(&self) -> Option<u64> {
        let device = self.folder.path().metadata().ok()?.dev();
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        let counters =
            std::fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat")).ok()?;
        let sectors: u64 = counters.split_whitespace().nth(6)?.parse().ok()?;
        Some(sectors * SECTOR_BYTES)
    }
}

impl Server {
    /// Starts the shop on a new data folder.
    pub(crate) fn shop(program: &Program) -> Result<Self, String> {
        DataFolder::new(program)?.serve()
    }

    /// Starts the baseline server with recorded responses as constant answers.
    pub(crate) fn baseline(recording: &Recording) -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let file = recording.write()?;
        let mut command = Command::new(this);
        command.arg(crate::baseline_server::ARGUMENT).arg(file.path());
        // The file is read before the addresses are printed, so it may be deleted then.
        Self::start(command, None)
    }

    /// Starts another program that prints its addresses as the shop does.
    pub(crate) fn program(command: Command) -> Result<Self, String> {
        Self::start(command, None)
    }

    /// Starts the registry alone, which prints the address of its one listener.
    pub(crate) fn registry(command: Command) -> Result<Self, String> {
        Self::start_named(command, None, &["registry"])
    }

    fn start(command: Command, data: Option<DataFolder>) -> Result<Self, String> {
        Self::start_named(command, data, &["shop", "operator"])
    }

    /// Starts a program that prints the addresses of these listeners, the last of which is for operators.
    fn start_named(
        mut command: Command,
        data: Option<DataFolder>,
        names: &[&str],
    ) -> Result<Self, String> {
        let started_at = tokio::time::Instant::now();
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
        let addresses = names.iter().map(|name| address(name)).collect::<Result<Vec<_>, _>>()?;
        let (Some(first), Some(last)) = (addresses.first(), addresses.last()) else {
            return Err("a server has a listener".to_owned());
        };
        let shop = EdgeAddress::shop(first.clone());
        let operator = EdgeAddress::operator(last.clone());
        let started_in = started_at.elapsed();
        Ok(Self { child, shop, operator, started_in, data, fleet: None })
    }

    /// Rows that the shop's database was asked to write; `None` without one.
    pub(crate) fn row_counts(&self) -> Result<Option<RowCounts>, String> {
        match &self.data {
            Some(data) if data.has_database() => {
                RowCounts::read(&data.program.backends, &data.settings.database).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The same server, with the load on its operator edge.
    pub(crate) fn via_operator_edge(mut self) -> Self {
        self.shop.clone_from(&self.operator);
        self
    }

    /// Shuts the process down and returns its data folder.
    pub(crate) fn shut_down(mut self, shutdown: Shutdown) -> Result<DataFolder, String> {
        if matches!(shutdown, Shutdown::Graceful) {
            let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            let id = id.ok_or("the process has no id")?;
            kill_process(id, Signal::TERM).map_err(|error| error.to_string())?;
            self.child.wait().map_err(|error| error.to_string())?;
        }
        self.data.take().ok_or_else(|| "this server keeps no data".to_owned())
        // Dropping the server here kills the process if it still runs.
    }

    /// Metrics of the engine; `None` for a server without an engine, and for a fleet, where each process has its own.
    pub(crate) async fn engine(&self) -> Result<Option<EngineMetrics>, String> {
        if self.fleet.is_some() {
            return Ok(None);
        }
        let mut operator = HttpConnection::connect(&self.operator).await?;
        let response = operator.request("GET", "/metrics", None, "").await?;
        if response.status != 200 {
            return Ok(None);
        }
        Ok(std::str::from_utf8(response.body).ok().and_then(EngineMetrics::parse))
    }

    /// Resource usage, as the kernel counts it, of all processes.
    pub(crate) fn usage(&self) -> Result<ResourceUsage, String> {
        let ProcessUsage { cpu, resident_bytes } = process_usage(self.child.id())?;
        let mut usage = ResourceUsage { cpu, resident_bytes, ..ResourceUsage::default() };
        if let Some(fleet) = &self.fleet {
            usage.services_cpu = fleet.cpu_times()?;
            usage.services_cpu.push((GATEWAY, cpu));
            usage.cpu = usage.services_cpu.iter().map(|(_, cpu)| *cpu).sum();
            usage.resident_bytes += fleet.resident_bytes()?;
        }
        if let Some(data) = &self.data {
            usage.backends_cpu = data.program.backends.cpu_times();
            usage.written_bytes = data.device_written_bytes();
        }
        Ok(usage)
    }
}

/// Resource usage of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessUsage {
    pub(crate) cpu: Duration,
    pub(crate) resident_bytes: u64,
}

/// Resource usage of a process, as the kernel counts it.
pub(crate) fn process_usage(id: u32) -> Result<ProcessUsage, String> {
    let path = format!("/proc/{id}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |index: usize| {
        after_name.split_whitespace().nth(index).and_then(|text| text.parse::<u64>().ok())
    };
    let (user, system) = (field(11).unwrap_or(0), field(12).unwrap_or(0));
    let pages = field(21).unwrap_or(0);
    let ticks = rustix::param::clock_ticks_per_second();
    Ok(ProcessUsage {
        cpu: Duration::from_millis((user + system) * 1_000 / ticks),
        resident_bytes: pages * rustix::param::page_size() as u64,
    })
}

/// Settings of a process of the shop that is measured.
pub(crate) fn configure(command: &mut Command) -> &mut Command {
    command
        .arg("--no-demo")
        .env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")
        .env("ICOMMERCE_API_GATEWAY__OPERATOR_TOKEN", OPERATOR_TOKEN)
        // All shoppers of a measurement have one address.
        .env("ICOMMERCE_ORDER_SERVICE__FAILED_CHECKOUTS_PER_ADDRESS_MAX", "1000000")
        .env("ICOMMERCE_LOG_FILTER", "warn")
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have exited already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
