//! Network namespaces: one for each process of a fleet and one for the test, joined by a router of their own, which drops what is to be lost.
//!
//! Every namespace is a host with an address and one interface (veth), which leads to the router. Nothing is set up in the namespace that
//! the test was started in, and all of this is gone when its processes and the test have ended.

use crate::violation::{CheckResult, Violation};
use rustix::{
    fd::AsFd,
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
};

/// Folder in which `ip netns` has the names of namespaces.
const NAMES: &str = "/run/netns";
/// Program that sets up queueing disciplines; it comes with `ip`.
const TC: &str = "tc";
/// Host of the test, its database and its clients.
pub(crate) const TEST_HOST: usize = 0;

/// Number of the next network of this process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Hosts joined by a router.
#[derive(Debug)]
pub(crate) struct NamespaceNetwork {
    ip: PathBuf,
    router: NetworkNamespace,
    hosts: Vec<NetworkNamespace>,
}

/// Network namespace. It exists as long as this, or a process in it.
#[derive(Debug)]
struct NetworkNamespace(File);

/// Name of a namespace, deleted on drop: whoever has opened the namespace or runs in it does not need it.
#[derive(Debug)]
struct NamespaceName<'a> {
    ip: &'a Path,
    name: String,
}

/// Reason why this machine has no such network: no right to make one, or a missing tool.
#[derive(Clone, Debug)]
pub(crate) struct NetworkUnavailable(String);

impl NamespaceNetwork {
    /// Network with so many hosts beside that of the test, set up with this program `ip`.
    pub(crate) fn create(ip: PathBuf, hosts: usize) -> Result<Self, NetworkUnavailable> {
        let network = Self::try_create(ip, hosts);
        network.map_err(|reason| NetworkUnavailable(format!("no network namespaces: {reason}")))
    }

    fn try_create(ip: PathBuf, hosts: usize) -> io::Result<Self> {
        let number = NEXT.fetch_add(1, Relaxed);
        let prefix = format!("crash-tests-{}-{number}", std::process::id());
        let name = NamespaceName::add(&ip, format!("{prefix}-router"))?;
        let router = name.open()?;
        router.run(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1"))?;
        let mut opened = Vec::new();
        for host in 0..=hosts {
            let its = NamespaceName::add(&ip, format!("{prefix}-{host}"))?;
            opened.push(its.open()?);
            let (leg, gateway, address) =
                (format!("leg{host}"), gateway_of(host), address_of(host));
            name.configure(&format!(
                "link add {leg} type veth peer name eth0 netns {}\n\
                 address add {gateway}/24 dev {leg}\nlink set {leg} up\n",
                its.name
            ))?;
            its.configure(&format!(
                "link set lo up\naddress add {address}/24 dev eth0\nlink set eth0 up\n\
                 route add default via {gateway}\n"
            ))?;
        }
        drop(name);
        Ok(Self { ip, router, hosts: opened })
    }

    /// Runs this on a thread of a host, whose threads and processes are on that host as well.
    pub(crate) fn run_on<T: Send>(
        &self,
        host: usize,
        task: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        self.hosts[host].run(task)
    }

    /// Loses, without a word, every packet from the first host of a pair to the second one.
    pub(crate) fn drop_packets(&self, pairs: &[(usize, usize)]) -> CheckResult {
        self.change_rules("add", pairs)
    }

    /// Ends what [`NamespaceNetwork::drop_packets`] began.
    pub(crate) fn pass_packets(&self, pairs: &[(usize, usize)]) -> CheckResult {
        self.change_rules("delete", pairs)
    }

    fn change_rules(&self, change: &str, pairs: &[(usize, usize)]) -> CheckResult {
        let rule = |&(from, to): &(usize, usize)| {
            format!("rule {change} from {} to {} blackhole\n", address_of(from), address_of(to))
        };
        let rules: String = pairs.iter().map(rule).collect();
        let mut command = Command::new(&self.ip);
        command.args(["-batch", "-"]);
        Ok(self.router.run(|| run_with_input(&mut command, &rules))?)
    }

    /// Lets what a host sends from a port pass at this rate only.
    pub(crate) fn limit_answers(&self, host: usize, port: u16, kilobits: u64) -> CheckResult {
        let rules = format!(
            "qdisc add dev eth0 root handle 1: htb default 10\n\
             class add dev eth0 parent 1: classid 1:10 htb rate 10gbit\n\
             class add dev eth0 parent 1: classid 1:20 htb rate {kilobits}kbit\n\
             filter add dev eth0 parent 1: protocol ip u32 match ip sport {port} 0xffff flowid 1:20\n"
        );
        self.change_queue(host, &rules)
    }

    /// Ends what [`NamespaceNetwork::limit_answers`] began.
    pub(crate) fn restore_answers(&self, host: usize) -> CheckResult {
        self.change_queue(host, "qdisc delete dev eth0 root\n")
    }

    fn change_queue(&self, host: usize, rules: &str) -> CheckResult {
        let mut command = Command::new(self.ip.with_file_name(TC));
        command.args(["-batch", "-"]);
        Ok(self.run_on(host, || run_with_input(&mut command, rules))?)
    }
}

/// Address of a host. The network is one for measurements (RFC 2544), which nobody else has.
pub(crate) fn address_of(host: usize) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, octet(host), 2)
}

/// Address of the router on the side of a host.
fn gateway_of(host: usize) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, octet(host), 1)
}

fn octet(host: usize) -> u8 {
    u8::try_from(host).expect("a network has fewer than 256 hosts")
}

impl NetworkNamespace {
    /// Runs this on a new thread in the namespace: a thread cannot leave it again.
    fn run<T: Send>(&self, task: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let moved = || {
            move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))?;
            task()
        };
        let finished = thread::scope(|scope| scope.spawn(moved).join());
        finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<'a> NamespaceName<'a> {
    /// Makes a namespace with this name.
    fn add(ip: &'a Path, name: String) -> io::Result<Self> {
        run_with_input(Command::new(ip).args(["netns", "add", &name]), "")?;
        Ok(Self { ip, name })
    }

    fn open(&self) -> io::Result<NetworkNamespace> {
        File::open(Path::new(NAMES).join(&self.name)).map(NetworkNamespace)
    }

    /// Runs commands of `ip` in the namespace.
    fn configure(&self, commands: &str) -> io::Result<()> {
        run_with_input(Command::new(self.ip).args(["-n", &self.name, "-batch", "-"]), commands)
    }
}

impl Drop for NamespaceName<'_> {
    fn drop(&mut self) {
        // A name that is left behind does no harm.
        let _ = run_with_input(Command::new(self.ip).args(["netns", "delete", &self.name]), "");
    }
}

impl fmt::Display for NetworkUnavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<NetworkUnavailable> for Violation {
    fn from(unavailable: NetworkUnavailable) -> Self {
        Self::new(unavailable.0)
    }
}

/// Runs a program with this input. The error is its standard error output.
fn run_with_input(command: &mut Command, input: &str) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let about = |reason: &dyn fmt::Display| io::Error::other(format!("{program}: {reason}"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| about(&error))?;
    if let Some(mut pipe) = child.stdin.take() {
        // What it does not read it has refused, and says so.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(about(&String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::UdpSocket, time::Duration};

    /// Port of the sockets of the test.
    const PORT: u16 = 9;

    /// Socket of a host, which waits long enough for what comes at all.
    fn socket(network: &NamespaceNetwork, host: usize) -> UdpSocket {
        let socket = network.run_on(host, || UdpSocket::bind((address_of(host), PORT))).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    /// Three hosts, with a socket each.
    struct Hosts {
        network: NamespaceNetwork,
        sockets: Vec<UdpSocket>,
    }

    impl Hosts {
        fn send(&self, from: usize, to: usize, mark: &[u8]) {
            self.sockets[from - 1].send_to(mark, (address_of(to), PORT)).unwrap();
        }

        fn receive(&self, host: usize) -> Vec<u8> {
            let mut mark = [0; 16];
            let (length, _) = self.sockets[host - 1].recv_from(&mut mark).unwrap();
            mark[..length].to_vec()
        }

        /// Whether a mark that is sent during a cut arrives.
        fn passes(&self, from: usize, to: usize, cut: &[(usize, usize)]) -> bool {
            self.network.drop_packets(cut).unwrap();
            self.send(from, to, b"during");
            // What the router got after it has passed.
            self.send(from, 3, b"fence");
            assert_eq!(self.receive(3), b"fence");
            self.network.pass_packets(cut).unwrap();
            self.send(from, to, b"after");
            let first = self.receive(to);
            let passes = first == b"during";
            assert_eq!(if passes { self.receive(to) } else { first }, b"after");
            passes
        }
    }

    #[test]
    fn a_cut_loses_what_goes_one_way_and_nothing_of_the_other() {
        let ip = match test_servers::ip_program() {
            Ok(ip) => ip,
            Err(reason) => return println!("skipped: {reason}"),
        };
        let network = match NamespaceNetwork::create(ip, 3) {
            Ok(network) => network,
            Err(unavailable) => return println!("skipped: {unavailable}"),
        };
        let sockets = (1..=3).map(|host| socket(&network, host)).collect();
        let hosts = Hosts { network, sockets };
        assert!(hosts.passes(1, 2, &[]));
        assert!(!hosts.passes(1, 2, &[(1, 2)]));
        assert!(hosts.passes(2, 1, &[(1, 2)]));
        assert!(!hosts.passes(2, 1, &[(2, 1)]));
        assert!(!hosts.passes(1, 2, &[(1, 2), (2, 1)]));
        assert!(!hosts.passes(2, 1, &[(1, 2), (2, 1)]));
    }
}
