//! Server processes of a shop on a data folder: start, readiness, signals, graceful stop.

use crate::{
    client::{Edge, EdgeClient, OPERATOR_TOKEN},
    fleet::{Fleet, FleetSurroundings},
    violation::{CheckResult, Violation, ensure},
};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};
use testkit::ReservedPort;
use tokio::time::Instant;

/// Time limit for a start, and for a stop.
const START_STOP_TIMEOUT: Duration = Duration::from_mins(2);

/// Topology: how the services are spread over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// All services in one process.
    OneProcess,
    /// Catalogue, inventory, payments and audit in one process; carts, orders and the edges in another.
    TwoProcesses,
    /// Two processes of each service on one database, of which one owns it.
    TwoOfEach,
}

impl Topology {
    fn service_groups(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::OneProcess | Self::TwoOfEach => &[&[]],
            Self::TwoProcesses => &[
                &[
                    "product-service",
                    "inventory-service",
                    "payment-service",
                    "audit-service",
                    "notification-service",
                ],
                &["shopping-cart-service", "order-service", "storefront", "api-gateway"],
            ],
        }
    }

    /// The data folder of the process that keeps the payments.
    pub(crate) fn payment_data_folder(self, data: &Path) -> PathBuf {
        match self {
            Self::OneProcess => data.to_owned(),
            Self::TwoProcesses => data.join("product-service"),
            Self::TwoOfEach => data.join("payment-service"),
        }
    }

    /// The data folder with which one program looks at all services; none where the services have a store each.
    pub(crate) fn whole_data_folder(self, data: &Path) -> Option<PathBuf> {
        match self {
            Self::OneProcess => Some(data.to_owned()),
            Self::TwoProcesses => None,
            Self::TwoOfEach => Some(data.join("order-service")),
        }
    }
}

/// The server program and how it is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub binary: PathBuf,
    /// Environment variables with settings.
    pub settings: Vec<(String, String)>,
    /// Topology of the processes.
    pub topology: Topology,
    /// File that the log is appended to; none to discard it.
    pub log: Option<PathBuf>,
    /// Where the processes of a fleet are.
    pub(crate) surroundings: FleetSurroundings,
}

impl Program {
    /// The binary with all services in one process, and with short delays of the test payment method.
    pub fn new(binary: PathBuf) -> Self {
        let settings = [
            ("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true"),
            ("ICOMMERCE_PAYMENT_SERVICE__SLOW_MS", "150"),
            ("ICOMMERCE_PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", "300"),
            ("ICOMMERCE_PAYMENT_SERVICE__LATE_WEBHOOK_MS", "300"),
            ("ICOMMERCE_PAYMENT_SERVICE__RESOLVE_EVERY_MS", "100"),
            // All customers of a crash test have one address.
            ("ICOMMERCE_ORDER_SERVICE__FAILED_CHECKOUTS_PER_ADDRESS_MAX", "1000000"),
            ("ICOMMERCE_ORDER_SERVICE__UNPAID_ORDERS_MAX", "100000"),
            ("ICOMMERCE_ORDER_SERVICE__UNPAID_SHARE_PERCENT_MAX", "100"),
            ("ICOMMERCE_LOG_FILTER", "warn"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let surroundings = FleetSurroundings::default();
        Self { binary, settings, topology: Topology::OneProcess, log: None, surroundings }
    }

    /// Adds a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Command of the program with these settings.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    processes: Vec<Process>,
    fleet: Option<Fleet>,
    _ports: Vec<ReservedPort>,
    /// Time from the start of the processes to their first announcement.
    pub start_time: Duration,
    /// HTTP client of its edges.
    pub client: EdgeClient,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// Kept open: a closed pipe would fail the process's writes.
    _output: BufReader<ChildStdout>,
}

/// A shop whose processes run, but have not announced their addresses yet.
#[derive(Debug)]
pub struct StartingShop {
    children: Vec<Child>,
    /// Ports of the internal listeners.
    ports: Vec<ReservedPort>,
}

impl StartingShop {
    /// Starts the processes on a data folder.
    pub fn spawn(program: &Program, data: &Path) -> CheckResult<Self> {
        let groups = program.topology.service_groups();
        let ports = groups
            .iter()
            .map(|_| ReservedPort::reserve())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Violation::new("no free port for a process").context(error))?;
        let peers: Vec<String> = groups
            .iter()
            .zip(&ports)
            .flat_map(|(group, port)| {
                group.iter().map(move |name| format!("{name}=http://127.0.0.1:{}", port.number()))
            })
            .collect();
        let mut children = Vec::new();
        for (group, port) in groups.iter().zip(&ports) {
            let mut command = program.command();
            command.args(["--no-demo", "--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"]);
            let folder = group.first().map_or_else(|| data.to_owned(), |name| data.join(name));
            command.arg("--data").arg(folder);
            if !group.is_empty() {
                command.arg(format!("--services={}", group.join(",")));
                command.arg(format!("--service-listen=127.0.0.1:{}", port.number()));
                command.arg(format!("--peers={}", peers.join(",")));
            }
            let log = match &program.log {
                Some(path) => File::options().create(true).append(true).open(path)?.into(),
                None => Stdio::null(),
            };
            command.env("ICOMMERCE_API_GATEWAY__OPERATOR_TOKEN", OPERATOR_TOKEN);
            let child = command.stdout(Stdio::piped()).stderr(log).spawn();
            children.push(
                child.map_err(|error| Violation::from(error).context(program.binary.display()))?,
            );
        }
        Ok(Self { children, ports })
    }

    /// Waits until every process has announced its addresses and the shop is ready.
    pub async fn wait_until_ready(mut self, started_at: Instant) -> CheckResult<Shop> {
        let (mut processes, mut addresses) = (Vec::new(), (None, None));
        for mut child in std::mem::take(&mut self.children) {
            let Some(output) = child.stdout.take() else {
                return Err(Violation::new("the standard output of the shop is not a pipe"));
            };
            let reading = tokio::task::spawn_blocking(move || read_addresses(output));
            let read = tokio::time::timeout(START_STOP_TIMEOUT, reading).await;
            let Ok(Ok(Some((output, announced)))) = read else {
                let _ = child.kill();
                let status = child.wait()?;
                return Err(Violation::new(format!("the shop does not start: {status}")));
            };
            for (edge, address) in announced {
                match edge.as_str() {
                    "shop" => addresses.0 = Some(address),
                    "operator" => addresses.1 = Some(address),
                    _ => {}
                }
            }
            processes.push(Process { child, _output: output });
        }
        let start_time = started_at.elapsed();
        let (Some(shop), Some(operator)) = addresses else {
            return Err(Violation::new("the shop does not announce the addresses of its edges"));
        };
        let ports = std::mem::take(&mut self.ports);
        let client = EdgeClient::new(shop, operator);
        let shop = Shop { processes, fleet: None, _ports: ports, start_time, client };
        shop.wait_until_healthy().await?;
        Ok(shop)
    }

    /// Kills the processes with SIGKILL.
    pub fn kill(mut self) -> CheckResult {
        self.children.iter_mut().try_for_each(kill_and_wait)
    }
}

impl Drop for StartingShop {
    fn drop(&mut self) {
        self.children.iter_mut().for_each(|child| drop(kill_and_wait(child)));
    }
}

impl Shop {
    /// Starts the shop on a data folder and waits until it is ready.
    pub async fn start(program: &Program, data: &Path) -> CheckResult<Self> {
        let started_at = Instant::now();
        if program.topology == Topology::TwoOfEach {
            let fleet = Fleet::start(program, data).await?;
            let [shop, operator] = fleet.edges();
            let (processes, start_time) = (Vec::new(), started_at.elapsed());
            let client = EdgeClient::new(shop, operator);
            let fleet = Some(fleet);
            let shop = Self { processes, fleet, _ports: Vec::new(), start_time, client };
            shop.wait_until_healthy().await?;
            return Ok(shop);
        }
        StartingShop::spawn(program, data)?.wait_until_ready(started_at).await
    }

    /// Processes of a fleet.
    pub(crate) fn fleet_mut(&mut self) -> CheckResult<&mut Fleet> {
        self.fleet.as_mut().ok_or_else(|| Violation::new("the shop is no fleet"))
    }

    /// Kills the processes with SIGKILL. It is a violation if one has exited before.
    pub fn kill(&mut self) -> CheckResult {
        self.check_running()?;
        self.kill_unless_exited()
    }

    /// Kills the processes with SIGKILL, whether or not they have exited.
    pub fn kill_unless_exited(&mut self) -> CheckResult {
        self.processes.iter_mut().try_for_each(|process| kill_and_wait(&mut process.child))
    }

    /// Waits until the operator edge is ready and reaches the order service.
    async fn wait_until_healthy(&self) -> CheckResult {
        let started_at = Instant::now();
        for path in ["/health/ready", "/api/v1/orders?limit=1"] {
            while self.client.get(Edge::Operator, path).await.is_none_or(|it| !it.is_success()) {
                ensure(
                    started_at.elapsed() < START_STOP_TIMEOUT,
                    || "the shop does not become ready",
                )?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    /// Returns a violation if a process has exited.
    pub fn check_running(&mut self) -> CheckResult {
        let status = self.try_wait()?;
        ensure(status.is_none(), || format!("the shop exited unexpectedly: {status:?}"))
    }

    /// The exit status of the first process that has exited, if any.
    pub fn try_wait(&mut self) -> CheckResult<Option<ExitStatus>> {
        for process in &mut self.processes {
            if let Some(status) = process.child.try_wait()? {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// The number of processes.
    pub fn process_count(&self) -> usize {
        self.processes.len()
    }

    /// Sends a signal to one process.
    pub fn signal(&self, process: usize, signal: Signal) -> CheckResult {
        let id = Pid::from_child(&self.processes[process].child);
        kill_process(id, signal).map_err(|error| std::io::Error::from(error).into())
    }

    /// Suspends the processes with SIGSTOP and waits until they have stopped, so that no system call is under way.
    pub(crate) async fn suspend(&self) -> CheckResult {
        for (number, process) in self.processes.iter().enumerate() {
            self.signal(number, Signal::STOP)?;
            let id = Pid::from_child(&process.child);
            let started_at = Instant::now();
            let options = WaitOptions::UNTRACED | WaitOptions::NOHANG;
            let (_, status) = loop {
                if let Some(change) = waitpid(Some(id), options).map_err(std::io::Error::from)? {
                    break change;
                }
                ensure(started_at.elapsed() < START_STOP_TIMEOUT, || "the shop is not suspended")?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            };
            ensure(status.stopped(), || format!("the shop exited unexpectedly: {status:?}"))?;
        }
        Ok(())
    }

    /// Resumes suspended processes with SIGCONT.
    pub(crate) fn resume(&self) -> CheckResult {
        (0..self.process_count()).try_for_each(|number| self.signal(number, Signal::CONT))
    }

    /// Stops the processes gracefully with SIGTERM, the last one first; each has to exit with success.
    pub async fn stop(mut self) -> CheckResult {
        if let Some(fleet) = &mut self.fleet {
            return fleet.stop().await;
        }
        for number in (0..self.process_count()).rev() {
            self.signal(number, Signal::TERM)?;
            let started_at = Instant::now();
            let status = loop {
                if let Some(status) = self.processes[number].child.try_wait()? {
                    break status;
                }
                ensure(started_at.elapsed() < START_STOP_TIMEOUT, || "the shop does not stop")?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            ensure(status.success(), || format!("the shop stopped with {status}"))?;
        }
        Ok(())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.processes.iter_mut().for_each(|process| drop(kill_and_wait(&mut process.child)));
    }
}

fn kill_and_wait(child: &mut Child) -> CheckResult {
    child.kill()?;
    child.wait()?;
    Ok(())
}

type Addresses = Vec<(String, SocketAddr)>;

/// Reads the announcement of a process: a line for each address it serves.
fn read_addresses(output: ChildStdout) -> Option<(BufReader<ChildStdout>, Addresses)> {
    let mut output = BufReader::new(output);
    let mut addresses = Addresses::new();
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let (edge, address) = line.trim().split_once(' ')?;
        let address = address.trim().strip_prefix("http://")?.parse().ok()?;
        addresses.push((edge.to_owned(), address));
        // The last line: the operator edge where the process has edges, else its internal listener.
        if edge == "operator" || (edge == "services" && addresses.len() == 1) {
            return Some((output, addresses));
        }
    }
}
