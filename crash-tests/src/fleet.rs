//! Fleet: two processes of each service on one database, of which one owns the service and the other one stands by.

use crate::{
    client::OPERATOR_TOKEN,
    clock_file::{ClockFile, ClockOffset},
    namespaces::{NamespaceNetwork, TEST_HOST, address_of},
    shop::Program,
    violation::{CheckResult, Violation, ensure},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Lines},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use testkit::ReservedPort;
use tokio::time::Instant;

/// Services that one process owns at a time, those that others call first.
pub(crate) const OWNED: [&str; 7] = [
    "inventory-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
    "audit-service",
    "notification-service",
];
/// Services that all their processes serve.
const EDGES: [&str; 2] = ["storefront", "api-gateway"];
/// Processes of each service.
const INSTANCES: usize = 2;
/// Services of a fleet.
const SERVICES: usize = OWNED.len() + EDGES.len();
/// Process with the edges that clients ask.
const GATEWAY: usize = SERVICES - 1;
/// Processes of a fleet.
pub(crate) const PROCESSES: usize = SERVICES * INSTANCES;
/// File of the secret of the fleet, which calls between hosts need.
const SECRET: &str = "secret";
const SECRET_TEXT: &str = "the-secret-of-the-fleet-of-a-crash-test";
/// What one client may ask for at once.
const CLIENT_LIMITS: [&str; 3] = [
    "ICOMMERCE_API_GATEWAY__CLIENT_REQUESTS_PER_SECOND",
    "ICOMMERCE_API_GATEWAY__CLIENT_REQUESTS_BURST",
    "ICOMMERCE_API_GATEWAY__CLIENT_REQUESTS_MAX",
];
/// File of the keys of personal data, which all processes have.
const KEYS: &str = "icommerce.keys";
/// Time limit for a stop.
const STOP_TIMEOUT: Duration = Duration::from_mins(2);

/// Number of the next time at which a process begins to serve.
static BEGINNINGS: AtomicU64 = AtomicU64::new(1);

/// Where the processes of a fleet are.
#[derive(Clone, Debug, Default)]
pub(crate) struct FleetSurroundings {
    /// Network with a host for each process; without one they are all on loopback.
    pub(crate) network: Option<Arc<NamespaceNetwork>>,
    /// Library with which the clock of each process can be set.
    pub(crate) clock_library: Option<PathBuf>,
}

/// Processes of a fleet.
#[derive(Debug)]
pub(crate) struct Fleet {
    program: Program,
    data: PathBuf,
    members: Vec<Member>,
    peers: String,
    edges: [ReservedPort; 2],
}

/// Process of a service.
#[derive(Debug)]
struct Member {
    service: &'static str,
    address: Ipv4Addr,
    port: ReservedPort,
    /// Port of its status, with its metrics.
    status: ReservedPort,
    clock: Option<ClockFile>,
    child: Option<Child>,
    /// When the child began to serve, the last time that it did; 0 while it only stood by.
    served: Arc<AtomicU64>,
}

impl Fleet {
    /// Starts the processes, the first one of each service before the second ones, and waits until those serve.
    pub(crate) async fn start(program: &Program, data: &Path) -> CheckResult<Self> {
        let reserve = || {
            let port = ReservedPort::reserve();
            port.map_err(|error| Violation::new("no free port for a process").context(error))
        };
        fs::create_dir_all(data)?;
        let FleetSurroundings { network, clock_library } = &program.surroundings;
        let mut members = Vec::new();
        for service in (0..INSTANCES).flat_map(|_| OWNED.into_iter().chain(EDGES)) {
            let index = members.len();
            let clock = || ClockFile::create(data.join(format!("clock-{index}")));
            let has_host = network.is_some();
            members.push(Member {
                service,
                address: if has_host { address_of(host_of(index)) } else { Ipv4Addr::LOCALHOST },
                port: reserve()?,
                status: reserve()?,
                clock: clock_library.as_ref().map(|_| clock()).transpose()?,
                child: None,
                served: Arc::default(),
            });
        }
        let peers = members.iter().map(|member| {
            format!("{}=http://{}:{}", member.service, member.address, member.port.number())
        });
        let peers = peers.collect::<Vec<_>>().join(",");
        let (edges, mut program) = ([reserve()?, reserve()?], program.clone());
        if network.is_some() {
            let secret = data.join(SECRET);
            fs::write(&secret, SECRET_TEXT)?;
            program = program
                .with("ICOMMERCE_FLEET__SECRET_FILE", &secret.to_string_lossy())
                .with("ICOMMERCE_ALLOW_TEST_PAYMENTS_BEYOND_LOOPBACK", "true");
            // All customers have one address, which is not that of the gateway's own host.
            for limit in CLIENT_LIMITS {
                program = program.with(limit, "100000");
            }
        }
        let data = data.to_owned();
        let mut fleet = Self { program, data, members, peers, edges };
        for index in 0..fleet.members.len() / INSTANCES {
            let lines = fleet.spawn(index)?;
            let served = Arc::clone(&fleet.members[index].served);
            let reading =
                tokio::task::spawn_blocking(move || note_beginnings(lines, &served, true));
            let lines = reading.await.map_err(|error| Violation::new(error.to_string()))?;
            fleet.follow(index, lines);
            let is_serving = fleet.members[index].served.load(Relaxed) > 0;
            ensure(is_serving, || format!("{} does not start", fleet.members[index].service))?;
        }
        fleet.start_missing()?;
        Ok(fleet)
    }

    /// Addresses of the edges: that of the shop, and that of operators.
    pub(crate) fn edges(&self) -> [SocketAddr; 2] {
        let gateway = self.members[GATEWAY].address;
        [&self.edges[0], &self.edges[1]].map(|port| (gateway, port.number()).into())
    }

    /// Network with a host for each process.
    pub(crate) fn network(&self) -> CheckResult<&NamespaceNetwork> {
        let network = self.program.surroundings.network.as_deref();
        network.ok_or_else(|| Violation::new("the processes have no hosts of their own"))
    }

    /// Host and port of a process.
    pub(crate) fn place_of(&self, process: usize) -> (usize, u16) {
        (host_of(process), self.members[process].port.number())
    }

    /// Address of the status of a process.
    pub(crate) fn status_of(&self, process: usize) -> SocketAddr {
        let Member { address, status, .. } = &self.members[process];
        (*address, status.number()).into()
    }

    /// Sets the clock of a process.
    pub(crate) fn set_clock(&self, process: usize, offset: ClockOffset) -> CheckResult {
        let clock = self.members[process].clock.as_ref();
        clock.ok_or_else(|| Violation::new("the process has no clock of its own"))?.set(offset)
    }

    /// Starts the processes that do not run.
    pub(crate) fn start_missing(&mut self) -> CheckResult {
        for index in 0..self.members.len() {
            if self.members[index].child.is_none() {
                let lines = self.spawn(index)?;
                self.follow(index, lines);
            }
        }
        Ok(())
    }

    fn spawn(&mut self, index: usize) -> CheckResult<Lines<BufReader<ChildStdout>>> {
        let is_first = index < self.members.len() / INSTANCES;
        let Member { service, address, port, status, clock, .. } = &self.members[index];
        let FleetSurroundings { network, clock_library } = &self.program.surroundings;
        let data = self.data.join(service);
        let first = self.data.join(OWNED[0]);
        fs::create_dir_all(&data)?;
        if first.join(KEYS).exists() && !data.join(KEYS).exists() {
            fs::copy(first.join(KEYS), data.join(KEYS))?;
        }
        let mut command: Command = self.program.command();
        if let (Some(clock), Some(library)) = (clock, clock_library) {
            clock.give(&mut command, library);
        }
        let edge = |port: &ReservedPort| if is_first { port.number() } else { 0 };
        command.args([
            "--no-demo".to_owned(),
            format!("--services={service}"),
            format!("--service-listen={address}:{}", port.number()),
            format!("--listen={address}:{}", edge(&self.edges[0])),
            format!("--operator-listen={address}:{}", edge(&self.edges[1])),
            format!("--peers={}", self.peers),
        ]);
        command.arg("--data").arg(data);
        let log = match &self.program.log {
            Some(path) => File::options().create(true).append(true).open(path)?.into(),
            None => Stdio::null(),
        };
        command.env("ICOMMERCE_STATUS_LISTEN", format!("{address}:{}", status.number()));
        if *service == EDGES[1] {
            command.env("ICOMMERCE_API_GATEWAY__OPERATOR_TOKEN", OPERATOR_TOKEN);
        }
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = match network {
            Some(network) => network.run_on(host_of(index), || command.spawn())?,
            None => command.spawn()?,
        };
        let output = child.stdout.take();
        let output = output.ok_or_else(|| Violation::new("the output of a process is no pipe"))?;
        self.members[index].child = Some(child);
        self.members[index].served = Arc::default();
        Ok(BufReader::new(output).lines())
    }

    /// Notes from now on when a process begins to serve.
    fn follow(&mut self, index: usize, lines: Lines<BufReader<ChildStdout>>) {
        let served = Arc::clone(&self.members[index].served);
        std::thread::spawn(move || note_beginnings(lines, &served, false));
    }

    /// Processes of a service: its owner, and the one that stands by.
    fn processes_of(&self, service: &str) -> CheckResult<[usize; INSTANCES]> {
        let of = self.members.iter().enumerate().filter(|(_, it)| it.service == service);
        let mut of: Vec<_> = of.map(|(index, it)| (it.served.load(Relaxed), index)).collect();
        of.sort_unstable();
        let of: Vec<usize> = of.into_iter().rev().map(|(_, index)| index).collect();
        <[usize; INSTANCES]>::try_from(of).map_err(|_| Violation::new("no such service"))
    }

    /// All processes of a service.
    pub(crate) fn all_of(&self, service: &str) -> Vec<usize> {
        let all = self.members.iter().enumerate().filter(|(_, it)| it.service == service);
        all.map(|(index, _)| index).collect()
    }

    /// The process of a service that works: its owner, or of an edge the one that clients ask.
    pub(crate) fn worker(&self, service: &str) -> CheckResult<usize> {
        if service == EDGES[1] { Ok(GATEWAY) } else { self.owner(service) }
    }

    /// The owners of all services.
    pub(crate) fn owners(&self) -> CheckResult<Vec<usize>> {
        OWNED.iter().map(|service| self.owner(service)).collect()
    }

    /// Number of the last time at which a process of a service began to serve.
    pub(crate) fn last_beginning(&self, service: &str) -> u64 {
        let of = self.members.iter().filter(|it| it.service == service);
        of.map(|it| it.served.load(Relaxed)).max().unwrap_or_default()
    }

    /// Owner of a service.
    pub(crate) fn owner(&self, service: &str) -> CheckResult<usize> {
        self.processes_of(service).map(|[owner, _]| owner)
    }

    /// The process of a service that stands by.
    pub(crate) fn standby(&self, service: &str) -> CheckResult<usize> {
        self.processes_of(service).map(|[_, standby]| standby)
    }

    /// Sends a signal to a process.
    pub(crate) fn signal(&self, process: usize, signal: Signal) -> CheckResult {
        let child = self.members[process].child.as_ref();
        let child = child.ok_or_else(|| Violation::new("the process does not run"))?;
        let sent = kill_process(Pid::from_child(child), signal);
        sent.map_err(|error| std::io::Error::from(error).into())
    }

    /// Kills a process with SIGKILL.
    pub(crate) fn kill(&mut self, process: usize) -> CheckResult {
        if let Some(mut child) = self.members[process].child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Stops a process gracefully; it has to exit with success.
    pub(crate) async fn terminate(&mut self, process: usize) -> CheckResult {
        self.signal(process, Signal::TERM)?;
        let service = self.members[process].service;
        let Some(mut child) = self.members[process].child.take() else { return Ok(()) };
        let until = Instant::now() + STOP_TIMEOUT;
        loop {
            if let Some(status) = child.try_wait()? {
                return ensure(status.success(), || format!("{service} stopped with {status}"));
            }
            ensure(Instant::now() < until, || format!("{service} does not stop"))?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Returns a violation if a process has exited by itself.
    pub(crate) fn check_running(&mut self) -> CheckResult {
        for Member { service, child, .. } in &mut self.members {
            let status = child.as_mut().map(Child::try_wait).transpose()?.flatten();
            ensure(status.is_none(), || format!("{service} exited unexpectedly: {status:?}"))?;
        }
        Ok(())
    }

    /// Stops all processes gracefully, the edges first.
    pub(crate) async fn stop(&mut self) -> CheckResult {
        for process in (0..self.members.len()).rev() {
            if self.members[process].child.is_some() {
                self.terminate(process).await?;
            }
        }
        Ok(())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in 0..self.members.len() {
            // Whatever is wrong with one of them, the others must not be left behind.
            let _ = self.kill(process);
        }
    }
}

/// Host of a process.
fn host_of(process: usize) -> usize {
    TEST_HOST + 1 + process
}

/// Notes each time at which a process prints the address of its service listener, or the first one if only `once`.
fn note_beginnings(
    mut lines: Lines<BufReader<ChildStdout>>,
    served: &AtomicU64,
    once: bool,
) -> Lines<BufReader<ChildStdout>> {
    while let Some(Ok(line)) = lines.next() {
        if line.starts_with("services") {
            served.store(BEGINNINGS.fetch_add(1, Relaxed), Relaxed);
            if once {
                break;
            }
        }
    }
    lines
}
