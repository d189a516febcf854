//! The real program on a data folder: started, killed, paused, stopped.

use crate::{
    client::{Doors, Edge},
    violation::{Checked, Violation, ensure},
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
use testkit::Port;
use tokio::time::Instant;

/// How long a start and a stop may take at most.
const PATIENCE: Duration = Duration::from_mins(2);

/// How the services share processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All in one.
    One,
    /// Goods, stock and payments in one process, carts, orders and the edges in another.
    Halves,
}

impl Shape {
    fn processes(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::One => &[&[]],
            Self::Halves => &[
                &["product-service", "inventory-service", "payment-service", "audit-service"],
                &["shopping-cart-service", "order-service", "storefront", "api-gateway"],
            ],
        }
    }
}

impl Shape {
    /// Where in the data folder the payments are.
    pub(crate) fn folder_of_payments(self, data: &Path) -> PathBuf {
        match self {
            Self::One => data.to_owned(),
            Self::Halves => data.join("product-service"),
        }
    }
}

/// Where the program is and how it is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub binary: PathBuf,
    /// Further environment variables: settings.
    pub settings: Vec<(String, String)>,
    /// Which services share a process.
    pub shape: Shape,
    /// Where what the shop logs is written; nowhere when absent.
    pub log: Option<PathBuf>,
}

impl Program {
    /// This binary with all services in one process, and payments that need not be waited for long.
    pub fn new(binary: PathBuf) -> Self {
        let settings = [
            ("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true"),
            ("ICOMMERCE_PAYMENT_SERVICE__SLOW_MS", "150"),
            ("ICOMMERCE_PAYMENT_SERVICE__UNKNOWN_OUTCOME_MS", "300"),
            ("ICOMMERCE_PAYMENT_SERVICE__LATE_WEBHOOK_MS", "300"),
            ("ICOMMERCE_PAYMENT_SERVICE__RESOLVE_EVERY_MS", "100"),
            ("ICOMMERCE_LOG_FILTER", "warn"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { binary, settings, shape: Shape::One, log: None }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    processes: Vec<Process>,
    _ports: Vec<Port>,
    /// How long it took until it served.
    pub start: Duration,
    /// Its doors.
    pub doors: Doors,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// Kept open: a closed pipe would be news to the process.
    _output: BufReader<ChildStdout>,
}

/// A shop whose processes run and have not said yet that they serve.
#[derive(Debug)]
pub struct Starting {
    children: Vec<Child>,
    /// Where they listen for each other.
    ports: Vec<Port>,
}

impl Starting {
    /// Starts the processes on a data folder.
    pub fn begin(program: &Program, data: &Path) -> Checked<Self> {
        let groups = program.shape.processes();
        let ports = groups
            .iter()
            .map(|_| Port::take())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Violation::new("there is no port for a process").seen(error))?;
        let peers: Vec<String> = groups
            .iter()
            .zip(&ports)
            .flat_map(|(group, port)| {
                group.iter().map(move |name| format!("{name}=http://127.0.0.1:{}", port.number()))
            })
            .collect();
        let mut children = Vec::new();
        for (group, port) in groups.iter().zip(&ports) {
            let mut command = Command::new(&program.binary);
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
            let settings = program.settings.iter().map(|(name, value)| (name, value));
            let child = command.envs(settings).stdout(Stdio::piped()).stderr(log).spawn();
            children.push(
                child.map_err(|error| Violation::from(error).seen(program.binary.display()))?,
            );
        }
        Ok(Self { children, ports })
    }

    /// Waits until the shop serves.
    pub async fn serves(mut self, began: Instant) -> Checked<Shop> {
        let (mut processes, mut doors) = (Vec::new(), (None, None));
        for mut child in std::mem::take(&mut self.children) {
            let Some(output) = child.stdout.take() else {
                return Err(Violation::new("the output of the shop is not there"));
            };
            let reading = tokio::task::spawn_blocking(move || addresses(output));
            let read = tokio::time::timeout(PATIENCE, reading).await;
            let Ok(Ok(Some((output, addresses)))) = read else {
                let _ = child.kill();
                let ended = child.wait()?;
                return Err(Violation::new(format!("the shop does not start: {ended}")));
            };
            for (edge, address) in addresses {
                match edge.as_str() {
                    "shop" => doors.0 = Some(address),
                    "operator" => doors.1 = Some(address),
                    _ => {}
                }
            }
            processes.push(Process { child, _output: output });
        }
        let start = began.elapsed();
        let (Some(shop), Some(operator)) = doors else {
            return Err(Violation::new("the shop does not say where it serves"));
        };
        let ports = std::mem::take(&mut self.ports);
        let shop = Shop { processes, _ports: ports, start, doors: Doors::new(shop, operator) };
        shop.is_ready().await?;
        Ok(shop)
    }

    /// Ends them without warning.
    pub fn kill(mut self) -> Checked {
        self.children.iter_mut().try_for_each(end)
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.children.iter_mut().for_each(|child| drop(end(child)));
    }
}

impl Shop {
    /// Starts the shop on a data folder and waits until it serves.
    pub async fn start(program: &Program, data: &Path) -> Checked<Self> {
        let began = Instant::now();
        Starting::begin(program, data)?.serves(began).await
    }

    /// Ends the processes without warning. It is a violation when one has ended before.
    pub fn kill(&mut self) -> Checked {
        self.is_alive()?;
        self.unplug()
    }

    /// Ends the processes without warning, or finds that they have ended.
    pub fn unplug(&mut self) -> Checked {
        self.processes.iter_mut().try_for_each(|process| end(&mut process.child))
    }

    /// Waits until the processes have found each other.
    async fn is_ready(&self) -> Checked {
        let began = Instant::now();
        for path in ["/health/ready", "/api/v1/orders?limit=1"] {
            while self.doors.read(Edge::Operator, path).await.is_none_or(|it| !it.is_good()) {
                ensure(began.elapsed() < PATIENCE, || "the shop does not become ready")?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    /// Whether every process still runs.
    pub fn is_alive(&mut self) -> Checked {
        let ended = self.has_ended()?;
        ensure(ended.is_none(), || format!("the shop ended by itself: {ended:?}"))
    }

    /// How a process has ended by itself, if one has.
    pub fn has_ended(&mut self) -> Checked<Option<ExitStatus>> {
        for process in &mut self.processes {
            if let Some(status) = process.child.try_wait()? {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.processes.len()
    }

    /// Sends a signal to one process.
    pub fn signal(&self, process: usize, signal: Signal) -> Checked {
        let id = Pid::from_child(&self.processes[process].child);
        kill_process(id, signal).map_err(|error| std::io::Error::from(error).into())
    }

    /// Stops the processes in their tracks; returns when no thread of theirs is in the kernel any more.
    pub(crate) async fn freeze(&self) -> Checked {
        for (number, process) in self.processes.iter().enumerate() {
            self.signal(number, Signal::STOP)?;
            let id = Pid::from_child(&process.child);
            let began = Instant::now();
            let options = WaitOptions::UNTRACED | WaitOptions::NOHANG;
            let (_, status) = loop {
                if let Some(news) = waitpid(Some(id), options).map_err(std::io::Error::from)? {
                    break news;
                }
                ensure(began.elapsed() < PATIENCE, || "the shop does not stand still")?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            };
            ensure(status.stopped(), || format!("the shop ended by itself: {status:?}"))?;
        }
        Ok(())
    }

    /// Lets stopped processes go on.
    pub(crate) fn thaw(&self) -> Checked {
        (0..self.processes()).try_for_each(|number| self.signal(number, Signal::CONT))
    }

    /// Asks the processes to stop, the last one first; each has to end well.
    pub async fn stop(mut self) -> Checked {
        for number in (0..self.processes()).rev() {
            self.signal(number, Signal::TERM)?;
            let began = Instant::now();
            let status = loop {
                if let Some(status) = self.processes[number].child.try_wait()? {
                    break status;
                }
                ensure(began.elapsed() < PATIENCE, || "the shop does not stop")?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            ensure(status.success(), || format!("the shop stopped with {status}"))?;
        }
        Ok(())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.processes.iter_mut().for_each(|process| drop(end(&mut process.child)));
    }
}

fn end(child: &mut Child) -> Checked {
    child.kill()?;
    child.wait()?;
    Ok(())
}

type Addresses = Vec<(String, SocketAddr)>;

/// The lines that say where the process serves; they come when it does.
fn addresses(output: ChildStdout) -> Option<(BufReader<ChildStdout>, Addresses)> {
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
        // The last line of a process: the operator's edge where there are edges, else the services' own.
        if edge == "operator" || (edge == "services" && addresses.len() == 1) {
            return Some((output, addresses));
        }
    }
}
