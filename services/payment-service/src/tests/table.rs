//! Every cell of the published table of states.

use super::*;

fn payment_in(state: &str) -> Books {
    let mut books = Books::created();
    match state {
        "created" => {}
        "requires_action" => drop(books.learn(&Outcome::ActionRequired)),
        "unknown" => drop(books.learn(&Outcome::Unknown)),
        "authorised" => books = Books::authorised(),
        "partially_captured" => books = Books::captured(4_000),
        "captured" => books = Books::captured(10_000),
        "refunded" => {
            books = Books::captured(10_000);
            books.refund(refund(1, None)).unwrap();
        }
        "voided" => drop(books.void()),
        "failed" => drop(books.learn(&declined())),
        _ => panic!("{state}"),
    }
    assert_eq!(books.payment().state.word(), state);
    books
}

type Way = fn(&mut Books) -> Result<usize, Rejection>;
type Step = fn(&mut Books);

/// The ways to do what the column says; a column may stand for a whole and a part.
fn ways(column: &str) -> Vec<Way> {
    match column {
        "authorise_ok" => vec![|books| books.learn(&Outcome::Authorised)],
        "action_needed" => vec![|books| books.learn(&Outcome::ActionRequired)],
        "declined" => vec![|books| books.learn(&declined())],
        "timeout" => vec![|books| books.learn(&Outcome::Unknown)],
        "capture" => vec![|books| books.capture("new", None), |books| books.capture("new", 1_000)],
        "void" => vec![Books::void],
        "refund" => {
            vec![|books| books.refund(refund(7, None)), |books| books.refund(refund(7, 1_000))]
        }
        _ => panic!("{column}"),
    }
}

fn refused_by(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::NotAuthorised => "not_authorised",
        Rejection::NotCaptured => "not_captured",
        Rejection::OutcomeUnknown => "outcome_unknown",
        Rejection::ExceedsAuthorised { .. } => "exceeds_authorised",
        Rejection::ExceedsRefundable { .. } => "exceeds_refundable",
        Rejection::Already(state) => state.word(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_cell_of_the_table() {
    let all = vectors();
    let table = all["state_machines"]["payment"].as_object().unwrap();
    let mut cells = 0;
    for (state, row) in table {
        for (column, cell) in row.as_object().unwrap() {
            let mut reached = Vec::new();
            for way in ways(column) {
                let mut books = payment_in(state);
                let before = books.payment().clone();
                let answer = way(&mut books);
                if cell["noop"] == true {
                    assert_eq!(answer, Ok(0), "{state} {column}");
                } else if let Some(word) = cell["refuse"].as_str() {
                    assert_eq!(refused_by(&answer.unwrap_err()), word, "{state} {column}");
                    assert_eq!(books.payment(), &before);
                } else {
                    answer.unwrap_or_else(|error| panic!("{state} {column}: {error}"));
                    reached.push(books.payment().state.word());
                }
            }
            if let Some(next) = cell["next"].as_array() {
                for state_after in &reached {
                    assert!(
                        next.iter().any(|it| it == state_after),
                        "{state} {column}: {state_after}"
                    );
                }
                let missing = next.iter().find(|it| !reached.iter().any(|state| *it == state));
                assert_eq!(missing, None, "{state} {column} never gets there");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 63);
}

#[test]
fn money_that_arrives_after_the_end_is_set_free_once_and_the_events_say_why() {
    for (state, before) in [("voided", "voided"), ("failed", "declined")] {
        let mut books = payment_in(state);
        assert_eq!(books.learn(&Outcome::Authorised), Ok(2));
        assert_eq!(books.learn(&Outcome::Authorised), Ok(0));
        assert_eq!(books.payment().state, State::Voided);
        assert_eq!(books.payment().authorised, 0);
        assert_eq!(books.names()[1..], [before, "authorised_too_late", "voided"]);
    }
    let mut books = payment_in("unknown");
    books.cancel().unwrap();
    assert_eq!(books.cancel(), Ok(0));
    assert_eq!(books.payment().state, State::Unknown);
    books.learn(&Outcome::Authorised).unwrap();
    assert_eq!(books.payment().state, State::Voided);
}

#[test]
fn a_late_success_voids_the_payment_of_a_cancelled_order() {
    let all = vectors();
    let vector = all["vectors"].as_array().unwrap().iter().find(|it| it["id"] == "FIX-20").unwrap();
    let mut books = payment_in("unknown");
    books.cancel().unwrap();
    assert_eq!(vector["input"]["event"], "authorise_ok");
    books.learn(&Outcome::Authorised).unwrap();
    assert_eq!(books.payment().state.word(), vector["expect"]["payment"]);
}

#[test]
fn a_word_about_money_that_was_set_free_in_time_changes_nothing() {
    let mut books = Books::authorised();
    books.void().unwrap();
    assert_eq!(books.learn(&Outcome::Authorised), Ok(0));
}

#[test]
fn cancelling_ends_every_payment_and_leaves_nothing_taken() {
    for state in [
        "created",
        "requires_action",
        "authorised",
        "partially_captured",
        "captured",
        "refunded",
        "voided",
        "failed",
    ] {
        let mut books = payment_in(state);
        books.cancel().unwrap();
        let payment = books.payment();
        assert_eq!(
            (payment.captured(), payment.authorised),
            (payment.refunded(), payment.captured()),
            "{state}"
        );
        assert!(
            matches!(payment.state, State::Voided | State::Refunded | State::Failed),
            "{state}"
        );
        assert_eq!(books.cancel(), Ok(0), "{state}");
    }
}

#[test]
fn a_payment_cancelled_before_it_came_never_comes() {
    let barred = Payment::after(None, &Payment::bar(order_id()));
    let late = Payment::begin(barred.as_ref(), order_id(), intent(100));
    assert_eq!(late, Err(Rejection::Already(State::Voided)));
    let barred = barred.unwrap();
    assert_eq!(barred.cancel(refund(1, None), &AT_ONCE), Ok(Vec::new()));
    assert_eq!(barred.learn(&Outcome::Authorised, &AT_ONCE), Ok(Vec::new()));
}

#[test]
fn a_message_counts_once_in_every_order_with_the_answer_to_a_question() {
    let steps: [(&str, Step); 4] = [
        ("message 1", |books| message(books, "m1", &Outcome::Authorised)),
        ("message 1 again", |books| message(books, "m1", &Outcome::Authorised)),
        ("answer", |books| drop(books.learn(&Outcome::Authorised))),
        ("answer again", |books| drop(books.learn(&Outcome::Authorised))),
    ];
    for (cancelled, expected) in [(false, State::Authorised), (true, State::Voided)] {
        for order in permutations(4) {
            let mut books = payment_in("unknown");
            if cancelled {
                books.cancel().unwrap();
            }
            for step in &order {
                steps[*step].1(&mut books);
            }
            let names: Vec<&str> = order.iter().map(|step| steps[*step].0).collect();
            assert_eq!(books.payment().state, expected, "{names:?}");
            let counted = |name| books.names().iter().filter(|it| **it == name).count();
            let set_aside = counted("authorised") + counted("authorised_too_late");
            assert_eq!((set_aside, counted("message_taken")), (1, 1), "{names:?}");
        }
    }
}

#[test]
fn a_message_that_contradicts_an_earlier_word_is_refused() {
    let payment = Books::authorised().payment().clone();
    let answer = payment.take_message("m", &declined(), &AT_ONCE);
    assert_eq!(answer, Err(Rejection::Already(State::Authorised)));
}

fn message(books: &mut Books, id: &str, outcome: &Outcome) {
    let events = books.payment().take_message(id, outcome, &AT_ONCE);
    books.take_down(events).unwrap();
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for place in 0..count {
            let mut longer = shorter.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}
