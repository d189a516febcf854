//! The trail of activities: stored once each, walked newest first.

use super::losses::Losses;
use contracts::audit::{Activity, ActivityBatch};
use kernel::{Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::{
    After, Collection, Direction, Document, Documents, Found, Index, QUERY_DOCUMENTS_MAX, Query,
    StorageError, Stored, Value, Write,
};
use telemetry::Component;

pub(super) static ACTIVITIES: Collection = Collection {
    name: "activities",
    indexes: &[
        Index { name: "by_time", fields: &["at"] },
        Index { name: "by_actor", fields: &["actor", "at"] },
        Index { name: "by_action", fields: &["action", "at"] },
        Index { name: "by_subject", fields: &["subject", "at"] },
        Index { name: "by_actor_and_action", fields: &["actor", "action", "at"] },
    ],
};

/// The most activities that are looked at for one page; so a page may be short although more follows.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
            Ok(writes) => self.losses.write_with(batch, writes).await,
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
        let mut query = filter.query(limit);
        query.after = after.map(|place| place.along(&query));
        let (mut activities, mut looked_at, mut reached) = (Vec::new(), 0, after);
        let next = loop {
            let Found { documents, next } = self.documents.query(&ACTIVITIES, query).await?;
            let mut rest = documents.iter();
            while activities.len() < limit
                && let Some(stored) = rest.next()
            {
                let activity = read(stored)?;
                reached = Some(Place::of(&activity));
                if filter.passes(&activity) {
                    activities.push(activity);
                }
            }
            looked_at += documents.len();
            match next {
                None if rest.len() == 0 => break None,
                Some(next) if activities.len() < limit && looked_at < LOOKED_AT_MAX => {
                    query = Query { after: Some(next), ..filter.query(limit) };
                }
                _ => break reached,
            }
        };
        Ok(TrailPage { activities, next, lost: self.losses.sum().await? })
    }

    /// Forgets up to `limit` activities from before `until`; returns how many. Waits until they are gone.
    pub(crate) async fn forget_before(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<usize, StorageError> {
        let until = Some(Value::Integer(until.as_microsecond()));
        let query = Query { until, ..Query::all("by_time", limit) };
        let found = self.documents.query(&ACTIVITIES, query).await?.documents;
        let count = found.len();
        let delete = |stored: Stored| Write::Delete { collection: &ACTIVITIES, key: stored.key };
        if count > 0 {
            let commit = self.documents.write(found.into_iter().map(delete).collect()).await?;
            commit.wait().await.map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
        }
        Ok(count)
    }
}

impl Filter {
    /// The walk along the index that leaves the least to look at.
    fn query(&self, limit: usize) -> Query {
        let (index, equals): (_, Vec<&String>) = match (&self.actor, &self.action, &self.subject) {
            (None, None, None) => ("by_time", vec![]),
            (_, _, Some(subject)) => ("by_subject", vec![subject]),
            (Some(actor), Some(action), None) => ("by_actor_and_action", vec![actor, action]),
            (Some(actor), None, None) => ("by_actor", vec![actor]),
            (None, Some(action), None) => ("by_action", vec![action]),
        };
        let all_match = self.subject.is_none() || self.actor.is_none() && self.action.is_none();
        let limit = if all_match { limit } else { QUERY_DOCUMENTS_MAX };
        let micros = |at: Timestamp| Value::Integer(at.as_microsecond());
        Query {
            equals: equals.into_iter().cloned().map(Value::Text).collect(),
            from: self.from.map(micros),
            until: self.until.map(micros),
            direction: Direction::Descending,
            ..Query::all(index, limit)
        }
    }

    fn passes(&self, activity: &Activity) -> bool {
        let is =
            |wanted: &Option<String>, it: &str| wanted.as_ref().is_none_or(|wanted| wanted == it);
        is(&self.actor, &activity.actor)
            && is(&self.action, &activity.action)
            && is(&self.subject, &activity.subject)
    }
}

impl Place {
    fn of(activity: &Activity) -> Self {
        Self(activity.at.as_microsecond(), activity.id)
    }

    fn along(self, query: &Query) -> After {
        let mut values = query.equals.clone();
        values.push(Value::Integer(self.0));
        After(values, self.1.to_string())
    }
}

/// The write that stores an activity. A repeated one is written over itself.
pub(crate) fn activity_write(activity: &Activity) -> Result<Write, StorageError> {
    let body =
        serde_json::to_vec(activity).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let fields = vec![
        ("at", Value::Integer(activity.at.as_microsecond())),
        ("actor", Value::Text(activity.actor.clone())),
        ("action", Value::Text(activity.action.clone())),
        ("subject", Value::Text(activity.subject.clone())),
    ];
    let document = Document { key: activity.id.to_string(), body: body.into(), fields };
    Ok(Write::Put { collection: &ACTIVITIES, document })
}

fn read(stored: &Stored) -> Result<Activity, StorageError> {
    serde_json::from_slice(&stored.body)
        .map_err(|error| StorageError::Corrupt(format!("activity {}: {error}", stored.key)))
}
