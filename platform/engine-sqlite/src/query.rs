//! A walk along an index as one SQL statement that begins where the page begins.

use crate::{
    apply::sql,
    schema::{Tables, column},
};
use bytes::Bytes;
use rusqlite::{Connection, params_from_iter, types::ValueRef};
use std::cmp::Ordering;
use storage::{
    Collection, Direction, DocumentPage, FieldValue, Index, IndexPosition, QUERY_DOCUMENTS_MAX,
    Query, StoredDocument,
};

pub(crate) struct Walk {
    sql: String,
    parameters: Vec<FieldValue>,
    fields: usize,
    limit: usize,
}

impl Walk {
    /// The walk a query asks for; `None` when it cannot meet anything. The query has been checked.
    pub(crate) fn new(
        tables: &Tables,
        collection: &'static Collection,
        index: &Index,
        query: &Query,
    ) -> Option<Self> {
        let mut walk = Conditions::default();
        let columns: Vec<String> = index.fields.iter().map(|field| column(field)).collect();
        for (column, value) in columns.iter().zip(&query.equals) {
            walk.compare(column, "=", value.clone());
        }
        let (mut from, mut until) = (query.from.as_ref(), query.until.as_ref());
        match start(query) {
            Start::AtBound => {}
            Start::Nowhere => return None,
            Start::IndexPosition(place) => {
                // The place is within the walk, so it takes over from the bound on its side.
                match query.direction {
                    Direction::Ascending => from = None,
                    Direction::Descending => until = None,
                }
                walk.go_on(&columns, query.equals.len(), place, query.direction)?;
            }
        }
        if let Some(column) = columns.get(query.equals.len()) {
            for (sign, value) in [(">=", from), ("<", until)] {
                if let Some(value) = value {
                    walk.compare(column, sign, value.clone());
                }
            }
        }
        for column in &columns {
            walk.conditions.push(format!("{column} IS NOT NULL"));
        }
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let table = tables.collection(collection);
        // Named, so that a walk never becomes a search through everything. Without fields it is the order of keys.
        let along = match index.fields {
            [] => String::new(),
            _ => format!("INDEXED BY {}", tables.index(collection, index)),
        };
        let sql = format!(
            "SELECT {} FROM {table} {along}{} ORDER BY {} LIMIT {}",
            [&["key".to_owned(), "body".to_owned()], &columns[..]].concat().join(", "),
            walk.clause(),
            sequence(&columns, query.direction),
            limit + 1
        );
        Some(Self { sql, parameters: walk.parameters, fields: columns.len(), limit })
    }

    pub(crate) fn run(&self, connection: &Connection) -> rusqlite::Result<DocumentPage> {
        let mut select = connection.prepare_cached(&self.sql)?;
        let mut rows = select.query(params_from_iter(self.parameters.iter().map(sql)))?;
        let mut found = DocumentPage::default();
        let mut last = None;
        while let Some(row) = rows.next()? {
            if found.documents.len() == self.limit {
                found.next = last;
                break;
            }
            let key: String = row.get(0)?;
            if found.documents.len() + 1 == self.limit {
                let values = (2..2 + self.fields).map(|column| value_of(row.get_ref(column)?));
                last = Some(IndexPosition(values.collect::<rusqlite::Result<_>>()?, key.clone()));
            }
            let body = Bytes::from(row.get::<_, Vec<u8>>(1)?);
            found.documents.push(StoredDocument { key, body });
        }
        Ok(found)
    }
}

#[derive(Default)]
struct Conditions {
    conditions: Vec<String>,
    parameters: Vec<FieldValue>,
}

impl Conditions {
    fn compare(&mut self, column: &str, sign: &str, value: FieldValue) {
        self.parameters.push(value);
        self.conditions.push(format!("{column} {sign} ?{}", self.parameters.len()));
    }

    fn clause(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }

    /// Only what lies behind a place. The place may have fewer or more values than the index has fields, when it
    /// comes from elsewhere; a shorter one stands before all that begin with it. `None` when nothing lies there.
    fn go_on(
        &mut self,
        columns: &[String],
        equals: usize,
        after: &IndexPosition,
        direction: Direction,
    ) -> Option<()> {
        let IndexPosition(values, key) = after;
        let shared = values.len().min(columns.len());
        let (mut left, mut right) =
            (columns[equals..shared].to_vec(), values[equals..shared].to_vec());
        let order = values.len().cmp(&columns.len());
        if order == Ordering::Equal {
            left.push("key".to_owned());
            right.push(FieldValue::Text(key.clone()));
        }
        let sign = match (direction, order) {
            (Direction::Ascending, Ordering::Less) => ">=",
            (Direction::Ascending, Ordering::Equal | Ordering::Greater) => ">",
            (Direction::Descending, Ordering::Less | Ordering::Equal) => "<",
            (Direction::Descending, Ordering::Greater) => "<=",
        };
        if left.is_empty() {
            return sign.ends_with('=').then_some(());
        }
        let first = self.parameters.len() + 1;
        let places: Vec<String> =
            (first..first + left.len()).map(|number| format!("?{number}")).collect();
        self.parameters.extend(right);
        self.conditions.push(format!("({}) {sign} ({})", left.join(", "), places.join(", ")));
        Some(())
    }
}

fn sequence(columns: &[String], direction: Direction) -> String {
    let way = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    let columns: Vec<String> = columns.iter().map(|column| format!("{column} {way}, ")).collect();
    format!("{}key {way}", columns.concat())
}

/// Where a walk begins.
enum Start<'query> {
    /// At the bound of the query, or at the end of the index.
    AtBound,
    /// Behind a place within the walk.
    IndexPosition(&'query IndexPosition),
    /// The walk is over at its place.
    Nowhere,
}

/// Places come from callers: one from elsewhere must not widen the walk.
fn start(query: &Query) -> Start<'_> {
    let Some(after) = &query.after else { return Start::AtBound };
    let bound = |value: &FieldValue| {
        let values = query.equals.iter().chain([value]).cloned().collect();
        IndexPosition(values, String::new())
    };
    let starts_before = match query.direction {
        Direction::Ascending => {
            let lower = query
                .from
                .as_ref()
                .map_or_else(|| IndexPosition(query.equals.clone(), String::new()), bound);
            *after < lower
        }
        Direction::Descending => {
            let beyond_equals = after.0.iter().take(query.equals.len()).gt(&query.equals);
            beyond_equals || query.until.as_ref().is_some_and(|until| *after >= bound(until))
        }
    };
    match (starts_before, after.0.starts_with(&query.equals)) {
        (true, _) => Start::AtBound,
        (false, true) => Start::IndexPosition(after),
        (false, false) => Start::Nowhere,
    }
}

fn value_of(value: ValueRef<'_>) -> rusqlite::Result<FieldValue> {
    match value {
        ValueRef::Integer(number) => Ok(FieldValue::Integer(number)),
        _ => Ok(FieldValue::Text(value.as_str()?.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHELVES: Collection = Collection {
        name: "shelves",
        indexes: &[
            Index { name: "by_room", fields: &["room", "height"] },
            Index { name: "all", fields: &[] },
        ],
    };

    /// How the database goes about it.
    fn plan(query: &Query) -> String {
        let connection = Connection::open_in_memory().unwrap();
        let tables = Tables::of("warehouse");
        tables.create_collection(&connection, &SHELVES).unwrap();
        let walk = Walk::new(&tables, &SHELVES, query.check(&SHELVES).unwrap(), query).unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", walk.sql)).unwrap();
        let parameters = params_from_iter(walk.parameters.iter().map(sql));
        let steps = explain.query_map(parameters, |row| row.get::<_, String>(3)).unwrap();
        steps.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("; ")
    }

    #[test]
    fn a_walk_goes_straight_to_its_place_and_sorts_nothing() {
        let hall = FieldValue::Text("hall".to_owned());
        let height = |height| Some(FieldValue::Integer(height));
        let after = IndexPosition(vec![hall.clone(), FieldValue::Integer(3)], "key".to_owned());
        for direction in [Direction::Ascending, Direction::Descending] {
            let all = Query { direction, ..Query::all("by_room", 10) };
            let room = Query { equals: vec![hall.clone()], ..all.clone() };
            let range = Query { from: height(1), until: height(9), ..room.clone() };
            let page = Query { after: Some(after.clone()), ..range.clone() };
            for query in
                [&room, &range, &page, &Query { after: Some(after.clone()), ..all.clone() }]
            {
                let plan = plan(query);
                assert!(plan.starts_with("SEARCH ") && !plan.contains("TEMP B-TREE"), "{plan}");
            }
            for query in [&all, &Query { index: "all", ..all.clone() }] {
                let plan = plan(query);
                assert!(plan.contains("USING INDEX") && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }
}
