//! System calls of a process, counted by `perf`; without it, or without the right to count, there is no figure.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::Read,
    process::{Child, Command, Stdio},
};

/// Event that counts every call.
const EVENT: &str = "raw_syscalls:sys_enter";

/// Count of a process's system calls, from its start on.
#[derive(Debug)]
pub(crate) struct SyscallCounter(Child);

impl SyscallCounter {
    /// Begins to count; `None` where `perf` is not installed.
    pub(crate) fn start(process: u32) -> Option<Self> {
        let mut command = Command::new("perf");
        command.args(["stat", "--field-separator=,", "--event", EVENT, "--pid"]);
        command.arg(process.to_string()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().ok().map(Self)
    }

    /// Ends the count; `None` where counting is not permitted.
    pub(crate) fn stop(mut self) -> Option<u64> {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw)?;
        kill_process(id, Signal::INT).ok()?;
        let mut output = String::new();
        self.0.stderr.take()?.read_to_string(&mut output).ok()?;
        count_in(&output)
    }
}

impl Drop for SyscallCounter {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Count in the output of `perf`, whose lines are `count,unit,event,…`.
fn count_in(output: &str) -> Option<u64> {
    let line = output.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_and_its_absence_noticed() {
        let counted = "1023,,raw_syscalls:sys_enter,203938,100.00,,\n";
        assert_eq!(count_in(counted), Some(1_023));
        let unsupported = "<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n";
        assert_eq!(count_in(unsupported), None);
        assert_eq!(count_in("Error:\nNo permission to count\n"), None);
    }
}
