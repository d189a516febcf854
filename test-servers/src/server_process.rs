//! Process of a server, which dies with its handle.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const READY_WITHIN: Duration = Duration::from_mins(2);
/// How long a killed process may take to be gone; one whose parent does not ask for it stays longer.
const GONE_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Running server with all its children.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
}

/// Port of loopback that nothing listens at.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl ServerProcess {
    /// Starts a program, and waits until it takes connections at this port and `is_ready`. The error of a program that
    /// ended instead, as it does where somebody else has its port, is `ConnectionAborted`.
    pub(crate) fn start(
        command: &mut Command,
        port: u16,
        is_ready: impl Fn() -> bool,
    ) -> io::Result<Self> {
        // Of its own group, so that Ctrl+C ends the tests first, who then end it.
        let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        let mut server = Self { child };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() || !is_ready() {
            if let Some(status) = server.child.try_wait()? {
                let reason = format!("{command:?} ended: {status}");
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, reason));
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(io::Error::other(format!("{command:?} is not ready in time")));
            }
            std::thread::sleep(POLL);
        }
        Ok(server)
    }

    /// Sends a signal to the server and all its descendants, whatever group they are in.
    pub(crate) fn signal_all(&self, signal: Signal) -> io::Result<()> {
        send(self.child.id(), signal)?;
        for descendant in descendants(self.child.id()) {
            // One that has ended meanwhile needs no signal.
            let _ = send(descendant, signal);
        }
        Ok(())
    }

    /// Asks the server to stop with this signal, and waits until it has.
    pub(crate) fn stop(&mut self, signal: Signal) -> io::Result<()> {
        send(self.child.id(), signal)?;
        self.child.wait().map(drop)
    }

    /// CPU time of the server and its descendants, and of those of them that have ended.
    pub(crate) fn cpu_time(&self) -> Duration {
        let ticks_of = |id: &u32| -> u64 {
            CPU_TIMES.filter_map(|number| field(*id, number)?.parse::<u64>().ok()).sum()
        };
        let mut ids = descendants(self.child.id());
        ids.push(self.child.id());
        let ticks: u64 = ids.iter().map(ticks_of).sum();
        Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
    }

    /// Number of the server's process, which goes on without this handle.
    pub(crate) fn keep(self) -> u32 {
        let id = self.child.id();
        std::mem::forget(self);
        id
    }

    /// Kills the server and its descendants, and waits until it has ended.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let descendants = descendants(self.child.id());
        self.signal_all(Signal::KILL)?;
        self.child.wait()?;
        // A server does not start again as long as one of them has its memory.
        let begun = Instant::now();
        while processes().any(|(id, _)| descendants.contains(&id)) && begun.elapsed() < GONE_WITHIN
        {
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // A server that has ended cannot be killed, which is what was wanted.
        let _ = self.kill();
    }
}

pub(crate) fn send(id: u32, signal: Signal) -> io::Result<()> {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    Ok(kill_process(id.ok_or_else(|| io::Error::other("a process has a number"))?, signal)?)
}

/// Processes that descend from this one.
pub(crate) fn descendants(ancestor: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = processes().collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

/// Every process of the system, with its parent.
fn processes() -> impl Iterator<Item = (u32, u32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some((id, field(id, PARENT)?.parse().ok()?))
    })
}

/// Fields of a process's line of state, counted from the one after the name.
const STATE: usize = 0;
const PARENT: usize = 1;
const STARTED: usize = 19;
/// Of the process and of its children that have ended, each for itself and in the kernel, in ticks.
const CPU_TIMES: std::ops::Range<usize> = 11..15;

/// Time at which a process started, in ticks since the system did; `None` where there is none of this number.
pub(crate) fn started(id: u32) -> Option<u64> {
    field(id, STARTED)?.parse().ok()
}

/// Whether there is a process of this number that has not ended.
pub(crate) fn is_running(id: u32) -> bool {
    field(id, STATE).is_some_and(|state| state != "Z")
}

fn field(id: u32, number: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name may have anything in it; the other fields come after its last parenthesis.
    stat.rsplit_once(')')?.1.split_whitespace().nth(number).map(str::to_owned)
}
