//! `icommerce dump [STREAM]`: events of a data folder as JSON Lines, of one stream or of all services.

use super::{offline::OfflineShop, worker_runtime};
use crate::{cli::ProcessFlags, error::CliError, output::print};
use journal::{Journal, READ_EVENTS_MAX, RecordedEvent};
use runtime::Module;
use serde::Serialize;
use serde_json::value::RawValue;
use std::{fmt::Display, process::ExitCode};

/// Event in the output. It may gain fields.
#[derive(Serialize)]
struct DumpedEvent<'a> {
    service: &'static str,
    position: u64,
    stream: &'a str,
    version: u64,
    id: kernel::Uuid,
    name: &'a str,
    recorded_at: kernel::Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    data: Box<RawValue>,
}

pub(crate) fn run(flags: &ProcessFlags, stream: Option<&str>) -> Result<ExitCode, CliError> {
    let shop = OfflineShop::open(flags)?;
    let modules = shop.services()?;
    worker_runtime()?.block_on(async {
        let mut count = Ok(0);
        for module in modules {
            let journal = shop.offline(module)?.storage.journal;
            if let Ok(before) = count {
                count = dump(module, &*journal, stream).await.map(|events| before + events);
            }
        }
        shop.close().await?;
        match (count?, stream) {
            (0, Some(stream)) => Err(CliError::failed(format!("no stream is named {stream}"))),
            _ => Ok(ExitCode::SUCCESS),
        }
    })
}

/// Prints the events of a service, or those of its stream of this name; returns how many there are.
async fn dump(
    module: &'static Module,
    journal: &dyn Journal,
    stream: Option<&str>,
) -> Result<usize, CliError> {
    let service = module.name;
    let failed = |error| CliError::failed(format!("cannot read the journal of {service}: {error}"));
    let (mut after, mut count) = (0, 0);
    loop {
        let page = match stream {
            Some(stream) => journal.read(stream, after, READ_EVENTS_MAX).await,
            None => journal.follow(after, READ_EVENTS_MAX).await,
        };
        let page = page.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(count) };
        after = if stream.is_some() { last.version } else { last.position };
        count += page.len();
        let lines: Result<Vec<_>, _> = page.iter().map(|event| line(module, event)).collect();
        print(lines?.join("\n"))?;
    }
}

fn line(module: &Module, event: &RecordedEvent) -> Result<String, CliError> {
    let service = module.name;
    let RecordedEvent { position, version, id, recorded_at, .. } = *event;
    let (stream, name) = (event.stream.as_str(), event.name.as_str());
    let origin = event.origin.as_ref().map(ToString::to_string);
    let unreadable = |error: &dyn Display| CliError::failed(format!("{service}: {error}"));
    let read = module.events.ok_or_else(|| unreadable(&"a service without events has some"))?;
    let data = read(event).map_err(|error| unreadable(&error))?;
    let dumped =
        DumpedEvent { service, position, stream, version, id, name, recorded_at, origin, data };
    serde_json::to_string(&dumped).map_err(|error| unreadable(&error))
}
