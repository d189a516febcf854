//! Index scan: a query along an index as one SQL statement that seeks to where the page begins (keyset pagination).

use crate::{
    schema::{ServiceTables, column},
    sql_value,
};
use bytes::Bytes;
use rusqlite::{Connection, params_from_iter};
use std::cmp::Ordering;
use storage::{
    Collection, Direction, DocumentPage, FieldValue, Index, IndexPosition, QUERY_DOCUMENTS_MAX,
    Query, StoredDocument,
};

/// SQL statement of one page, with its parameters.
pub(crate) struct IndexScan {
    sql: String,
    parameters: Vec<FieldValue>,
    fields: usize,
    limit: usize,
}

impl IndexScan {
    /// Scan for a query that has been checked; `None` when its result is certainly empty.
    pub(crate) fn new(
        tables: &ServiceTables,
        collection: &'static Collection,
        index: &Index,
        query: &Query,
    ) -> Option<Self> {
        let mut clause = WhereClause::default();
        let columns: Vec<String> = index.fields.iter().map(|field| column(field)).collect();
        for (column, value) in columns.iter().zip(&query.equals) {
            clause.compare(column, "=", value.clone());
        }
        let (mut from, mut until) = (query.from.as_ref(), query.until.as_ref());
        match scan_start(query) {
            ScanStart::AtBound => {}
            ScanStart::Exhausted => return None,
            ScanStart::After(position) => {
                // The position lies within the bounds, so it replaces the bound on its side.
                match query.direction {
                    Direction::Ascending => from = None,
                    Direction::Descending => until = None,
                }
                clause.seek_after(&columns, query.equals.len(), position, query.direction)?;
            }
        }
        if let Some(column) = columns.get(query.equals.len()) {
            for (sign, value) in [(">=", from), ("<", until)] {
                if let Some(value) = value {
                    clause.compare(column, sign, value.clone());
                }
            }
        }
        for column in &columns {
            clause.conditions.push(format!("{column} IS NOT NULL"));
        }
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let table = tables.collection(collection);
        // INDEXED BY makes the statement fail rather than scan the whole table. Without fields the order is that of keys.
        let indexed_by = match index.fields {
            [] => String::new(),
            _ => format!("INDEXED BY {}", tables.index(collection, index)),
        };
        let sql = format!(
            "SELECT {} FROM {table} {indexed_by}{} ORDER BY {} LIMIT {}",
            [&["key".to_owned(), "body".to_owned()], &columns[..]].concat().join(", "),
            clause.clause(),
            order_by(&columns, query.direction),
            limit + 1
        );
        Some(Self { sql, parameters: clause.parameters, fields: columns.len(), limit })
    }

    /// Runs the scan.
    pub(crate) fn run(&self, connection: &Connection) -> rusqlite::Result<DocumentPage> {
        let mut select = connection.prepare_cached(&self.sql)?;
        let mut rows =
            select.query(params_from_iter(self.parameters.iter().map(sql_value::from_field)))?;
        let mut page = DocumentPage::default();
        let mut last = None;
        while let Some(row) = rows.next()? {
            if page.documents.len() == self.limit {
                page.next = last;
                break;
            }
            let key: String = row.get(0)?;
            if page.documents.len() + 1 == self.limit {
                let values =
                    (2..2 + self.fields).map(|column| sql_value::to_field(row.get_ref(column)?));
                last = Some(IndexPosition(values.collect::<rusqlite::Result<_>>()?, key.clone()));
            }
            let body = Bytes::from(row.get::<_, Vec<u8>>(1)?);
            page.documents.push(StoredDocument { key, body });
        }
        Ok(page)
    }
}

/// WHERE clause under construction.
#[derive(Default)]
struct WhereClause {
    conditions: Vec<String>,
    parameters: Vec<FieldValue>,
}

impl WhereClause {
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

    /// Adds the seek condition: only rows after `after`. A forged position may have fewer or more values than the index has
    /// fields; a shorter one comes before all that begin with it. `None` when no row can match.
    fn seek_after(
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
        let placeholders: Vec<String> =
            (first..first + left.len()).map(|number| format!("?{number}")).collect();
        self.parameters.extend(right);
        self.conditions.push(format!("({}) {sign} ({})", left.join(", "), placeholders.join(", ")));
        Some(())
    }
}

/// ORDER BY list of the columns and the key.
fn order_by(columns: &[String], direction: Direction) -> String {
    let keyword = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{column} {keyword}, ")).collect();
    format!("{}key {keyword}", columns.concat())
}

/// Start of a scan.
enum ScanStart<'query> {
    /// At the bound of the query, or at the end of the index.
    AtBound,
    /// After a position within the bounds.
    After(&'query IndexPosition),
    /// The position lies behind the last bound: nothing is left.
    Exhausted,
}

/// Start of a query's scan. Positions come from clients: a forged one must not widen the scan.
fn scan_start(query: &Query) -> ScanStart<'_> {
    let Some(after) = &query.after else { return ScanStart::AtBound };
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
        (true, _) => ScanStart::AtBound,
        (false, true) => ScanStart::After(after),
        (false, false) => ScanStart::Exhausted,
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

    /// Query plan of the scan.
    fn plan(query: &Query) -> String {
        let connection = Connection::open_in_memory().unwrap();
        let tables = ServiceTables::of("warehouse");
        tables.create_collection(&connection, &SHELVES).unwrap();
        let clause =
            IndexScan::new(&tables, &SHELVES, query.check(&SHELVES).unwrap(), query).unwrap();
        let mut open_error =
            connection.prepare(&format!("EXPLAIN QUERY PLAN {}", clause.sql)).unwrap();
        let parameters = params_from_iter(clause.parameters.iter().map(sql_value::from_field));
        let steps = open_error.query_map(parameters, |row| row.get::<_, String>(3)).unwrap();
        steps.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("; ")
    }

    #[test]
    fn a_scan_seeks_to_its_position_and_sorts_nothing() {
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
