//! Test prerequisites beyond a Rust toolchain, found or installed.

mod installer;
mod java;
mod keycloak;
mod npm;
mod postgres;
mod python;
mod rabbitmq;
mod toxiproxy;

use crate::process;
pub(crate) use java::NEW_KAFKA;
use npm::NpmPackages;
use std::fmt;
use std::path::Path;

/// A program or a file that is not part of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prerequisite {
    /// A browser that can be driven.
    Chromium,
    /// The accessibility rules that run inside a page.
    AxeCore,
    /// The auditor of whole pages; it runs on node.
    Lighthouse,
    /// The TypeScript compiler with the client generator; both run on node.
    TypeScript,
    /// The linters of API documents; they run on node.
    OpenApiLinters,
    /// Certified clients of OpenID Connect; they run on node.
    OpenIdClients,
    /// A relying party and resource server; it runs on Python.
    Authlib,
    /// An issuer of tokens; it runs on node.
    OidcProvider,
    /// An issuer of tokens; it runs on Java.
    Keycloak,
    /// A database server.
    Postgres,
    /// A server of keys and values.
    Redis,
    /// The newest supported version of a message broker; it runs on Java.
    Kafka,
    /// The oldest supported version of it.
    OldKafka,
    /// Another message broker.
    RabbitMq,
    /// A server of documents; it runs on Java.
    MongoDb,
    /// A proxy that delays what passes it.
    Toxiproxy,
    /// A mail server; it runs on Python.
    Smtp,
    /// What makes the certificates of servers with TLS.
    OpenSsl,
    /// The build tool of Java programs, with a JDK.
    Maven,
    /// What makes file systems, and cuts off their power.
    FileSystems,
    /// What sets up networks, and loses their packets.
    IpRoute,
    /// What shows a process another time.
    FakeTime,
}

/// The availability of a prerequisite.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Availability {
    Found(String),
    Installed(String),
    Missing(String),
}

/// Tools without which some faults of a fleet are left out.
pub(super) const FLEET_TOOLS: [Prerequisite; 2] = [Prerequisite::IpRoute, Prerequisite::FakeTime];

/// Servers that a shop can use, and the proxy before them.
pub(super) const SERVERS: [Prerequisite; 6] = [
    Prerequisite::Postgres,
    Prerequisite::Redis,
    Prerequisite::Kafka,
    Prerequisite::RabbitMq,
    Prerequisite::MongoDb,
    Prerequisite::Toxiproxy,
];

const VALGRIND: &str = "valgrind";
const REDIS: &str = "redis-server";
const OPENSSL: &str = "openssl";
const XFS_PACKAGE: &str = "xfsprogs";
/// It shuts a file system down, whichever it is.
const XFS_TOOL: &str = "xfs_io";
const IPROUTE_PACKAGE: &str = "iproute2";
/// Where it is beside `PATH`, which may lack the programs of administrators.
const IP_PROGRAMS: [&str; 3] = ["/usr/sbin/ip", "/sbin/ip", "ip"];
const FAKETIME_PACKAGE: &str = "libfaketime";
/// Folder of the libraries of the system, and the library in the folder of an architecture below it.
const LIBRARIES: &str = "/usr/lib";
const FAKETIME_LIBRARY: &str = "faketime/libfaketimeMT.so.1";
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// Font of the pages: with another one, widths would differ.
const FONT: &str = "Inter";
const BROWSER_PACKAGES: &str = "chromium fontconfig fonts-inter";
const BROWSER_TOOLS: NpmPackages =
    NpmPackages { listed: "browser-tests/tools", installed: "tools" };
const TYPESCRIPT: NpmPackages =
    NpmPackages { listed: "interop/typescript", installed: "interop-typescript" };
const OPENAPI_LINTERS: NpmPackages =
    NpmPackages { listed: "interop/openapi", installed: "interop-openapi" };
const OPENID_CLIENTS: NpmPackages =
    NpmPackages { listed: "interop/openid", installed: "interop-openid" };
const OIDC_PROVIDER: NpmPackages =
    NpmPackages { listed: "interop/oidc-provider", installed: "interop-oidc-provider" };

impl Prerequisite {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::AxeCore => "axe-core",
            Self::Lighthouse => "lighthouse",
            Self::TypeScript => "typescript",
            Self::OpenApiLinters => "openapi-linters",
            Self::OpenIdClients => "openid-clients",
            Self::Authlib => "authlib",
            Self::OidcProvider => "oidc-provider",
            Self::Keycloak => "keycloak",
            Self::Postgres => "postgresql",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
            Self::OldKafka => "kafka, an old version",
            Self::RabbitMq => "rabbitmq",
            Self::MongoDb => "mongodb",
            Self::Toxiproxy => "toxiproxy",
            Self::Smtp => "aiosmtpd",
            Self::OpenSsl => "openssl",
            Self::Maven => "maven",
            Self::FileSystems => XFS_PACKAGE,
            Self::IpRoute => IPROUTE_PACKAGE,
            Self::FakeTime => FAKETIME_PACKAGE,
        }
    }

    /// The environment variable that holds its path for the tests.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "TEST_CHROMIUM",
            Self::AxeCore => "TEST_AXE_CORE",
            Self::Lighthouse => "TEST_LIGHTHOUSE",
            Self::TypeScript => "TEST_TYPESCRIPT",
            Self::OpenApiLinters => "TEST_OPENAPI_LINTERS",
            Self::OpenIdClients => "TEST_OPENID_CLIENTS",
            Self::Authlib => "TEST_AUTHLIB",
            Self::OidcProvider => "TEST_OIDC_PROVIDER",
            Self::Keycloak => "TEST_KEYCLOAK",
            Self::Postgres => "TEST_POSTGRES",
            Self::Redis => "TEST_REDIS",
            Self::Kafka => "TEST_KAFKA",
            Self::OldKafka => "TEST_KAFKA_OLD",
            Self::RabbitMq => "TEST_RABBITMQ",
            Self::MongoDb => "TEST_MONGODB",
            Self::Toxiproxy => "TEST_TOXIPROXY",
            Self::Smtp => "TEST_SMTP",
            Self::OpenSsl => "TEST_OPENSSL",
            Self::Maven => "TEST_MAVEN",
            Self::FileSystems => "TEST_FILE_SYSTEMS",
            Self::IpRoute => "TEST_IPROUTE",
            Self::FakeTime => "TEST_FAKETIME",
        }
    }

    /// Finds it or installs it; `root` is the repository, `target` the folder for build output and downloads.
    pub(super) fn ensure(self, root: &Path, target: &Path) -> Availability {
        let package = |packages: NpmPackages, file| packages.ensure(root, target, file);
        match self {
            Self::Chromium => installer::browser(BROWSERS, FONT, BROWSER_PACKAGES),
            Self::AxeCore => package(BROWSER_TOOLS, "axe-core/axe.min.js"),
            Self::Lighthouse => package(BROWSER_TOOLS, "lighthouse/core/index.js"),
            Self::TypeScript => package(TYPESCRIPT, "typescript/bin/tsc"),
            Self::OpenApiLinters => package(OPENAPI_LINTERS, "@redocly/cli/bin/cli.js"),
            Self::OpenIdClients => package(OPENID_CLIENTS, "openid-client/build/index.js"),
            Self::Authlib => python::ensure(root, target),
            Self::OidcProvider => package(OIDC_PROVIDER, "oidc-provider/lib/index.js"),
            Self::Keycloak => keycloak::ensure(root, target),
            Self::Postgres => postgres::ensure(),
            Self::Redis => installer::program(&[REDIS], REDIS),
            Self::Kafka => java::kafka(root, target, java::NEW_KAFKA),
            Self::OldKafka => java::kafka(root, target, java::OLD_KAFKA),
            Self::RabbitMq => rabbitmq::ensure(),
            Self::MongoDb => java::mongodb(root, target),
            Self::Toxiproxy => toxiproxy::ensure(target),
            Self::Smtp => python::smtp_server(),
            // It knows no `--version`.
            Self::OpenSsl => installer::system_packages(OPENSSL, || {
                process::output_of(OPENSSL, "version").map(|_| OPENSSL.to_owned())
            }),
            Self::Maven => installer::maven(),
            Self::FileSystems => installer::system_packages(XFS_PACKAGE, || {
                process::output_of(XFS_TOOL, "-V").map(|_| XFS_TOOL.to_owned())
            }),
            Self::IpRoute => installer::system_packages(IPROUTE_PACKAGE, || {
                let mut programs = IP_PROGRAMS.into_iter();
                let found = programs.find(|ip| process::output_of(ip, "-V").is_some());
                found.map(str::to_owned)
            }),
            Self::FakeTime => installer::system_packages(FAKETIME_PACKAGE, faketime_library),
        }
    }
}

impl Availability {
    /// Path or name of what is available.
    pub(super) fn place(&self) -> Option<&str> {
        match self {
            Self::Found(place) | Self::Installed(place) => Some(place),
            Self::Missing(_) => None,
        }
    }
}

/// Library of libfaketime, in the folder of an architecture.
fn faketime_library() -> Option<String> {
    let folders = std::fs::read_dir(LIBRARIES).ok()?.flatten();
    let mut libraries = folders.map(|folder| folder.path().join(FAKETIME_LIBRARY));
    libraries.find(|library| library.is_file()).map(|library| installer::text(&library))
}

/// Whether the folder of real data exists; the tests that read it skip themselves without it.
pub(super) fn shared_data(root: &Path) -> &'static str {
    if root.join("../shared/data").is_dir() {
        "real data: found ../shared/data"
    } else {
        "real data: ../shared/data is absent; the tests that read it are skipped, which is no failure"
    }
}

/// The instruction counter.
pub(super) fn valgrind() -> Availability {
    installer::program(&[VALGRIND], VALGRIND)
}

/// What builds the client of Kafka from its source, beyond the C compiler that everything needs.
pub(super) fn kafka_build_tools() -> [(&'static str, Availability); 3] {
    [
        ("C++ compiler", installer::program(&["c++", "g++", "clang++"], "g++")),
        ("make", installer::program(&["make"], "make")),
        ("perl with its modules", installer::perl()),
    ]
}

impl fmt::Display for Availability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(what) => write!(formatter, "found {what}"),
            Self::Installed(what) => write!(formatter, "installed {what}"),
            Self::Missing(reason) => write!(formatter, "missing ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_real_data_is_reported() {
        let root = tempfile::tempdir().unwrap();
        assert!(shared_data(&root.path().join("here")).contains("absent"));
    }
}
