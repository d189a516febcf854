//! System-call trace: the file operations of a process in their order, as `strace` records them.

use std::{collections::BTreeSet, collections::HashMap, path::Path, process::Command};

/// System call, with the lines of the trace at which it began and ended.
#[derive(Debug)]
pub(crate) struct TracedCall {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) call: SystemCall,
}

#[derive(Debug)]
pub(crate) enum SystemCall {
    Create {
        file: String,
    },
    Write {
        file: String,
        offset: usize,
        data: Vec<u8>,
    },
    Resize {
        file: String,
        length: usize,
    },
    Sync {
        file: String,
    },
    SyncFolder,
    Remove {
        file: String,
    },
    Rename {
        from: String,
        to: String,
    },
    /// Writes to standard output: an acknowledgement.
    Output(String),
}

const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename";
/// Longest string that `strace` records, in bytes: longer than any single write.
const BYTES_MAX: &str = "2000000";

/// Command that runs a program and writes its trace; the program's name and arguments are to be added.
pub(crate) fn strace(out: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-y", "-xx", "-s", BYTES_MAX, "-e", CALLS, "-o"]).arg(out);
    command
}

/// Whether this machine can trace.
pub(crate) fn is_possible() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Parses the calls of a trace that concern the databases in `folder`.
pub(crate) fn read(trace: &Path, folder: &Path) -> Vec<TracedCall> {
    let text = std::fs::read_to_string(trace).expect("the trace was written");
    let folder = folder.to_str().expect("a name in letters").to_owned();
    let mut reader = TraceReader { folder, known: BTreeSet::new(), calls: Vec::new() };
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            unfinished.insert(process, (number, begun));
        } else if let Some(resumed) = call.strip_prefix("<... ") {
            let Some((begin, head)) = unfinished.remove(process) else { continue };
            let rest = resumed.split_once("resumed>").map_or("", |(_, rest)| rest);
            reader.take(begin, number, &format!("{head}{rest}"));
        } else {
            reader.take(number, number, call);
        }
    }
    // A call that was running when the process ended has begun and never ended.
    for (begin, head) in unfinished.into_values() {
        reader.take(begin, usize::MAX, head);
    }
    reader.calls.sort_by_key(|call| call.begin);
    reader.calls
}

/// Parser of a trace.
struct TraceReader {
    folder: String,
    known: BTreeSet<String>,
    calls: Vec<TracedCall>,
}

impl TraceReader {
    fn take(&mut self, begin: usize, end: usize, call: &str) {
        if call.contains(" = -1 ") {
            return;
        }
        let call = self.parse(call);
        self.calls.extend(call.map(|call| TracedCall { begin, end, call }));
    }

    fn parse(&mut self, call: &str) -> Option<SystemCall> {
        let (name, arguments) = call.split_once('(')?;
        match name {
            "openat" if arguments.contains("O_CREAT") => {
                let file = self.file_in(&text_in(arguments)?)?;
                if self.known.insert(file.clone()) {
                    return Some(SystemCall::Create { file });
                }
                arguments.contains("O_TRUNC").then_some(SystemCall::Resize { file, length: 0 })
            }
            "rename" => {
                let (from, to) = arguments.split_once("\", ")?;
                let (from, to) = (format!("{from}\""), to.to_owned());
                let (from, to) = (self.file_in(&text_in(&from)?)?, self.file_in(&text_in(&to)?)?);
                self.known.remove(&from);
                self.known.insert(to.clone());
                Some(SystemCall::Rename { from, to })
            }
            "unlink" | "unlinkat" => {
                let file = self.file_in(&text_in(arguments)?)?;
                self.known.remove(&file);
                Some(SystemCall::Remove { file })
            }
            "write" if arguments.starts_with("1<") => Some(SystemCall::Output(
                String::from_utf8_lossy(&bytes_in(arguments)?).into_owned(),
            )),
            "pwrite64" => {
                let file = self.file_of(arguments)?;
                let offset = numbers_after_text(arguments).nth(1)?;
                Some(SystemCall::Write { file, offset, data: bytes_in(arguments)? })
            }
            "ftruncate" => {
                let file = self.file_of(arguments)?;
                let length = arguments.split_once(", ")?.1;
                Some(SystemCall::Resize { file, length: leading_number(length)? })
            }
            "fsync" | "fdatasync" => {
                let path = path_of(arguments)?;
                if path == self.folder {
                    return Some(SystemCall::SyncFolder);
                }
                Some(SystemCall::Sync { file: self.file_in(&path)? })
            }
            _ => None,
        }
    }

    fn file_of(&self, arguments: &str) -> Option<String> {
        self.file_in(&path_of(arguments)?)
    }

    /// Name of a database file or one of its companions. The shared-memory file does not count: a crash loses it anyway.
    fn file_in(&self, path: &str) -> Option<String> {
        let file = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        (!file.ends_with("-shm") && file != "icommerce.lock").then(|| file.to_owned())
    }
}

/// Path of the descriptor in the first argument.
fn path_of(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    String::from_utf8(decoded(rest.split_once('>')?.0)?).ok()
}

fn bytes_in(arguments: &str) -> Option<Vec<u8>> {
    let (_, rest) = arguments.split_once('"')?;
    decoded(rest.split_once('"')?.0)
}

fn text_in(arguments: &str) -> Option<String> {
    String::from_utf8(bytes_in(arguments)?).ok()
}

fn numbers_after_text(arguments: &str) -> impl Iterator<Item = usize> {
    let after = arguments.rsplit_once('"').map_or("", |(_, after)| after);
    after.split(", ").skip(1).filter_map(leading_number)
}

fn leading_number(text: &str) -> Option<usize> {
    let end = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Decodes text of the form `\x69\x63`.
fn decoded(text: &str) -> Option<Vec<u8>> {
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}
