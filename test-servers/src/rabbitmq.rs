//! RabbitMQ.

use crate::{
    certificates::{CertifiedKey, text},
    environment::rabbitmq_program,
    server::{Kind, Placement, Server},
    server_process::ServerProcess,
};
use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

/// RabbitMQ node with the plugins for management, streams and consistent hashing.
pub type RabbitServer = Server<Rabbit>;

/// Kind of [`RabbitServer`].
#[derive(Debug)]
pub struct Rabbit {
    program: PathBuf,
    /// Erlang's port mapper, a private one: the shared one of a machine outlives its nodes.
    port_mapper: Option<ServerProcess>,
    tls: Option<RabbitTls>,
}

/// TLS of a node.
#[derive(Clone, Debug)]
pub struct RabbitTls {
    /// Certificate of the node, with its key.
    pub server: CertifiedKey,
    /// Certificate of the authority of clients' certificates; clients must have one then.
    pub client_authority: Option<PathBuf>,
}

/// Line of the log after which every port answers.
const READY: &str = "Server startup complete";
/// `guest:guest` in Base64.
const GUEST: &str = "Z3Vlc3Q6Z3Vlc3Q=";
const PLUGINS: &str = "[rabbitmq_management,rabbitmq_stream,rabbitmq_consistent_hash_exchange].\n";

impl RabbitServer {
    /// Starts a new node with this program: the `rabbitmq-server` that runs in the foreground as whoever starts it.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start(program: &Path) -> io::Result<Self> {
        Self::start_new(Rabbit { program: program.to_owned(), port_mapper: None, tls: None })
    }

    /// The same, with TLS at a port of its own.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start_with_tls(program: &Path, tls: RabbitTls) -> io::Result<Self> {
        let program = program.to_owned();
        Self::start_new(Rabbit { program, port_mapper: None, tls: Some(tls) })
    }

    /// Node that the tests of a process share, which runs as long as one of them has it: nobody would stop a static one.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<RabbitServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = rabbitmq_program().and_then(|program| Self::start(&program));
            let started = Arc::new(started.expect("the broker starts"));
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// URL of the node, as the user `guest`, who may do everything.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    /// Host and port of the node.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }

    /// URL of the node with TLS, if it has any, as the user `guest`.
    pub fn tls_url(&self) -> String {
        format!("amqps://guest:guest@{}", self.placement.address(5))
    }

    /// Host and port of the management API, which takes `guest` with the password `guest`.
    pub fn management_address(&self) -> String {
        self.placement.address(1)
    }

    /// Makes a virtual host, which shares nothing with those before; the URL of it.
    ///
    /// # Errors
    ///
    /// When the management API does not take it.
    pub fn new_virtual_host(&self) -> io::Result<String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let address = self.management_address();
        let mut stream = TcpStream::connect(&address)?;
        write!(
            stream,
            "PUT /api/vhosts/{name} HTTP/1.0\r\nhost: {address}\r\nauthorization: Basic {GUEST}\r\ncontent-length: 0\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.split(' ').nth(1) {
            Some("201" | "204") => Ok(format!("{}/{name}", self.url())),
            _ => Err(io::Error::other(format!("a virtual host is refused: {answer}"))),
        }
    }

    /// Host and port of the stream protocol.
    pub fn stream_address(&self) -> String {
        self.placement.address(2)
    }
}

impl Kind for Rabbit {
    const NAME: &'static str = "rabbitmq";
    /// Those of AMQP, management, streams, Erlang's distribution and its port mapper, and AMQP with TLS.
    const PORTS: usize = 6;

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        let (folder, stream) = (placement.folder(), placement.port(2));
        for name in ["home", "log"] {
            fs::create_dir(folder.join(name))?;
        }
        fs::write(folder.join("enabled_plugins"), PLUGINS)?;
        let mut settings = format!(
            "listeners.tcp.1 = {}
management.tcp.ip = 127.0.0.1
management.tcp.port = {}
stream.listeners.tcp.1 = 127.0.0.1:{stream}
stream.advertised_host = 127.0.0.1
stream.advertised_port = {stream}
loopback_users = none
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
",
            placement.address(0),
            placement.port(1),
        );
        if let Some(RabbitTls { server, client_authority }) = &self.tls {
            let (certificate, key) = (text(&server.certificate), text(&server.key));
            let asks = client_authority.is_some();
            let verify = if asks { "verify_peer" } else { "verify_none" };
            // The server wants a file even where it asks no client.
            let authority = text(client_authority.as_ref().unwrap_or(&server.certificate));
            let lines = [
                format!("listeners.ssl.1 = {}", placement.address(5)),
                format!("ssl_options.certfile = {certificate}"),
                format!("ssl_options.keyfile = {key}"),
                format!("ssl_options.cacertfile = {authority}"),
                format!("ssl_options.verify = {verify}"),
                format!("ssl_options.fail_if_no_peer_cert = {asks}"),
            ];
            settings.push_str(&lines.join("\n"));
            settings.push('\n');
        }
        fs::write(folder.join("rabbitmq.conf"), settings)?;
        let mut port_mapper = Command::new("epmd");
        port_mapper.args(["-address", "127.0.0.1", "-port", &placement.port(4).to_string()]);
        port_mapper.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        self.port_mapper =
            Some(ServerProcess::start(&mut port_mapper, placement.port(4), || true)?);
        Ok(())
    }

    fn command(&self, placement: &Placement) -> Command {
        // The line of a former run says nothing about this one; there is no file yet at the first.
        let _ = fs::remove_file(placement.output());
        let folder = placement.folder();
        let mut command = Command::new(&self.program);
        command.env("RABBITMQ_NODENAME", format!("t{}@localhost", placement.port(0)));
        command.env("RABBITMQ_DIST_PORT", placement.port(3).to_string());
        command.env("ERL_EPMD_PORT", placement.port(4).to_string());
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        command.env("RABBITMQ_LOGS", "-");
        // The script becomes the server then. One that waits for it would end with a pause, and the server would go on.
        command.env("RABBITMQ_ALLOW_INPUT", "true");
        let arguments = "-noinput -kernel inet_dist_use_interface {127,0,0,1}";
        command.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", arguments);
        for (variable, place) in [
            ("HOME", "home"),
            ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
            ("RABBITMQ_MNESIA_BASE", "data"),
            ("RABBITMQ_MNESIA_DIR", "data/node"),
            ("RABBITMQ_FEATURE_FLAGS_FILE", "data/feature_flags"),
            ("RABBITMQ_LOG_BASE", "log"),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", "enabled_plugins"),
            ("RABBITMQ_PID_FILE", "pid"),
        ] {
            command.env(variable, folder.join(place));
        }
        command
    }

    fn companion(&mut self) -> Option<ServerProcess> {
        self.port_mapper.take()
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        fs::read(placement.output()).is_ok_and(|log| String::from_utf8_lossy(&log).contains(READY))
    }
}
