use super::*;
use proptest::prelude::*;

const TTL: Duration = Duration::from_hours(1);

fn now(seconds: i64) -> DecisionContext {
    DecisionContext { at: Timestamp::from_second(1_800_000_000 + seconds).unwrap(), ttl: TTL }
}

fn order(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn add(text: &str, quantity: i64) -> Command {
    Command::AddLine { sku: sku(text), quantity, operation: None, price: None }
}

/// A cart after these commands, all of which must be accepted.
fn after(commands: &[Command]) -> Cart {
    let mut cart = None;
    let create = Command::Create { currency: Currency::EUR, lines: vec![], owner: None };
    for command in std::iter::once(&create).chain(commands) {
        for event in Cart::decide(cart.as_ref(), command, now(0)).unwrap() {
            cart = Some(Cart::apply(cart, &event));
        }
    }
    cart.unwrap()
}

fn decide(cart: &Cart, command: &Command) -> Result<Vec<CartEvent>, Rejection> {
    Cart::decide(Some(cart), command, now(1))
}

#[test]
fn the_same_sku_twice_is_one_line() {
    let cart = after(&[add("A", 1), add("B", 2), add("A", 3)]);
    let lines: Vec<_> = cart.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("A", 4), ("B", 2)]);
}

#[test]
fn initial_lines_are_merged_and_validated_as_if_added_one_by_one() {
    let line = |text: &str, quantity| Line { sku: sku(text), quantity, price: None };
    let create = |lines| {
        Cart::decide(None, &Command::Create { currency: Currency::EUR, lines, owner: None }, now(0))
    };
    let created = CartEvent::Created {
        currency: Currency::EUR,
        lines: vec![line("A", 3)],
        at: now(0).at,
        owner: None,
    };
    assert_eq!(create(vec![line("A", 1), line("A", 2)]), Ok(vec![created]));
    let wrong =
        Rejection::Quantity { field: "lines[1].quantity".to_owned(), min: 1, max: LINE_UNITS_MAX };
    assert_eq!(create(vec![line("A", 1), line("B", 0)]), Err(wrong));
    let many = create(vec![line("A", LINE_UNITS_MAX), line("A", 1)]);
    assert!(matches!(many, Err(Rejection::TooManyUnits { .. })));
    let lines = (0..=LINES_MAX).map(|index| line(&index.to_string(), 1)).collect();
    assert_eq!(create(lines), Err(Rejection::TooManyLines { max: LINES_MAX }));
}

#[test]
fn quantities_have_limits() {
    let cart = after(&[add("A", LINE_UNITS_MAX - 1)]);
    for quantity in [0, -1, i64::MIN, LINE_UNITS_MAX + 1, i64::MAX] {
        assert!(
            matches!(decide(&cart, &add("A", quantity)), Err(Rejection::Quantity { .. })),
            "{quantity}"
        );
    }
    assert!(decide(&cart, &add("A", 1)).is_ok());
    assert!(matches!(decide(&cart, &add("A", 2)), Err(Rejection::TooManyUnits { .. })));
}

#[test]
fn a_repeated_operation_changes_nothing() {
    let operation = Some(Uuid::from_u128(7));
    let command = Command::AddLine { sku: sku("A"), quantity: 1, operation, price: None };
    let cart = after(&[command.clone(), command]);
    assert_eq!(cart.lines, [Line { sku: sku("A"), quantity: 1, price: None }]);
}

#[test]
fn setting_a_quantity_to_zero_removes_the_line_and_an_absent_line_is_not_found() {
    let cart =
        after(&[add("A", 2), Command::ChangeLine { sku: sku("A"), quantity: 0, price: None }]);
    assert!(cart.lines.is_empty());
    for command in [
        Command::RemoveLine { sku: sku("A") },
        Command::ChangeLine { sku: sku("A"), quantity: 0, price: None },
        Command::ChangeLine { sku: sku("A"), quantity: 1, price: None },
    ] {
        assert_eq!(decide(&cart, &command), Err(Rejection::NotInCart { sku: sku("A") }));
    }
}

#[test]
fn a_line_is_found_by_every_spelling_of_its_sku_and_keeps_its_own() {
    let cart = after(&[add("Mug-A", 1), add("MUG-A", 1), add("mug-a", 1)]);
    assert_eq!(cart.lines.len(), 1);
    assert_eq!((cart.lines[0].sku.as_str(), cart.lines[0].quantity), ("Mug-A", 3));
    let change = Command::ChangeLine { sku: sku("MUG-a"), quantity: 2, price: None };
    let at = now(1).at;
    let changed = CartEvent::LineChanged { sku: sku("Mug-A"), quantity: 2, at, price: None };
    assert_eq!(decide(&cart, &change), Ok(vec![changed]));
    let events = decide(&cart, &Command::RemoveLine { sku: sku("mUg-A") }).unwrap();
    assert!(matches!(&events[..], [CartEvent::LineRemoved { sku, .. }] if sku.as_str() == "Mug-A"));
    assert!(Cart::apply(Some(cart), &events[0]).lines.is_empty());
}

#[test]
fn a_cart_expires_at_its_expiry_time_and_a_change_revives_it() {
    let cart = after(&[add("A", 1)]);
    assert!(!cart.is_expired(now(3_599)));
    assert!(cart.is_expired(now(3_600)));
    let begin = Command::BeginCheckout { order_id: order(1) };
    assert_eq!(Cart::decide(Some(&cart), &begin, now(3_600)), Err(Rejection::Expired));
    let events = Cart::decide(Some(&cart), &add("A", 1), now(3_600)).unwrap();
    let cart = events.iter().fold(cart, |cart, event| Cart::apply(Some(cart), event));
    assert!(!cart.is_expired(now(3_601)));
}

#[test]
fn a_cart_is_reopened_only_by_the_order_that_froze_it() {
    let begin = Command::BeginCheckout { order_id: order(1) };
    let cart = after(&[add("A", 1), begin.clone()]);
    let by_another = after(&[add("A", 1), begin, Command::AbandonCheckout { order_id: order(2) }]);
    assert_eq!(by_another.state, cart.state);
    let abandoned = decide(&cart, &Command::AbandonCheckout { order_id: order(1) }).unwrap();
    assert_eq!(abandoned.len(), 1);
    let open = Cart::apply(Some(cart), &abandoned[0]);
    assert_eq!(open.state, CartState::Open);
    assert_eq!(decide(&open, &Command::AbandonCheckout { order_id: order(1) }), Ok(vec![]));
}

#[test]
fn an_abandoned_checkout_cannot_begin_however_late_its_request_arrives() {
    let begin = |number| Command::BeginCheckout { order_id: order(number) };
    let abandon = |number| Command::AbandonCheckout { order_id: order(number) };
    // The abandon overtakes the begin, on an open cart and on one that another order has frozen.
    for cart in [
        after(&[add("A", 1), abandon(1)]),
        after(&[add("A", 1), begin(1), abandon(1)]),
        after(&[add("A", 1), begin(2), abandon(1), abandon(2)]),
    ] {
        assert_eq!(cart.state, CartState::Open);
        assert_eq!(decide(&cart, &begin(1)), Err(Rejection::CheckoutAbandoned));
        assert_eq!(decide(&cart, &abandon(1)), Ok(vec![]), "abandoning is idempotent");
        assert!(decide(&cart, &begin(3)).is_ok(), "another order may check it out");
    }
}

#[test]
fn a_cart_remembers_a_bounded_number_of_abandoned_checkouts() {
    let abandon = |number| Command::AbandonCheckout { order_id: order(number) };
    let many: Vec<_> = (1..=200).map(abandon).collect();
    let cart = after(&[vec![add("A", 1)], many].concat());
    assert_eq!(cart.abandoned_orders.len(), ABANDONED_ORDERS_MAX);
    let begin = Command::BeginCheckout { order_id: order(200) };
    assert_eq!(decide(&cart, &begin), Err(Rejection::CheckoutAbandoned));
}

#[test]
fn a_cart_that_was_changed_too_often_refuses_changes_but_no_outcome() {
    let mut cart = after(&[add("A", 1)]);
    cart.version = CHANGES_MAX;
    let full = Err(Rejection::TooManyChanges { max: CHANGES_MAX });
    let begin = Command::BeginCheckout { order_id: order(1) };
    for command in [
        add("B", 1),
        Command::ChangeLine { sku: sku("A"), quantity: 2, price: None },
        Command::RemoveLine { sku: sku("A") },
        begin.clone(),
    ] {
        assert_eq!(decide(&cart, &command), full, "{command:?}");
    }
    let mut frozen = after(&[add("A", 1), begin]);
    frozen.version = CHANGES_MAX;
    for command in
        [Command::AbandonCheckout { order_id: order(1) }, Command::Order { order_id: order(1) }]
    {
        assert_eq!(decide(&frozen, &command).map(|events| events.len()), Ok(1), "{command:?}");
    }
}

proptest! {
    #[test]
    fn the_order_of_additions_does_not_matter(mut units in prop::collection::vec((0_u8..5, 1_i64..100), 0..20), seed in 0_usize..20) {
        let sums = |units: &[(u8, i64)]| {
            let commands: Vec<_> = units.iter().map(|(sku, quantity)| add(&sku.to_string(), *quantity)).collect();
            let mut lines: Vec<_> = after(&commands).lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
            lines.sort();
            lines
        };
        let before = sums(&units);
        let middle = seed.min(units.len());
        units.rotate_left(middle);
        prop_assert_eq!(before, sums(&units));
    }
}

proptest! {
    #[test]
    fn a_merge_leads_to_the_lines_of_its_strategy_whatever_both_carts_have(
        own in proptest::collection::btree_map("[A-F]", 1_i64..4, 0..6),
        guest in proptest::collection::btree_map("[a-h]", 1_i64..4, 0..6),
        strategy in 0_usize..4,
        is_of_another_currency: bool,
    ) {
        use MergeStrategy::{Sum, UseExisting, UseGuest, UseGuestIfEmpty};
        let strategy = [Sum, UseGuest, UseExisting, UseGuestIfEmpty][strategy];
        let currency = if is_of_another_currency { Currency::USD } else { Currency::EUR };
        let lines = |lines: &BTreeMap<String, i64>, price: &str, currency| -> Vec<Line> {
            let price = Some(UnitPrice::parse_major(price, currency).unwrap());
            let line = |(text, quantity): (&String, &i64)| {
                Line { sku: sku(text), quantity: *quantity, price }
            };
            lines.iter().map(line).collect()
        };
        let owner = AccountId(Uuid::from_u128(5));
        let (own, lines) = (lines(&own, "1.00", Currency::EUR), lines(&guest, "2.00", currency));
        let merge = |at: u128| {
            let (from, lines) = (CartId(Uuid::from_u128(at)), lines.clone());
            Command::Merge { from, lines, currency, owner, strategy }
        };
        let created = CartEvent::Created {
            currency: Currency::EUR,
            lines: own.clone(),
            at: now(0).at,
            owner: Some(owner),
        };
        let cart = Cart::apply(None, &created);
        let events = decide(&cart, &merge(1)).unwrap();
        let merged = events.iter().fold(cart, |cart, event| Cart::apply(Some(cart), event));
        let by_sku = |lines: &[Line]| -> BTreeMap<Sku, (i64, Option<UnitPrice>)> {
            lines.iter().map(|line| (line.sku.clone(), (line.quantity, line.price))).collect()
        };
        let unpriced = |line: &Line| Line { price: None, ..line.clone() };
        let guest: Vec<Line> = if is_of_another_currency {
            lines.iter().map(unpriced).collect()
        } else {
            lines.clone()
        };
        prop_assert_eq!(by_sku(&merged.lines), by_sku(&strategy.merged(Some(&own), &guest)));
        prop_assert_eq!(merged.lines.len(), by_sku(&merged.lines).len());
        prop_assert_eq!(decide(&merged, &merge(1)).unwrap(), vec![]);
        let CartEvent::MergedFrom { changed, removed, .. } = &events[0] else { panic!("{events:?}") };
        prop_assert!(changed.len() <= lines.len() && removed.len() <= own.len());
    }
}
