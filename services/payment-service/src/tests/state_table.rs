//! State table: every cell of the published table of payment states.

use super::*;

fn payment_in(state: &str) -> PaymentFixture {
    let mut fixture = PaymentFixture::created();
    match state {
        "created" => {}
        "requires_action" => drop(fixture.apply_outcome(&AuthorisationOutcome::ActionRequired)),
        "unknown" => drop(fixture.apply_outcome(&AuthorisationOutcome::Unknown)),
        "authorised" => fixture = PaymentFixture::authorised(),
        "partially_captured" => fixture = PaymentFixture::captured(4_000),
        "captured" => fixture = PaymentFixture::captured(10_000),
        "refunded" => {
            fixture = PaymentFixture::captured(10_000);
            fixture.refund(refund(1, None)).unwrap();
        }
        "voided" => drop(fixture.void()),
        "failed" => drop(fixture.apply_outcome(&declined())),
        _ => panic!("{state}"),
    }
    assert_eq!(fixture.payment().state().name(), state);
    fixture
}

type Transition = fn(&mut PaymentFixture) -> Result<usize, Rejection>;
type Action = fn(&mut PaymentFixture);

/// Transitions that a column stands for, such as a full and a partial capture.
fn transitions(column: &str) -> Vec<Transition> {
    match column {
        "authorise_ok" => vec![|fixture| fixture.apply_outcome(&AuthorisationOutcome::Authorised)],
        "action_needed" => {
            vec![|fixture| fixture.apply_outcome(&AuthorisationOutcome::ActionRequired)]
        }
        "declined" => vec![|fixture| fixture.apply_outcome(&declined())],
        "timeout" => vec![|fixture| fixture.apply_outcome(&AuthorisationOutcome::Unknown)],
        "capture" => {
            vec![|fixture| fixture.capture("new", None), |fixture| fixture.capture("new", 1_000)]
        }
        "void" => vec![PaymentFixture::void],
        "refund" => {
            vec![|fixture| fixture.refund(refund(7, None)), |fixture| {
                fixture.refund(refund(7, 1_000))
            }]
        }
        _ => panic!("{column}"),
    }
}

fn rejection_name(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::NotAuthorised => "not_authorised",
        Rejection::NotCaptured => "not_captured",
        Rejection::OutcomeUnknown => "outcome_unknown",
        Rejection::ExceedsAuthorised { .. } => "exceeds_authorised",
        Rejection::ExceedsRefundable { .. } => "exceeds_refundable",
        Rejection::Already(state) => state.name(),
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
            for transition in transitions(column) {
                let mut fixture = payment_in(state);
                let before = fixture.payment().clone();
                let answer = transition(&mut fixture);
                if cell["noop"] == true {
                    assert_eq!(answer, Ok(0), "{state} {column}");
                } else if let Some(word) = cell["refuse"].as_str() {
                    assert_eq!(rejection_name(&answer.unwrap_err()), word, "{state} {column}");
                    assert_eq!(fixture.payment(), &before);
                } else {
                    answer.unwrap_or_else(|error| panic!("{state} {column}: {error}"));
                    reached.push(fixture.payment().state().name());
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
fn a_late_authorisation_is_voided_once_and_the_events_say_why() {
    for (state, before) in [("voided", "voided"), ("failed", "declined")] {
        let mut fixture = payment_in(state);
        assert_eq!(fixture.apply_outcome(&AuthorisationOutcome::Authorised), Ok(2));
        assert_eq!(fixture.apply_outcome(&AuthorisationOutcome::Authorised), Ok(0));
        assert_eq!(fixture.payment().state(), PaymentState::Voided);
        assert_eq!(fixture.payment().funds.authorised, 0);
        assert_eq!(fixture.names()[1..], [before, "authorised_too_late", "voided"]);
    }
    let mut fixture = payment_in("unknown");
    fixture.cancel().unwrap();
    assert_eq!(fixture.cancel(), Ok(0));
    assert_eq!(fixture.payment().state(), PaymentState::Unknown);
    fixture.apply_outcome(&AuthorisationOutcome::Authorised).unwrap();
    assert_eq!(fixture.payment().state(), PaymentState::Voided);
}

#[test]
fn a_late_success_voids_the_payment_of_a_cancelled_order() {
    let all = vectors();
    let vector = all["vectors"].as_array().unwrap().iter().find(|it| it["id"] == "FIX-20").unwrap();
    let mut fixture = payment_in("unknown");
    fixture.cancel().unwrap();
    assert_eq!(vector["input"]["event"], "authorise_ok");
    fixture.apply_outcome(&AuthorisationOutcome::Authorised).unwrap();
    assert_eq!(fixture.payment().state().name(), vector["expect"]["payment"]);
}

#[test]
fn a_repeated_authorisation_after_a_void_changes_nothing() {
    let mut fixture = PaymentFixture::authorised();
    fixture.void().unwrap();
    assert_eq!(fixture.apply_outcome(&AuthorisationOutcome::Authorised), Ok(0));
}

#[test]
fn cancelling_ends_every_payment_and_keeps_no_money() {
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
        let mut fixture = payment_in(state);
        fixture.cancel().unwrap();
        let payment = fixture.payment();
        assert_eq!(
            (payment.captured(), payment.funds.authorised),
            (payment.refunded(), payment.captured()),
            "{state}"
        );
        assert!(
            matches!(
                payment.state(),
                PaymentState::Voided | PaymentState::Refunded | PaymentState::Failed
            ),
            "{state}"
        );
        assert_eq!(fixture.cancel(), Ok(0), "{state}");
    }
}

#[test]
fn a_payment_cancelled_before_its_creation_is_never_created() {
    let barred = Payment::after(None, &Payment::bar(order_id()));
    let late = Payment::create(barred.as_ref(), order_id(), intent(100));
    assert_eq!(late, Err(Rejection::Already(PaymentState::Voided)));
    let barred = barred.unwrap();
    assert_eq!(barred.cancel(refund(1, None), &INLINE), Ok(Vec::new()));
    assert_eq!(barred.apply_outcome(&AuthorisationOutcome::Authorised, &INLINE), Ok(Vec::new()));
}

#[test]
fn a_message_counts_once_in_whatever_order_it_arrives() {
    let steps: [(&str, Action); 4] = [
        ("message 1", |fixture| message(fixture, "m1", &AuthorisationOutcome::Authorised)),
        ("message 1 again", |fixture| message(fixture, "m1", &AuthorisationOutcome::Authorised)),
        ("answer", |fixture| drop(fixture.apply_outcome(&AuthorisationOutcome::Authorised))),
        ("answer again", |fixture| drop(fixture.apply_outcome(&AuthorisationOutcome::Authorised))),
    ];
    for (cancelled, expected) in [(false, PaymentState::Authorised), (true, PaymentState::Voided)] {
        for order in permutations(4) {
            let mut fixture = payment_in("unknown");
            if cancelled {
                fixture.cancel().unwrap();
            }
            for step in &order {
                steps[*step].1(&mut fixture);
            }
            let names: Vec<&str> = order.iter().map(|step| steps[*step].0).collect();
            assert_eq!(fixture.payment().state(), expected, "{names:?}");
            let counted = |name| fixture.names().iter().filter(|it| **it == name).count();
            let authorisations = counted("authorised") + counted("authorised_too_late");
            assert_eq!((authorisations, counted("message_taken")), (1, 1), "{names:?}");
        }
    }
}

#[test]
fn a_message_that_contradicts_an_earlier_outcome_is_refused() {
    let payment = PaymentFixture::authorised().payment().clone();
    let answer = payment.receive_message("m", &declined(), &INLINE);
    assert_eq!(answer, Err(Rejection::Already(PaymentState::Authorised)));
}

fn message(fixture: &mut PaymentFixture, id: &str, outcome: &AuthorisationOutcome) {
    let events = fixture.payment().receive_message(id, outcome, &INLINE);
    fixture.record(events).unwrap();
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
