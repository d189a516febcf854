//! Kafka, a broker that is its own controller.

use crate::{
    environment::variable,
    server::{Kind, Placement, Server},
};
use std::{
    fs, io,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Variable with the URL of the broker of a test run.
const SERVER: &str = "TEST_KAFKA_URL";
/// Number of the next prefix of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Kafka broker, which makes topics at their first use. It takes anybody at one port, and a user with a password at another.
pub type KafkaServer = Server<Kafka>;

/// Kind of [`KafkaServer`].
#[derive(Debug)]
pub struct Kafka {
    libraries: PathBuf,
}

/// Options for a process that is small and starts fast.
const JAVA: &[&str] = &["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const CLUSTER_ID: &str = "AAAAAAAAAAAAAAAAAAAAAQ";
/// How long a broker may take to answer which versions of the protocol it speaks.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Request `ApiVersions`, version 0, of the client `t`: length, key 18, version, correlation, client.
const API_VERSIONS: [u8; 15] = [0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, b't'];
/// Correlation of the answer, and its error code, which is none.
const ANSWERED: [u8; 6] = [0, 0, 0, 7, 0, 0];

impl KafkaServer {
    /// User that the other port takes.
    pub const USER: &str = "shop";
    /// Password of [`KafkaServer::USER`].
    pub const PASSWORD: &str = "the-password";

    /// Starts a new broker from the jars in this folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start(libraries: &Path) -> io::Result<Self> {
        Self::start_new(Kafka { libraries: libraries.to_owned() })
    }

    /// URL at the broker that a test run shares (`TEST_KAFKA_URL`), with a prefix that nobody else has.
    ///
    /// # Errors
    ///
    /// When the environment names no broker.
    pub fn shared_url() -> io::Result<String> {
        let server = variable(SERVER, "Kafka")?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{server}/test-{}-{number}", std::process::id()))
    }

    /// URL of the broker.
    pub fn url(&self) -> String {
        format!("kafka://{}", self.address())
    }

    /// Host and port of the broker, as `bootstrap.servers` wants them.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }

    /// Host and port where the broker asks for the user's name and password (`SASL_PLAINTEXT`, mechanism `PLAIN`).
    pub fn password_address(&self) -> String {
        self.placement.address(2)
    }
}

impl Kafka {
    fn java(&self, class: &str) -> Command {
        let mut command = Command::new("java");
        // Java itself finds the jars of a folder.
        command.args(JAVA).arg("-cp").arg(self.libraries.join("*")).arg(class);
        command
    }
}

impl Kind for Kafka {
    const NAME: &'static str = "kafka";
    /// That of clients, that of the controller, and that of clients with a password.
    const PORTS: usize = 3;

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        fs::write(placement.folder().join("server.properties"), properties(placement))?;
        let mut format = self.java("kafka.tools.StorageTool");
        format.args(["format", "-t", CLUSTER_ID, "-c", "server.properties"]);
        let output = format.current_dir(placement.folder()).output()?;
        if output.status.success() {
            return Ok(());
        }
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(io::Error::other(format!("{format:?} failed: {reason}")))
    }

    fn command(&self, _: &Placement) -> Command {
        let mut command = self.java("kafka.Kafka");
        command.arg("server.properties");
        command
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        speaks(&placement.address(0)).unwrap_or(false)
    }
}

/// Whether the broker there answers a request.
fn speaks(address: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(&API_VERSIONS)?;
    let mut answer = [0; 4 + ANSWERED.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer[4..] == ANSWERED)
}

fn properties(placement: &Placement) -> String {
    let (clients, controller, password) =
        (placement.address(0), placement.address(1), placement.address(2));
    let data = placement.data().display().to_string();
    let (user, secret) = (KafkaServer::USER, KafkaServer::PASSWORD);
    let login = "org.apache.kafka.common.security.plain.PlainLoginModule";
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{clients},CONTROLLER://{controller},PASSWORD://{password}
advertised.listeners=PLAINTEXT://{clients},PASSWORD://{password}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.password.plain.sasl.jaas.config={login} required user_{user}=\"{secret}\";
log.dirs={data}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.enable=false
num.network.threads=1
num.io.threads=2
background.threads=1
"
    )
}
