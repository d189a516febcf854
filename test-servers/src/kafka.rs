//! Kafka, a broker that is its own controller.

use crate::{
    certificates::{CertifiedKey, text},
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
    /// Host and port that clients are told to use, where they are not the broker's own.
    advertised: Option<String>,
    tls: Option<KafkaTls>,
    /// Its part in a cluster; none for a broker alone.
    member: Option<KafkaMember>,
}

/// Part of a broker in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct KafkaMember {
    /// Number of the broker, from 1.
    pub(crate) node: usize,
    /// Addresses of the controllers, in the order of their nodes.
    pub(crate) controllers: Vec<String>,
}

impl KafkaMember {
    /// Properties that differ from those of a broker alone: three copies of everything, of which two have what is confirmed.
    fn properties(&self) -> String {
        let voters =
            (1..).zip(&self.controllers).map(|(node, address)| format!("{node}@{address}"));
        let voters = voters.collect::<Vec<_>>().join(",");
        format!(
            "node.id={}
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=3000
",
            self.node
        )
    }
}

/// TLS of a broker, at two ports more: one asks for the certificate of a client, the other for [`KafkaServer::USER`] by SCRAM-SHA-512.
#[derive(Clone, Debug)]
pub struct KafkaTls {
    /// Certificate of the broker, with its key.
    pub server: CertifiedKey,
    /// Certificate of the authority of clients' certificates.
    pub client_authority: PathBuf,
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
        Self::start_new(Kafka::alone(libraries))
    }

    /// The same, with TLS.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start_with_tls(libraries: &Path, tls: KafkaTls) -> io::Result<Self> {
        Self::start_new(Kafka { tls: Some(tls), ..Kafka::alone(libraries) })
    }

    /// Starts a new broker that tells its clients this host and port, as one behind a proxy does.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start_behind(libraries: &Path, advertised: &str) -> io::Result<Self> {
        let advertised = Some(advertised.to_owned());
        Self::start_new(Kafka { advertised, ..Kafka::alone(libraries) })
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

    /// Host and port where a broker with TLS asks for a client's certificate.
    pub fn certificate_address(&self) -> String {
        self.placement.address(3)
    }

    /// Host and port where a broker with TLS asks for the user's name and password (`SASL_SSL`, mechanism `SCRAM-SHA-512`).
    pub fn scram_address(&self) -> String {
        self.placement.address(4)
    }
}

impl Kafka {
    /// Broker alone, without TLS.
    fn alone(libraries: &Path) -> Self {
        Self { libraries: libraries.to_owned(), advertised: None, tls: None, member: None }
    }

    /// Broker of a cluster, without TLS.
    pub(crate) fn of_cluster(libraries: &Path, member: KafkaMember) -> Self {
        Self { member: Some(member), ..Self::alone(libraries) }
    }

    fn java(&self, class: &str) -> Command {
        let mut command = Command::new("java");
        // Java itself finds the jars of a folder.
        command.args(JAVA).arg("-cp").arg(self.libraries.join("*")).arg(class);
        command
    }
}

impl Kind for Kafka {
    const NAME: &'static str = "kafka";
    /// That of clients, that of the controller, that of clients with a password, and the two of TLS.
    const PORTS: usize = 5;

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        let own = placement.address(0);
        let advertised = self.advertised.as_ref().unwrap_or(&own);
        let mut properties = properties(placement, advertised, self.tls.is_some());
        if let Some(tls) = &self.tls {
            // One file with both, of which the broker takes the key and the certificate.
            let keys = placement.folder().join("server.pem");
            let parts = [&tls.server.key, &tls.server.certificate].map(fs::read);
            let [key, certificate] = parts;
            fs::write(&keys, [key?, certificate?].concat())?;
            properties.push_str(&tls_properties(&keys, &tls.client_authority));
        }
        if let Some(member) = &self.member {
            // Of a property that is there twice, the last counts.
            properties.push_str(&member.properties());
        }
        fs::write(placement.folder().join("server.properties"), properties)?;
        let mut format = self.java("kafka.tools.StorageTool");
        format.args(["format", "-t", CLUSTER_ID, "-c", "server.properties"]);
        if self.tls.is_some() {
            let (user, secret) = (KafkaServer::USER, KafkaServer::PASSWORD);
            format.args(["--add-scram", &format!("SCRAM-SHA-512=[name={user},password={secret}]")]);
        }
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

/// Properties of the ports with TLS.
fn tls_properties(keys: &Path, client_authority: &Path) -> String {
    let (keys, authority) = (text(keys), text(client_authority));
    let login = "org.apache.kafka.common.security.scram.ScramLoginModule";
    format!(
        "ssl.keystore.type=PEM
ssl.keystore.location={keys}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.certificate.ssl.client.auth=required
listener.name.scram.ssl.client.auth=none
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config={login} required;
"
    )
}

fn properties(placement: &Placement, advertised: &str, has_tls: bool) -> String {
    let (clients, controller, password) =
        (placement.address(0), placement.address(1), placement.address(2));
    let data = placement.data().display().to_string();
    let (user, secret) = (KafkaServer::USER, KafkaServer::PASSWORD);
    let login = "org.apache.kafka.common.security.plain.PlainLoginModule";
    let (certificate, scram) = (placement.address(3), placement.address(4));
    let (encrypted, protocols) = if has_tls {
        let listeners = format!(",CERTIFICATE://{certificate},SCRAM://{scram}");
        (listeners, ",CERTIFICATE:SSL,SCRAM:SASL_SSL")
    } else {
        (String::new(), "")
    };
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{clients},CONTROLLER://{controller},PASSWORD://{password}{encrypted}
advertised.listeners=PLAINTEXT://{advertised},PASSWORD://{password}{encrypted}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_PLAINTEXT{protocols}
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
