//! Every state of a hold and every command, and what operators do.

use super::*;

const BEFORE: u64 = 10;
const AFTER: u64 = 901;

/// A hold of one unit of `a` (ten on hand) in the state of this name.
fn hold_in(state: &str) -> Books {
    let mut books = Books::with(&[("a", 10)]);
    let lines = [line("a", 1)];
    if state == "barred" {
        books.release(1);
    } else if state != "unknown" {
        books.take(&new_hold(1, &lines), 0).unwrap();
    }
    match state {
        "unknown" | "barred" | "held" | "over" => {}
        "expired" => {
            let over = books.ledger.expire(at(AFTER), 10);
            books.take_down(over);
        }
        "released" => {
            books.release(1);
        }
        "committed" | "restocked" | "returned" => {
            books.commit(1, 1).unwrap();
        }
        _ => panic!("{state}"),
    }
    if state == "restocked" {
        books.restock(1, "r1", &lines).unwrap();
    }
    if state == "returned" {
        books.release(1);
    }
    books
}

/// What came of a command: how many events, or the beginning of the refusal.
fn answer(result: Result<usize, Rejection>) -> String {
    match result {
        Ok(events) => events.to_string(),
        Err(rejection) => {
            let text = format!("{rejection:?}");
            text.split([' ', '(']).next().unwrap_or_default().to_owned()
        }
    }
}

#[test]
fn every_state_answers_every_command() {
    let rows = [
        // state, now, then what comes of: take, commit, release (number of events), restock
        ("unknown", BEFORE, "1", "UnknownHold", 1, "UnknownHold"),
        ("barred", BEFORE, "HoldEnded", "HoldEnded", 0, "NotSold"),
        ("held", BEFORE, "0", "1", 1, "NotSold"),
        ("over", AFTER, "2", "1", 1, "NotSold"),
        ("expired", AFTER, "1", "1", 1, "NotSold"),
        ("released", BEFORE, "HoldEnded", "HoldEnded", 0, "NotSold"),
        ("committed", BEFORE, "0", "0", 1, "1"),
        ("restocked", BEFORE, "0", "0", 1, "0"),
        ("returned", BEFORE, "HoldEnded", "0", 0, "0"),
    ];
    let lines = [line("a", 1)];
    for (state, now, take, commit, release, restock) in rows {
        let mut hold = new_hold(1, &lines);
        hold.expires_at = at(now + 900);
        assert_eq!(answer(hold_in(state).take(&hold, now)), take, "take {state}");
        assert_eq!(answer(hold_in(state).commit(1, now)), commit, "commit {state}");
        assert_eq!(hold_in(state).release(1), release, "release {state}");
        assert_eq!(answer(hold_in(state).restock(1, "r1", &lines)), restock, "restock {state}");
    }
}

#[test]
fn every_command_may_come_twice() {
    for state in
        ["unknown", "barred", "held", "over", "expired", "released", "committed", "returned"]
    {
        let lines = [line("a", 1)];
        let mut hold = new_hold(1, &lines);
        hold.expires_at = at(2_000);
        let mut books = hold_in(state);
        if books.take(&hold, AFTER).is_ok() {
            assert_eq!(books.take(&hold, AFTER), Ok(0), "{state}");
        }
        let mut books = hold_in(state);
        if books.commit(1, AFTER).is_ok() {
            assert_eq!(books.commit(1, AFTER), Ok(0), "{state}");
        }
        let mut books = hold_in(state);
        books.release(1);
        assert_eq!(books.release(1), 0, "{state}");
        let mut books = hold_in(state);
        if books.restock(1, "r1", &lines).is_ok() {
            assert_eq!(books.restock(1, "r1", &lines), Ok(0), "{state}");
        }
    }
}

#[test]
fn the_same_id_with_other_lines_is_another_hold() {
    let mut books = hold_in("held");
    for other in [vec![line("a", 2)], vec![line("b", 1)], vec![line("a", 1), line("b", 1)]] {
        assert_eq!(books.take(&new_hold(1, &other), 1), Err(Rejection::OtherHold));
    }
    let stranger = NewHold { order_id: order_id(2), ..new_hold(1, &[line("A", 1)]) };
    assert_eq!(books.take(&stranger, 1), Err(Rejection::OtherHold));
    assert_eq!(books.take(&new_hold(1, &[line("A", 1)]), 1), Ok(0), "case does not matter");
}

#[test]
fn all_lines_are_held_or_none() {
    let mut books = Books::with(&[("a", 5), ("b", 1)]);
    let lines = [line("a", 2), line("b", 2), line("nobody-counted-this", 1)];
    let refused = Rejection::OutOfStock { sku: sku("b"), available: 1 };
    assert_eq!(books.take(&new_hold(1, &lines), 0), Err(refused));
    assert_eq!((books.figures("a"), books.figures("b")), ((5, 0, 5), (1, 0, 1)));
    let refused = Rejection::OutOfStock { sku: sku("nobody-counted-this"), available: 0 };
    assert_eq!(books.take(&new_hold(1, &lines[2..]), 0), Err(refused));
}

#[test]
fn a_hold_of_a_thousand_lines_is_one_event() {
    let names: Vec<String> = (0..HOLD_LINES_MAX).map(|number| format!("sku-{number}")).collect();
    let stock: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 100)).collect();
    let mut books = Books::with(&stock);
    let lines: Vec<Line> = names.iter().map(|name| line(name, 2)).collect();
    assert_eq!(books.take(&new_hold(1, &lines), 0), Ok(1));
    assert_eq!(books.commit(1, 1), Ok(1));
    assert!(names.iter().all(|name| books.figures(name) == (98, 0, 98)));
}

#[test]
fn what_came_back_once_does_not_come_back_again() {
    let mut books = Books::with(&[("a", 10), ("b", 10)]);
    books.take(&new_hold(1, &[line("a", 3), line("b", 2)]), 0).unwrap();
    books.commit(1, 1).unwrap();
    books.restock(1, "r1", &[line("a", 2)]).unwrap();
    assert_eq!(books.restock(1, "r1", &[line("a", 1)]), Err(Rejection::OtherRestock));
    let refused = Rejection::NotSold { sku: sku("a"), returnable: 1 };
    assert_eq!(books.restock(1, "r2", &[line("a", 2)]), Err(refused));
    assert_eq!(books.release(1), 1);
    assert_eq!((books.figures("a"), books.figures("b")), ((10, 0, 10), (10, 0, 10)));
    assert_eq!(books.status(1), Some(Status::Returned));
}

#[test]
fn a_hold_takes_from_one_location_if_it_can_and_from_as_few_as_possible_otherwise() {
    let mut books = Books::default();
    books.count("a", "east", 2);
    books.count("a", "main", 4);
    books.count("a", "west", 3);
    books.take(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    books.take(&new_hold(2, &[line("a", 5)]), 0).unwrap();
    let parts = |number| {
        let units = &books.ledger.hold(hold_id(number)).unwrap().units;
        units
            .iter()
            .map(|it| format!("{}:{}", it.location.as_str(), it.quantity))
            .collect::<Vec<_>>()
    };
    assert_eq!(parts(1), ["main:3"]);
    assert_eq!(parts(2), ["west:3", "east:2"]);
    assert_eq!(books.figures("a"), (9, 8, 1));
}

#[test]
fn a_count_below_what_is_held_is_a_shortage_until_the_goods_are_missing_at_the_commit() {
    let mut books = Books::with(&[("a", 6)]);
    books.take(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    books.take(&new_hold(2, &[line("a", 3)]), 0).unwrap();
    books.count("a", DEFAULT_LOCATION, 4);
    assert_eq!(books.stock("a").shortage(), 2);
    assert_eq!((books.status(1), books.status(2)), (Some(Status::Held), Some(Status::Held)));
    assert_eq!(books.commit(2, 1), Ok(1));
    assert_eq!(books.commit(1, 1), Err(Rejection::GoodsGone { sku: sku("a") }));
    books.count("a", "west", 3);
    assert_eq!(books.commit(1, 1), Ok(1), "the goods were found elsewhere");
    assert_eq!(books.figures("a"), (1, 0, 1));
}

#[test]
fn operators_cannot_book_what_cannot_be() {
    let books = Books::with(&[("a", 6)]);
    let main = Location::default;
    let refused = Rejection::NotOnHand { on_hand: 6 };
    assert_eq!(books.ledger.adjust(sku("a"), main(), -7, None), Err(refused));
    for quantity in [UNITS_MAX, i64::MAX] {
        let refused = Err(Rejection::TooMany);
        assert_eq!(books.ledger.receive(sku("a"), main(), quantity, None), refused);
    }
    assert_eq!(books.ledger.count(sku("a"), main(), 6, None), Ok(None), "nothing changed");
    assert!(books.ledger.count(sku("new"), main(), 0, None).unwrap().is_some());
}

#[test]
fn locations_are_limited() {
    let mut books = Books::default();
    for number in 0..LOCATIONS_MAX {
        books.count("a", &format!("place-{number}"), 1);
    }
    let refused = Rejection::TooManyLocations { sku: sku("a") };
    assert_eq!(books.ledger.receive(sku("a"), Location::default(), 1, None), Err(refused));
}

#[test]
fn shoppers_are_told_when_few_are_left_and_when_there_is_something_again() {
    let told = |books: &Books| -> Vec<i64> {
        let available = books.events.iter().filter_map(|event| match event {
            Event::AvailabilityChanged { available, .. } => Some(*available),
            _ => None,
        });
        available.collect()
    };
    let mut books = Books::with(&[("a", 9)]);
    books.take(&new_hold(1, &[line("a", 2)]), 0).unwrap();
    assert_eq!(told(&books), [9], "a new SKU, then nothing: many are left");
    books.take(&new_hold(2, &[line("a", 3)]), 0).unwrap();
    books.commit(2, 1).unwrap();
    books.take(&new_hold(3, &[line("a", 4)]), 0).unwrap();
    books.release(3);
    books.release(1);
    assert_eq!(told(&books), [9, 4, 0, 4, 6]);
}

#[test]
fn ended_holds_are_forgotten_and_recognised_again_when_they_are_read() {
    let mut books = Books::with(&[("a", 1_000_000)]);
    let lines = [line("a", 1)];
    books.take(&new_hold(1, &lines), 0).unwrap();
    books.release(1);
    let stream: Vec<Event> =
        books.events.iter().filter(|it| it.hold() == Some(hold_id(1))).cloned().collect();
    for number in 2..=10_001 {
        books.take(&new_hold(number, &lines), 0).unwrap();
        books.commit(number, 1).unwrap();
    }
    assert_eq!(books.status(1), None);
    let hold = stream.iter().fold(None, Hold::evolve).unwrap();
    books.ledger.remember(hold);
    assert_eq!(books.take(&new_hold(1, &lines), 2), Err(Rejection::HoldEnded(Status::Released)));
}

#[test]
fn units_that_came_back_with_all_others_need_not_come_back_once_more() {
    let mut books = Books::with(&[("a", 10)]);
    books.take(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    books.commit(1, 1).unwrap();
    books.release(1);
    // A refund of two units had begun before the order was cancelled, and gets through only now.
    assert_eq!(answer(books.restock(1, "r1", &[line("a", 2)])), "0");
    assert_eq!(answer(books.restock(1, "r2", &[line("a", 4)])), "NotSold", "more was never sold");
    assert_eq!(
        books.ledger.stock_at(&sku("a"), at(2)).map(|(_, stock)| stock.available()),
        Some(10)
    );
}
