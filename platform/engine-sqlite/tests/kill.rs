//! A process that is killed at any moment has kept all that it acknowledged, and of the rest a prefix.
//!
//! Started again with a folder's name, this program is the process that gets killed.

use bytes::Bytes;
use engine_sqlite::{Engine, OpenError, Options};
use journal::{Append, NewEvent, READ_EVENTS_MAX, Recorded};
use kernel::{Timestamp, Uuid};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use storage::{Collection, Document, Write};
use tokio::{runtime::Runtime, task::JoinSet};

const NAME: &str = "a_killed_process_keeps_what_it_acknowledged";
const AS_VICTIM: &str = "--append-until-killed";
const STREAMS: u64 = 6;
/// After how many acknowledgements each round ends.
const ROUNDS: [usize; 6] = [1, 20, 150, 7, 400, 90];

static LATEST: Collection = Collection { name: "latest", indexes: &[] };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = Runtime::new().expect("a runtime can be made");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, AS_VICTIM, folder] => runtime.block_on(append_until_killed(Path::new(folder))),
        [_, ..] if arguments.iter().any(|argument| argument == "--list") => {
            println!("{NAME}: test");
        }
        _ => {
            runtime.block_on(kill_and_look());
            println!("{NAME}: ok");
        }
    }
}

async fn kill_and_look() {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let mut acknowledged = HashMap::new();
    for acknowledgements in ROUNDS {
        run_and_kill(folder.path(), acknowledgements, &mut acknowledged);
        look(folder.path(), &acknowledged).await;
    }
    assert!(acknowledged.len() >= ROUNDS.iter().sum());
}

/// Lets a process append, and kills it once it has acknowledged so many.
fn run_and_kill(
    folder: &Path,
    acknowledgements: usize,
    acknowledged: &mut HashMap<u64, (u64, u64)>,
) {
    let program = std::env::current_exe().expect("this program has a name");
    let mut victim = Command::new(program);
    let mut victim =
        victim.arg(AS_VICTIM).arg(folder).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(victim.stdout.take().expect("it is piped")).lines();
    let mut take = |line: std::io::Result<String>| {
        let line = line.expect("the process writes text");
        let numbers: Vec<u64> =
            line.split(' ').map(|number| number.parse().expect("it is a number")).collect();
        let [position, stream, version] = numbers[..] else {
            panic!("not an acknowledgement: {line}")
        };
        assert_eq!(
            acknowledged.insert(position, (stream, version)),
            None,
            "a position is given once"
        );
    };
    (&mut lines).take(acknowledgements).for_each(&mut take);
    let refused = Engine::open(folder, options());
    assert!(
        matches!(refused, Err(OpenError::Locked { .. })),
        "the process has the folder: {refused:?}"
    );
    victim.kill().expect("it runs until it is killed");
    victim.wait().expect("it ends");
    // What it wrote in the meantime counts as well; only the last line may be torn.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let whole = rest.len().saturating_sub(1);
    rest.into_iter().take(whole).map(Ok).for_each(take);
}

async fn look(folder: &Path, acknowledged: &HashMap<u64, (u64, u64)>) {
    let engine = Engine::open(folder, options()).expect("a killed process leaves the folder free");
    let storage = engine.service("warehouse");
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.position);
        let page = storage.journal.follow(after, READ_EVENTS_MAX).await.expect("it answers");
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let mut heads: HashMap<&str, u64> = HashMap::new();
    for (position, event) in (1..).zip(&events) {
        assert_eq!(event.position, position, "what is there is a prefix of what was decided");
        let head = heads.entry(&event.stream).or_default();
        *head += 1;
        assert_eq!(event.version, *head);
    }
    for (position, (stream, version)) in acknowledged {
        let index = usize::try_from(position - 1).expect("there are not that many");
        let event = events.get(index).expect("what was acknowledged is there");
        assert_eq!((event.stream.as_str(), event.version), (&*format!("thing-{stream}"), *version));
    }
    for (stream, head) in heads {
        let latest = storage
            .documents
            .find(&LATEST, stream)
            .await
            .expect("it answers")
            .expect("it was written");
        assert_eq!(
            latest.body,
            head.to_string(),
            "a document is as new as the events it was written with"
        );
    }
    engine.close().await.expect("everything is flushed");
}

async fn append_until_killed(folder: &Path) {
    let engine = Engine::open(folder, options()).expect("the folder is free");
    let mut writers = JoinSet::new();
    for stream in 0..STREAMS {
        let journal = Arc::clone(&engine.service("warehouse").journal);
        writers.spawn(async move {
            let name = format!("thing-{stream}");
            let mut version = 0;
            loop {
                let page = journal.read(&name, version, READ_EVENTS_MAX).await.expect("it answers");
                let Some(last) = page.last() else { break };
                version = last.version;
            }
            loop {
                let appended = journal
                    .append(append(&name, version))
                    .await
                    .expect("nobody else writes this stream");
                version = appended.version;
                // Some decide on before their flush.
                if version % (stream + 1) == 0 {
                    appended.commit.wait().await.expect("it is flushed");
                    // One call, so that only a kill in the middle of it tears a line.
                    let line = format!("{} {stream} {version}\n", appended.position);
                    std::io::stdout().lock().write_all(line.as_bytes()).expect("somebody reads");
                }
            }
        });
    }
    writers.join_all().await;
}

fn append(stream: &str, expected: u64) -> Append {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream} {expected}").as_bytes());
    let data = Bytes::from(vec![b'x'; 500]);
    let event = NewEvent { id, name: "thing_happened", data, recorded_at: Timestamp::UNIX_EPOCH };
    let body = Bytes::from((expected + 1).to_string());
    let document = Document { key: stream.to_owned(), body, fields: Vec::new() };
    let writes = vec![Write::Put { collection: &LATEST, document }];
    Append { stream: stream.to_owned(), expected, events: vec![event], writes }
}

/// Small limits, so that kills also hit checkpoints.
fn options() -> Options {
    let (wal_checkpoint_bytes, wal_bytes_max) = (256 * 1024, 512 * 1024);
    Options { disk_reserve_bytes: 0, wal_checkpoint_bytes, wal_bytes_max, ..Options::default() }
}
