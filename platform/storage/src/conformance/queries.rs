//! Conformance checks of queries along an index.

use super::records::{SHELVES, delete, keys, put, text, write};
use crate::{
    Direction, Document, Documents, FieldValue, IndexPosition, Query, StorageError, Write,
};
use bytes::Bytes;
use std::sync::Arc;

fn by_room(room: &str) -> Query {
    Query { equals: vec![text(room)], ..Query::all("by_room_and_height", 10) }
}

/// Index maintenance: no index shows a document at its former position.
pub async fn a_changed_document_moves_in_its_indexes(documents: Arc<dyn Documents>) {
    let at = |room: &str, height| {
        put("one", "1", &[("room", text(room)), ("height", FieldValue::Integer(height))])
    };
    write(&documents, vec![at("hall", 1)]).await;
    assert_eq!(keys(&documents, by_room("hall")).await, ["one"]);
    write(&documents, vec![at("attic", 2)]).await;
    assert!(keys(&documents, by_room("hall")).await.is_empty());
    assert_eq!(keys(&documents, by_room("attic")).await, ["one"]);
    assert_eq!(keys(&documents, Query::all("by_room", 10)).await, ["one"]);
}

/// Sparse index: a document enters an index once it has all its fields, and leaves it when it loses one.
pub async fn a_document_without_a_field_is_not_in_the_index(documents: Arc<dyn Documents>) {
    let room = ("room", text("hall"));
    write(
        &documents,
        vec![
            put("one", "1", std::slice::from_ref(&room)),
            put("two", "2", &[("height", FieldValue::Integer(1))]),
        ],
    )
    .await;
    assert_eq!(keys(&documents, Query::all("by_room", 10)).await, ["one"]);
    assert!(keys(&documents, Query::all("by_room_and_height", 10)).await.is_empty());
    assert_eq!(keys(&documents, Query::all("all", 10)).await, ["one", "two"]);
    write(
        &documents,
        vec![put("one", "1", &[room, ("height", FieldValue::Integer(3))]), put("two", "2", &[])],
    )
    .await;
    assert_eq!(keys(&documents, Query::all("by_room_and_height", 10)).await, ["one"]);
}

/// Defective query: an undeclared index, or more fields than the index has, is refused and not guessed at.
pub async fn an_undeclared_index_is_refused(documents: Arc<dyn Documents>) {
    let too_many = Query { equals: vec![text("hall"), text("x")], ..Query::all("by_room", 10) };
    let beyond =
        Query { equals: vec![text("hall")], from: Some(text("x")), ..Query::all("by_room", 10) };
    for wrong in [Query::all("by_colour", 10), too_many, beyond] {
        let refused = documents.query(&SHELVES, wrong).await;
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    }
}

/// Order of field values: numbers as numbers, text byte by byte, and all numbers before all text.
pub async fn numbers_come_before_text(documents: Arc<dyn Documents>) {
    let room = |key: &str, value| put(key, "", &[("room", value)]);
    let rising = [
        ("lowest", FieldValue::Integer(i64::MIN)),
        ("negative", FieldValue::Integer(-2)),
        ("nine", FieldValue::Integer(9)),
        ("ten", FieldValue::Integer(10)),
        ("highest", FieldValue::Integer(i64::MAX)),
        ("empty", text("")),
        ("ten_as_text", text("10")),
        ("nine_as_text", text("9")),
        ("upper", text("Z")),
        ("lower", text("a")),
        ("longer", text("aa")),
        ("umlaut", text("ä")),
        ("kanji", text("棚")),
    ];
    write(&documents, rising.iter().rev().map(|(key, value)| room(key, value.clone())).collect())
        .await;
    let expected: Vec<_> = rising.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys(&documents, Query::all("by_room", 100)).await, expected);
    for (key, value) in &rising {
        let exactly = Query { equals: vec![value.clone()], ..Query::all("by_room", 100) };
        assert_eq!(keys(&documents, exactly).await, [*key]);
    }
}

/// Keyset pagination: no repeats, and no omission of a document that nobody changed.
pub async fn pages_continue_after_a_position_while_documents_come_and_go(
    documents: Arc<dyn Documents>,
) {
    for direction in [Direction::Ascending, Direction::Descending] {
        let room = |number: i64| {
            put(&format!("{number:03}"), "", &[("room", FieldValue::Integer(number / 3))])
        };
        write(&documents, (0..60).filter(|number| number % 2 == 0).map(room).collect()).await;
        let mut seen = Vec::new();
        let mut query = Query { direction, ..Query::all("by_room", 7) };
        loop {
            let page = documents.query(&SHELVES, query.clone()).await.expect("the store answers");
            seen.extend(page.documents.into_iter().map(|stored| stored.key));
            let Some(after) = page.next else { break };
            // The last document of the page is deleted; others are written on both sides of the position.
            let removed = after.1.clone();
            query.after = Some(after);
            write(&documents, vec![delete(&removed), room(1), room(59)]).await;
        }
        let mut expected: Vec<_> =
            (0..60).filter(|number| number % 2 == 0).map(|number| format!("{number:03}")).collect();
        // The new document lies ahead of one scan direction and behind the other.
        match direction {
            Direction::Ascending => expected.push("059".to_owned()),
            Direction::Descending => {
                expected.insert(0, "001".to_owned());
                expected.swap(0, 1);
                expected.reverse();
            }
        }
        assert_eq!(seen, expected);
        write(&documents, (0..60).map(|number| delete(&format!("{number:03}"))).collect()).await;
    }
}

/// Forged cursor: positions come from clients, and a made-up one must not show values outside the query.
pub async fn a_forged_position_does_not_widen_a_query(documents: Arc<dyn Documents>) {
    let own = |key: &str, room: &str| {
        put(key, "", &[("room", text(room)), ("height", FieldValue::Integer(1))])
    };
    write(&documents, vec![own("a", "attic"), own("h", "hall"), own("z", "zoo")]).await;
    for direction in [Direction::Ascending, Direction::Descending] {
        for position in ["", "attic", "hall", "zoo", "zz"] {
            for values in
                [vec![text(position), FieldValue::Integer(0)], vec![text(position)], vec![]]
            {
                let after = Some(IndexPosition(values, String::new()));
                let found = keys(&documents, Query { direction, after, ..by_room("hall") }).await;
                assert!(found.iter().all(|key| key == "h"), "{found:?}");
            }
        }
    }
}

/// Model check: every kind of query over many documents gives what sorting and filtering gives.
pub async fn queries_agree_with_sorting_and_filtering(documents: Arc<dyn Documents>) {
    let rooms = [None, Some("attic"), Some("hall"), Some("hall "), Some("zoo")];
    let all: Vec<Document> = (0..150_usize)
        .map(|number| {
            let mut fields = Vec::new();
            if let Some(room) = rooms[number * 7 % rooms.len()] {
                fields.push(("room", text(room)));
            }
            if number % 11 != 0 {
                fields.push((
                    "height",
                    FieldValue::Integer(i64::try_from(number * 31 % 7).expect("it is small")),
                ));
            }
            Document { key: format!("{:03}", number * 77 % 150), body: Bytes::new(), fields }
        })
        .collect();
    let put_of =
        |document: &Document| Write::Put { collection: &SHELVES, document: document.clone() };
    write(&documents, all.iter().map(put_of).collect()).await;

    let heights = [
        None,
        Some(FieldValue::Integer(-1)),
        Some(FieldValue::Integer(2)),
        Some(FieldValue::Integer(5)),
    ];
    for direction in [Direction::Ascending, Direction::Descending] {
        for room in ["attic", "hall", "nowhere"] {
            for (from, until) in
                heights.iter().flat_map(|from| heights.iter().map(move |until| (from, until)))
            {
                let (from, until) = (from.clone(), until.clone());
                assert_agrees(&documents, &all, Query { from, until, direction, ..by_room(room) })
                    .await;
            }
        }
        for from in [None, Some(text("hall"))] {
            for until in [None, Some(text("hall")), Some(text("i"))] {
                let query = Query {
                    from: from.clone(),
                    until,
                    direction,
                    ..Query::all("by_room_and_height", 9)
                };
                assert_agrees(&documents, &all, query).await;
            }
        }
        assert_agrees(&documents, &all, Query { direction, ..Query::all("all", 50) }).await;
    }
}

/// Runs the query page by page and compares it with the sorted and filtered documents.
async fn assert_agrees(documents: &Arc<dyn Documents>, all: &[Document], mut query: Query) {
    let index = query.check(&SHELVES).expect("the index is declared");
    let mut positions: Vec<IndexPosition> =
        all.iter().filter_map(|document| document.position_in(index)).collect();
    positions.retain(|IndexPosition(values, _)| {
        let next = values.get(query.equals.len());
        values.starts_with(&query.equals)
            && query.from.as_ref().is_none_or(|from| next >= Some(from))
            && query.until.as_ref().is_none_or(|until| next < Some(until))
    });
    positions.sort();
    if query.direction == Direction::Descending {
        positions.reverse();
    }
    let original = query.clone();
    let mut seen = Vec::new();
    loop {
        let page = documents.query(&SHELVES, query.clone()).await.expect("the store answers");
        assert!(page.documents.len() <= query.limit);
        seen.extend(page.documents.into_iter().map(|stored| stored.key));
        let Some(after) = page.next else { break };
        query.after = Some(after);
    }
    assert_eq!(
        seen,
        positions.into_iter().map(|IndexPosition(_, key)| key).collect::<Vec<_>>(),
        "{original:?}"
    );
}
