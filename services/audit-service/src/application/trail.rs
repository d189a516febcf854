//! The trail of activities: stored once each, walked newest first.

use super::{
    bundle::{
        self, BUNDLES, SUMMARIES, Summary, activity_write, bundled, second_of, second_of_micros,
        start_of,
    },
    losses::Losses,
    summary::{self, Name},
};
use contracts::audit::{Activity, ActivityBatch};
use kernel::{Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, sync::Arc};
use storage::{
    Direction, Documents, FieldValue, QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument,
    Write,
};
use telemetry::Component;

/// The most bundles that are looked at for one page; so a page may be short although more follows.
const LOOKED_AT_MAX: usize = 16 * QUERY_DOCUMENTS_MAX;

/// Which activities.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) subject: Option<String>,
    /// Inclusive.
    pub(crate) from: Option<Timestamp>,
    /// Exclusive.
    pub(crate) until: Option<Timestamp>,
}

/// Where a page ended: the time of its last activity in microseconds, and which of that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place(i64, Uuid);

/// Activities, newest first.
#[derive(Debug)]
pub(crate) struct TrailPage {
    pub(crate) activities: Vec<Activity>,
    pub(crate) next: Option<Place>,
    /// How many activities sources had to drop since the shop began.
    pub(crate) lost: u64,
}

/// All activities.
#[derive(Debug)]
pub(crate) struct Trail {
    documents: Arc<dyn Documents>,
    losses: Losses,
    health: Component,
}

impl Trail {
    pub(crate) fn new(documents: Arc<dyn Documents>, health: Component) -> Self {
        health.up();
        let losses = Losses::in_store(Arc::clone(&documents));
        Self { documents, losses, health }
    }

    /// Stores a batch. An activity that is there already stays as one.
    pub(crate) async fn record(&self, batch: &ActivityBatch) -> Result<(), StorageError> {
        let stored = match batch.activities.iter().map(activity_write).collect() {
            Ok(writes) => self.losses.write_with(batch, bundled(writes)).await,
            Err(error) => Err(error),
        };
        match &stored {
            Ok(()) => self.health.up(),
            Err(error) => self.health.down(error.to_string()),
        }
        stored
    }

    /// A page of the activities that pass `filter`, after a place.
    pub(crate) async fn page(
        &self,
        filter: &Filter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<TrailPage, StorageError> {
        let mut walk = Walk { trail: self, filter, after, limit, activities: Vec::new() };
        let next = walk.walk().await?;
        Ok(TrailPage { activities: walk.activities, next, lost: self.losses.sum().await? })
    }

    /// Forgets up to `limit` bundles of the seconds that have ended before `until`; returns how many. Waits until they
    /// are gone.
    pub(crate) async fn forget_before(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<usize, StorageError> {
        let until = Some(FieldValue::Integer(second_of(until)));
        let query = Query { until, ..Query::all("by_second", limit) };
        let found = self.documents.query(&SUMMARIES, query).await?.documents;
        let count = found.len();
        let delete = |StoredDocument { key, .. }| {
            let bundle = Write::Delete { collection: &BUNDLES, key: key.clone() };
            [bundle, Write::Delete { collection: &SUMMARIES, key }]
        };
        if count > 0 {
            let commit = self.documents.write(found.into_iter().flat_map(delete).collect()).await?;
            commit.wait().await.map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
        }
        Ok(count)
    }
}

/// A walk over the seconds, newest first, until a page is full.
struct Walk<'a> {
    trail: &'a Trail,
    filter: &'a Filter,
    after: Option<Place>,
    limit: usize,
    activities: Vec<Activity>,
}

impl Walk<'_> {
    /// Fills the page; returns where to go on.
    async fn walk(&mut self) -> Result<Option<Place>, StorageError> {
        let mut query = self.filter.query(self.after, self.limit);
        let (mut looked_at, mut second, mut bundles) = (0, None, Vec::new());
        loop {
            let found = self.trail.documents.query(&SUMMARIES, query.clone()).await?;
            looked_at += found.documents.len();
            for stored in found.documents {
                let summary = Summary::read(&stored)?;
                if second.is_some_and(|second| second != summary.second)
                    && let Some(next) = self.take(std::mem::take(&mut bundles)).await?
                {
                    return Ok(Some(next));
                }
                second = Some(summary.second);
                if self.filter.may_pass(&summary.names) {
                    bundles.push(stored.key);
                }
            }
            // All later seconds were looked at; the last one perhaps not to its end.
            let reached =
                second.map(|second| Place(start_of(second.saturating_add(1)), Uuid::nil()));
            match found.next {
                None => return self.take(bundles).await,
                Some(_) if looked_at >= LOOKED_AT_MAX && self.is_progress(reached) => {
                    return Ok(reached);
                }
                next => query.after = next,
            }
        }
    }

    /// Whether going on from this place is going on at all.
    fn is_progress(&self, reached: Option<Place>) -> bool {
        reached.is_some_and(|reached| self.after.is_none_or(|after| reached < after))
    }

    /// Takes in what passes of the bundles of one second. Where the page ended, if it is full and there was more.
    async fn take(&mut self, bundles: Vec<String>) -> Result<Option<Place>, StorageError> {
        let mut passed = Vec::new();
        for key in bundles {
            // Between the two reads it may have been forgotten.
            let Some(bundle) = self.trail.documents.find(&BUNDLES, &key).await? else { continue };
            for activity in bundle::read(&bundle) {
                let activity = activity?;
                let is_next = self.after.is_none_or(|after| Place::of(&activity) < after);
                if is_next && self.filter.passes(&activity) {
                    passed.push(activity);
                }
            }
        }
        passed.sort_by_cached_key(|activity| Reverse(Place::of(activity)));
        // A feed that was read again, or a batch that was sent again in other parts, tells the same once more.
        passed.dedup_by_key(|activity| activity.id);
        let room = self.limit - self.activities.len();
        let is_full = passed.len() > room;
        self.activities.extend(passed.into_iter().take(room));
        Ok(self.activities.last().filter(|_| is_full).map(Place::of))
    }
}

impl Filter {
    /// The walk over the seconds of the time asked for, from where the page before ended.
    fn query(&self, after: Option<Place>, limit: usize) -> Query {
        // The second a time lies in has to be looked at, unless the time is its very beginning.
        let end = |micros: i64| second_of_micros(micros.saturating_sub(1)).saturating_add(1);
        let until = self.until.map(|until| end(until.as_microsecond()));
        let after = after.map(|Place(micros, _)| second_of_micros(micros).saturating_add(1));
        // Where nothing is passed over, each bundle has an activity for the page.
        let passes_all = self.names().next().is_none();
        let bundles = if passes_all { limit } else { QUERY_DOCUMENTS_MAX };
        Query {
            from: self.from.map(|from| FieldValue::Integer(second_of(from))),
            until: until.into_iter().chain(after).min().map(FieldValue::Integer),
            direction: Direction::Descending,
            ..Query::all("by_second", bundles)
        }
    }

    /// The names asked for.
    fn names(&self) -> impl Iterator<Item = Name<'_>> {
        let names = [
            self.actor.as_deref().map(Name::Actor),
            self.action.as_deref().map(Name::Action),
            self.subject.as_deref().map(Name::Subject),
        ];
        names.into_iter().flatten()
    }

    /// Whether something that passes can be in the bundle of this summary.
    fn may_pass(&self, summary: &[u8]) -> bool {
        self.names().all(|name| summary::may_have(summary, name))
    }

    fn passes(&self, activity: &Activity) -> bool {
        let is =
            |wanted: &Option<String>, it: &str| wanted.as_ref().is_none_or(|wanted| wanted == it);
        is(&self.actor, &activity.actor)
            && is(&self.action, &activity.action)
            && is(&self.subject, &activity.subject)
            && self.from.is_none_or(|from| from <= activity.at)
            && self.until.is_none_or(|until| activity.at < until)
    }
}

impl Place {
    fn of(activity: &Activity) -> Self {
        Self(activity.at.as_microsecond(), activity.id)
    }
}
