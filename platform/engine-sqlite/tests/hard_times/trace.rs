//! What a process asked of its disk, and in which order, as `strace` wrote it down.

use std::{collections::BTreeSet, collections::HashMap, path::Path, process::Command};

/// Something the process did, between two lines of the trace.
#[derive(Debug)]
pub(crate) struct Happening {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) act: Act,
}

#[derive(Debug)]
pub(crate) enum Act {
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
    /// It told somebody.
    Say(String),
}

const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat";
/// Longer than anything that is written at once.
const BYTES_MAX: &str = "2000000";

/// The command that runs a program and writes its trace; the program follows.
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

/// Reads a trace, as far as it is about the databases in `folder`.
pub(crate) fn read(trace: &Path, folder: &Path) -> Vec<Happening> {
    let text = std::fs::read_to_string(trace).expect("the trace was written");
    let folder = folder.to_str().expect("a name in letters").to_owned();
    let mut reader = Reader { folder, known: BTreeSet::new(), happenings: Vec::new() };
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
    // What was still under way when the process ended has begun and never ended.
    for (begin, head) in unfinished.into_values() {
        reader.take(begin, usize::MAX, head);
    }
    reader.happenings.sort_by_key(|happening| happening.begin);
    reader.happenings
}

struct Reader {
    folder: String,
    known: BTreeSet<String>,
    happenings: Vec<Happening>,
}

impl Reader {
    fn take(&mut self, begin: usize, end: usize, call: &str) {
        if call.contains(" = -1 ") {
            return;
        }
        let act = self.act(call);
        self.happenings.extend(act.map(|act| Happening { begin, end, act }));
    }

    fn act(&mut self, call: &str) -> Option<Act> {
        let (name, arguments) = call.split_once('(')?;
        match name {
            "openat" if arguments.contains("O_CREAT") => {
                let file = self.file_in(&text_in(arguments)?)?;
                self.known.insert(file.clone()).then_some(Act::Create { file })
            }
            "unlink" | "unlinkat" => {
                let file = self.file_in(&text_in(arguments)?)?;
                self.known.remove(&file);
                Some(Act::Remove { file })
            }
            "write" if arguments.starts_with("1<") => {
                Some(Act::Say(String::from_utf8_lossy(&bytes_in(arguments)?).into_owned()))
            }
            "pwrite64" => {
                let file = self.file_of(arguments)?;
                let offset = numbers_after_text(arguments).nth(1)?;
                Some(Act::Write { file, offset, data: bytes_in(arguments)? })
            }
            "ftruncate" => {
                let file = self.file_of(arguments)?;
                let length = arguments.split_once(", ")?.1;
                Some(Act::Resize { file, length: leading_number(length)? })
            }
            "fsync" | "fdatasync" => {
                let path = path_of(arguments)?;
                if path == self.folder {
                    return Some(Act::SyncFolder);
                }
                Some(Act::Sync { file: self.file_in(&path)? })
            }
            _ => None,
        }
    }

    fn file_of(&self, arguments: &str) -> Option<String> {
        self.file_in(&path_of(arguments)?)
    }

    /// The databases and what belongs to them; what is shared in memory is lost in a crash anyway.
    fn file_in(&self, path: &str) -> Option<String> {
        let file = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        let counts = file.contains(".db") && !file.ends_with("-shm");
        counts.then(|| file.to_owned())
    }
}

/// The path of the descriptor that is the first argument.
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

/// `\x69\x63` and so on.
fn decoded(text: &str) -> Option<Vec<u8>> {
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}
