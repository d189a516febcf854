//! Search: records by what they are found by, in memory and in the runs.

use crate::{
    frame::Location,
    index::{EntryKind, IndexEntry, highest, lowest},
    log::{LogGuard, SegmentedLog, SharedState},
    record::{LocatedRecord, RecordOperation, RecordView},
    run::Run,
    segments::run_error,
    service::LogService,
};
use std::sync::Arc;
use storage::StorageError;

/// What is looked for: the newest record of a key that is really the one.
pub(crate) struct RecordRequest<'a> {
    pub(crate) service: &'a LogService,
    pub(crate) kind: EntryKind,
    pub(crate) name: RecordName<'a>,
    pub(crate) key: u64,
    /// Order of the entry after which it is looked for; 0 for all.
    pub(crate) after: u64,
}

/// Name that a record is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordName<'a> {
    /// Stream, key of a value, or name of a snapshot.
    Plain(&'a str),
    /// Collection and key of a document.
    Document(&'a str, &'a str),
}

impl RecordRequest<'_> {
    fn from(&self) -> IndexEntry {
        lowest(self.kind.of(self.service.spaces), self.key, self.after.saturating_add(1))
    }

    fn is_it(&self, record: &LocatedRecord) -> Result<bool, StorageError> {
        if kernel::defects::planted("run_without_second_look") {
            return Ok(true);
        }
        let RecordView { service, operation } = record.view()?;
        if service != self.service.name.as_bytes() {
            return Ok(false);
        }
        let name = match (self.name, operation) {
            (RecordName::Document(collection, key), _) => {
                let writes = record.documents()?;
                return Ok(writes.iter().any(|it| (it.collection, it.key) == (collection, key)));
            }
            (RecordName::Plain(_), RecordOperation::Append(append)) => append.stream,
            (RecordName::Plain(_), RecordOperation::Value { key, .. }) => key,
            (RecordName::Plain(_), RecordOperation::Snapshot { name, .. }) => name,
            _ => return Ok(false),
        };
        Ok(matches!(self.name, RecordName::Plain(wanted) if wanted.as_bytes() == name))
    }
}

/// Outcome of a search in memory.
pub(crate) enum Sought {
    Found(Arc<LocatedRecord>),
    /// The record at this location may be it, and is not in memory.
    Unread(Location),
    Missing,
}

/// Record with the entry that it was found by; `None` for one that compaction dropped.
pub(crate) type FoundRecord = (IndexEntry, Option<Arc<LocatedRecord>>);

/// Answer of the runs that were there, for records after a location.
struct StoredAnswer {
    runs: Arc<Vec<Arc<Run>>>,
    floor: Location,
    newest: Option<Arc<LocatedRecord>>,
}

impl SegmentedLog {
    /// Last record of a service between two entries.
    pub(crate) fn last_of(
        &self,
        service: &str,
        from: IndexEntry,
        until: IndexEntry,
    ) -> Result<Option<Arc<LocatedRecord>>, StorageError> {
        let state = self.state.lock();
        for entry in
            state.memory.iter().rev().flat_map(|memory| memory.entries.range(from..=until).rev())
        {
            if let Some(record) = self.segments.read(entry.location)?
                && record.view()?.service == service.as_bytes()
            {
                return Ok(Some(Arc::new(record)));
            }
        }
        for run in state.runs.iter().rev() {
            let mut before = until;
            while let Some(entry) =
                run.last_before(from, before).map_err(|error| run_error(&error))?
            {
                if let Some(record) = self.segments.read(entry.location)?
                    && record.view()?.service == service.as_bytes()
                {
                    return Ok(Some(Arc::new(record)));
                }
                before = entry;
            }
        }
        Ok(None)
    }

    /// Newest record of a key, and the lock under which it stays the newest; `begin` takes the lock.
    pub(crate) fn newest<'log>(
        &'log self,
        wanted: &RecordRequest<'_>,
        begin: impl Fn(&'log Self) -> Result<LogGuard<'log>, StorageError>,
    ) -> Result<(LogGuard<'log>, Option<Arc<LocatedRecord>>), StorageError> {
        let mut fetched: Vec<Arc<LocatedRecord>> = Vec::new();
        let mut stored: Option<StoredAnswer> = None;
        loop {
            let guard = begin(self)?;
            let floor = guard.floor(wanted);
            let location = match guard.newest_in_memory(wanted, floor, &fetched)? {
                Sought::Found(record) => return Ok((guard, Some(record))),
                Sought::Unread(location) => location,
                Sought::Missing => {
                    let runs = &guard.state.runs;
                    if !runs.iter().any(|run| run.may_contain(&wanted.from())) {
                        return Ok((guard, None));
                    }
                    if let Some(stored) = stored
                        && Arc::ptr_eq(&stored.runs, runs)
                        && stored.floor == floor
                    {
                        return Ok((guard, stored.newest));
                    }
                    let runs = Arc::clone(runs);
                    // The disk is read without the lock, so that no other write waits for it. The answer counts unless a run
                    // was added in the meantime.
                    drop(guard);
                    let newest = self.newest_in_runs(wanted, floor, &runs)?;
                    stored = Some(StoredAnswer { runs, floor, newest });
                    continue;
                }
            };
            drop(guard);
            // A record that is gone is no longer among those in memory.
            fetched.extend(self.segments.read(location)?.map(Arc::new));
        }
    }

    fn newest_in_runs(
        &self,
        wanted: &RecordRequest<'_>,
        floor: Location,
        runs: &[Arc<Run>],
    ) -> Result<Option<Arc<LocatedRecord>>, StorageError> {
        let from = wanted.from();
        for run in runs.iter().rev().filter(|run| run.may_contain(&from)) {
            let mut before = highest(from.space, from.key);
            while let Some(entry) =
                run.last_before(from, before).map_err(|error| run_error(&error))?
            {
                before = entry;
                if entry.location > floor
                    && let Some(record) = self.segments.read(entry.location)?
                    && wanted.is_it(&record)?
                {
                    return Ok(Some(Arc::new(record)));
                }
            }
        }
        Ok(None)
    }

    /// Up to `limit` records behind `floor` from one entry to another, in the order of the entries. Runs are asked when
    /// `needs_runs`, which gets the first record in memory. The flag says whether there may be more.
    pub(crate) fn gather(
        &self,
        (from, until): (IndexEntry, IndexEntry),
        floor: Location,
        limit: usize,
        needs_runs: impl FnOnce(&SharedState, Option<&LocatedRecord>) -> bool,
    ) -> Result<(bool, Vec<FoundRecord>), StorageError> {
        // Positions grow with the locations: what an earlier source has comes first.
        let grows = from.is_event();
        let (memory, runs) = {
            let guard = self.lock();
            let mut memory = Vec::new();
            for source in &guard.state.memory {
                let entries = source.entries.range(from..=until);
                let entries = entries.filter(|entry| entry.location > floor).take(if grows {
                    limit - memory.len()
                } else {
                    limit
                });
                memory.extend(entries.map(|entry| (*entry, guard.recent(entry.location).cloned())));
            }
            let first =
                memory.first().and_then(|(_, record): &(_, Option<Arc<_>>)| record.as_deref());
            let runs = needs_runs(&guard.state, first).then(|| Arc::clone(&guard.state.runs));
            (memory, runs)
        };
        let mut found = Vec::new();
        for run in runs.iter().flat_map(|runs| runs.iter()).filter(|run| run.may_contain(&from)) {
            let limit = if grows { limit - found.len() } else { limit };
            let entries =
                run.range(from, until, floor, limit).map_err(|error| run_error(&error))?;
            found.extend(entries.into_iter().map(|entry| (entry, None)));
        }
        found.extend(memory);
        if !grows {
            found.sort_unstable_by_key(|(entry, _)| *entry);
        }
        let has_more = found.len() >= limit;
        found.truncate(limit);
        let read = |(entry, record): (IndexEntry, Option<Arc<LocatedRecord>>)| match record {
            Some(record) => Ok((entry, Some(record))),
            None => self.segments.read(entry.location).map(|it| (entry, it.map(Arc::new))),
        };
        Ok((has_more, found.into_iter().map(read).collect::<Result<_, _>>()?))
    }
}

impl LogGuard<'_> {
    /// Location before which records of a key are gone.
    fn floor(&self, wanted: &RecordRequest<'_>) -> Location {
        let deleted = &self.state.services[wanted.service.index].deleted;
        match (wanted.kind, wanted.name) {
            (EntryKind::Stream, RecordName::Plain(stream)) if !deleted.is_empty() => {
                deleted.get(stream).map_or(Location(0), |deletion| deletion.location)
            }
            _ => Location(0),
        }
    }

    /// Record at a location, if it is in memory.
    fn recent(&self, location: Location) -> Option<&Arc<LocatedRecord>> {
        let at = self.state.recent.partition_point(|record| record.location < location);
        self.state.recent.get(at).filter(|record| record.location == location)
    }

    fn newest_in_memory(
        &self,
        wanted: &RecordRequest<'_>,
        floor: Location,
        fetched: &[Arc<LocatedRecord>],
    ) -> Result<Sought, StorageError> {
        let from = wanted.from();
        let until = highest(from.space, from.key);
        let sources = self.state.memory.iter().rev();
        for entry in sources
            .flat_map(|memory| memory.entries.range(..until).rev().take_while(|it| **it >= from))
            .filter(|entry| entry.location > floor)
        {
            let record = self
                .recent(entry.location)
                .or_else(|| fetched.iter().find(|record| record.location == entry.location));
            match record {
                None => return Ok(Sought::Unread(entry.location)),
                Some(record) if wanted.is_it(record)? => {
                    return Ok(Sought::Found(Arc::clone(record)));
                }
                Some(_) => {}
            }
        }
        Ok(Sought::Missing)
    }
}
