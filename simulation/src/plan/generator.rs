//! Generator of plans: everything is drawn from the seed.

use super::{
    definition::Plan,
    faults::{Cut, CutScope, Fault, FaultRates, PartitionDirection, ScheduledFault},
    operations::{
        Checkout, Operation, PaymentToken, RefundAmount, ScheduledOperation, SessionStep,
        ShopperSession,
    },
    shop::{CallMode, CaptureMode, Product, ShopSettings, Topology},
};
use crate::rng::SimRng;

/// Least and greatest duration of the workload, in simulated milliseconds.
const WORKLOAD_MS: (u64, u64) = (20_000, 260_000);

/// Plan of this seed in this topology.
pub(crate) fn generate(seed: u64, topology: Topology) -> Plan {
    let mut rng = SimRng::stream(seed, "plan");
    let workload_ms = rng.range(WORKLOAD_MS.0, WORKLOAD_MS.1);
    let products = products(&mut rng);
    let settings = settings(&mut rng, seed);
    let mut operations = operations(&mut rng, workload_ms, &products, settings);
    let mut fault_rng = SimRng::stream(seed, "faults");
    let fault_rates = fault_rates(&mut fault_rng, topology);
    let mut faults = scheduled_faults(&mut fault_rng, workload_ms, topology, &operations);
    if rng.chance(120) {
        faults.push(expired_hold(&mut rng, workload_ms, &products, settings, &mut operations));
    }
    let mut erasure_rng = SimRng::stream(seed, "erasures");
    if erasure_rng.chance(300) {
        faults.extend(erasure(&mut erasure_rng, &mut operations));
    }
    let placement = fault_rng.index(3);
    Plan { seed, topology, placement, settings, fault_rates, products, operations, faults }
}

fn products(rng: &mut SimRng) -> Vec<Product> {
    let count = rng.range(2, 5);
    let product = |number| {
        let stock = if rng.chance(600) { rng.signed_range(0, 6) } else { rng.signed_range(10, 60) };
        Product { sku: format!("A-{number}"), cents: rng.signed_range(99, 4_999), stock }
    };
    (0..count).map(product).collect()
}

fn settings(rng: &mut SimRng, seed: u64) -> ShopSettings {
    let at_fulfilment = SimRng::stream(seed, "capture").chance(300);
    let calls = match SimRng::stream(seed, "calls").index(10) {
        0 | 1 => CallMode::OverTheWire,
        2 => CallMode::Chaotic,
        _ => CallMode::Typed,
    };
    ShopSettings {
        hold_minutes: 1,
        payment_wait_minutes: rng.range(1, 3),
        slow_ms: rng.choose(&[500, 3_000, 14_000, 20_000]),
        unknown_outcome_ms: rng.choose(&[1_000, 8_000, 40_000, 59_500]),
        late_webhook_ms: rng.choose(&[200, 3_000, 30_000, 59_990, 75_000]),
        in_memory_max: rng.choose(&[1, 3, 100]),
        capture: if at_fulfilment {
            CaptureMode::AtFulfilment
        } else {
            CaptureMode::AtConfirmation
        },
        calls,
        test_payments: true,
        others: 0,
    }
}

fn fault_rates(rng: &mut SimRng, topology: Topology) -> FaultRates {
    let mut rate = |permille: u32, max: u32| {
        if rng.chance(permille) {
            u32::try_from(rng.range(1, u64::from(max))).unwrap_or(1)
        } else {
            0
        }
    };
    let mut fault_rates = FaultRates {
        slow_flush_permille: rate(500, 100),
        client_request_loss_permille: rate(300, 60),
        client_response_loss_permille: rate(400, 80),
        ..FaultRates::default()
    };
    if topology != Topology::SingleProcess {
        fault_rates.request_loss_permille = rate(400, 40);
        fault_rates.response_loss_permille = rate(400, 40);
        fault_rates.duplication_permille = rate(500, 150);
        fault_rates.delay_permille = rate(500, 60);
    }
    fault_rates.slow_flush_ms_max = rng.range(20, 900);
    fault_rates.delay_ms_max = rng.range(50, 3_000);
    fault_rates.clock_skew_ms_max = if topology != Topology::SingleProcess && rng.chance(400) {
        rng.range(1, 2_000)
    } else {
        0
    };
    fault_rates
}

fn operations(
    rng: &mut SimRng,
    workload_ms: u64,
    products: &[Product],
    settings: ShopSettings,
) -> Vec<ScheduledOperation> {
    let sessions = usize::try_from(rng.range(2, 8)).unwrap_or(2);
    let mut operations = Vec::new();
    // A rush: several shoppers at the same moment, for the same product.
    let rush = rng.chance(500).then(|| (rng.range(0, workload_ms), rng.index(products.len())));
    for id in 0..sessions {
        let joined = rush.filter(|_| rng.chance(700));
        let at_ms = match joined {
            Some((at, _)) => at + rng.range(0, 3),
            None => rng.range(0, workload_ms),
        };
        let preferred = joined.map(|(_, product)| product);
        let operation = if rng.chance(850) {
            Operation::ShopperSession(shopper_session(rng, products, preferred, settings))
        } else {
            let lines = lines(rng, products, preferred);
            Operation::OperatorOrder { lines, token: token(rng), duplicate: rng.chance(200) }
        };
        operations.push(ScheduledOperation { id, at_ms, operation });
    }
    if settings.payment_wait_minutes > settings.hold_minutes && rng.chance(200) {
        late_approval(rng, workload_ms, products, settings, &mut operations);
    }
    for _ in 0..rng.range(1, 7) {
        let operation = operator_operation(rng, products, sessions);
        let target = match &operation {
            Operation::Refund { order_of, .. }
            | Operation::Fulfil { order_of }
            | Operation::Cancel { order_of } => Some(*order_of),
            // While a shopper still sees the old price.
            Operation::SetPrice { .. } => Some(rng.index(sessions)),
            _ => None,
        };
        // After the order, as a rule, and now and then at the same time as the order.
        let after = target.map(|target: usize| {
            operations[target].at_ms
                + rng.choose(&[10, 300, 2_000, 9_000, 61_000])
                + rng.range(0, 500)
        });
        let at_ms = after.unwrap_or_else(|| rng.range(0, workload_ms));
        let copies = if rng.chance(250) { 2 } else { 1 };
        for _ in 0..copies {
            operations.push(ScheduledOperation {
                id: operations.len(),
                at_ms,
                operation: operation.clone(),
            });
        }
    }
    operations
}

/// Race between two shoppers: one approves a payment after the hold has expired, the other buys the same units.
fn late_approval(
    rng: &mut SimRng,
    workload_ms: u64,
    products: &[Product],
    settings: ShopSettings,
    operations: &mut Vec<ScheduledOperation>,
) {
    let product = rng.index(products.len());
    let units = products[product].stock.clamp(1, 6);
    let hold_ms = settings.hold_minutes * 60_000;
    let checkout = |token| {
        SessionStep::Checkout(Checkout {
            token,
            express: false,
            expects_total: false,
            duplicate: false,
        })
    };
    let pause = hold_ms + rng.range(0, 20_000);
    let first = vec![
        checkout(PaymentToken::RequiresAction),
        SessionStep::Pause(pause),
        SessionStep::Approve,
        SessionStep::ViewOrder,
    ];
    let at_ms = rng.range(0, workload_ms);
    let then_ms = at_ms + hold_ms - 500 + rng.range(0, 15_000);
    for (at_ms, steps) in [(at_ms, first), (then_ms, vec![checkout(PaymentToken::Success)])] {
        let session = ShopperSession { lines: vec![(product, units)], steps, retries_max: 8 };
        operations.push(ScheduledOperation {
            id: operations.len(),
            at_ms,
            operation: Operation::ShopperSession(session),
        });
    }
}

/// Race between two shoppers: the hold of one expires while the bank is slow, and the other buys the same units.
fn expired_hold(
    rng: &mut SimRng,
    workload_ms: u64,
    products: &[Product],
    settings: ShopSettings,
    operations: &mut Vec<ScheduledOperation>,
) -> ScheduledFault {
    let product = rng.index(products.len());
    let units = products[product].stock.clamp(1, 6);
    let at_ms = rng.range(0, workload_ms);
    let between = settings.slow_ms.min(14_000) / 3;
    for (at_ms, token) in
        [(at_ms, PaymentToken::Slow), (at_ms + 2 * between, PaymentToken::Success)]
    {
        let checkout = Checkout { token, express: false, expects_total: false, duplicate: false };
        let steps = vec![SessionStep::Checkout(checkout), SessionStep::ViewOrder];
        let session = ShopperSession { lines: vec![(product, units)], steps, retries_max: 8 };
        operations.push(ScheduledOperation {
            id: operations.len(),
            at_ms,
            operation: Operation::ShopperSession(session),
        });
    }
    let millis = settings.hold_minutes * 60_000;
    ScheduledFault { at_ms: at_ms + between, fault: Fault::ClockJump { millis } }
}

/// Erasure of the customer of an order, now and then with a crash in the middle of it.
fn erasure(rng: &mut SimRng, operations: &mut Vec<ScheduledOperation>) -> Option<ScheduledFault> {
    let order_of = rng.index(operations.len());
    let after = rng.choose(&[50, 2_000, 20_000, 90_000]) + rng.range(0, 500);
    let at_ms = operations[order_of].at_ms + after;
    if rng.chance(400) {
        // An order that has ended needs its customer no more.
        let operation = Operation::Cancel { order_of };
        let at_ms = at_ms.saturating_sub(1_000);
        operations.push(ScheduledOperation { id: operations.len(), at_ms, operation });
    }
    let operation = Operation::EraseCustomer { order_of };
    operations.push(ScheduledOperation { id: operations.len(), at_ms, operation });
    rng.chance(400).then(|| {
        let (process, survived_permille) = (rng.index(60), rng.choose(&[0, 500, 1_000]));
        let fault = Fault::Crash { process, survived_permille, downtime_ms: 400 };
        ScheduledFault { at_ms: at_ms + rng.range(0, 40), fault }
    })
}

fn operator_operation(rng: &mut SimRng, products: &[Product], sessions: usize) -> Operation {
    let (product, order_of) = (rng.index(products.len()), rng.index(sessions));
    match rng.index(12) {
        0 | 1 => Operation::SetPrice { product, cents: rng.signed_range(99, 4_999) },
        2 => Operation::CountStock { product, on_hand: rng.signed_range(0, 12) },
        3 | 4 => Operation::MoveStock {
            product,
            units: if rng.chance(700) { rng.signed_range(1, 8) } else { -rng.signed_range(1, 3) },
            duplicate: rng.chance(400),
        },
        5..=7 => {
            let amount = match rng.index(3) {
                0 => RefundAmount::Remainder,
                1 => RefundAmount::Fixed(rng.signed_range(1, 3_000)),
                _ => RefundAmount::Unit,
            };
            let restock = amount == RefundAmount::Unit && rng.chance(600);
            Operation::Refund { order_of, amount, restock, duplicate: rng.chance(300) }
        }
        8 => Operation::Fulfil { order_of },
        9 | 10 => Operation::Cancel { order_of },
        _ => Operation::Inspect { product },
    }
}

fn lines(rng: &mut SimRng, products: &[Product], preferred: Option<usize>) -> Vec<(usize, i64)> {
    let mut lines = Vec::new();
    let first = preferred.unwrap_or_else(|| rng.index(products.len()));
    lines.push((first, rng.signed_range(1, 3)));
    if rng.chance(500) {
        let other = rng.index(products.len());
        if other != first {
            lines.push((other, rng.signed_range(1, 2)));
        }
    }
    lines
}

fn token(rng: &mut SimRng) -> PaymentToken {
    if rng.chance(450) { PaymentToken::Success } else { rng.choose(&PaymentToken::ALL) }
}

fn shopper_session(
    rng: &mut SimRng,
    products: &[Product],
    preferred: Option<usize>,
    settings: ShopSettings,
) -> ShopperSession {
    let mut steps = Vec::new();
    for _ in 0..rng.range(0, 3) {
        let product = rng.index(products.len());
        steps.push(match rng.index(6) {
            0..=2 => SessionStep::Add {
                product,
                units: rng.signed_range(1, 2),
                has_key: rng.chance(800),
            },
            3 => SessionStep::Change { product, units: rng.signed_range(0, 4) },
            4 => SessionStep::Remove { product },
            _ => SessionStep::Pause(rng.range(1, 3_000)),
        });
    }
    if rng.chance(150) {
        // Long enough for a price to change and for a hold to expire.
        steps.push(SessionStep::Pause(rng.range(1_000, 20_000)));
    }
    let token = token(rng);
    steps.push(SessionStep::Checkout(Checkout {
        token,
        express: rng.chance(200),
        expects_total: rng.chance(600),
        duplicate: rng.chance(200),
    }));
    if token == PaymentToken::RequiresAction {
        let hold_ms = settings.hold_minutes * 60_000;
        let pause = if rng.chance(300) {
            rng.range(hold_ms - 1_500, hold_ms + 1_500)
        } else {
            rng.range(5, 20_000)
        };
        steps.push(SessionStep::Pause(pause));
        match rng.index(5) {
            0 => steps.push(SessionStep::Decline),
            1 => {}
            _ => steps.push(SessionStep::Approve),
        }
    }
    follow_up_steps(rng, products, &mut steps);
    ShopperSession {
        lines: lines(rng, products, preferred),
        steps,
        retries_max: u32::try_from(rng.range(0, 12)).unwrap_or(0),
    }
}

fn follow_up_steps(rng: &mut SimRng, products: &[Product], steps: &mut Vec<SessionStep>) {
    if rng.chance(300) {
        steps.push(SessionStep::Pause(rng.range(1, 5_000)));
    }
    if rng.chance(250) {
        steps.push(SessionStep::RepeatCheckout);
    }
    if rng.chance(120) {
        steps.push(SessionStep::ReuseKeyForOtherBody);
    }
    if rng.chance(120) {
        steps.push(SessionStep::ReuseKeyForOtherCart { product: rng.index(products.len()) });
    }
    if rng.chance(150) {
        steps.push(SessionStep::Webhook {
            is_redelivery: rng.chance(600),
            declined: rng.chance(200),
        });
    }
    if rng.chance(180) {
        steps.push(SessionStep::Cancel);
    }
    if rng.chance(400) {
        steps.push(SessionStep::ViewOrder);
    }
    if rng.chance(100) {
        // After a decline a shopper tries another card.
        steps.push(SessionStep::Checkout(Checkout {
            token: PaymentToken::Success,
            express: false,
            expects_total: false,
            duplicate: false,
        }));
    }
}

fn scheduled_faults(
    rng: &mut SimRng,
    workload_ms: u64,
    topology: Topology,
    operations: &[ScheduledOperation],
) -> Vec<ScheduledFault> {
    let mut faults = Vec::new();
    if rng.chance(150) {
        return faults;
    }
    for _ in 0..rng.range(1, 5) {
        // Mostly right after an operation begins: then there is something to break.
        let at_ms = if rng.chance(700) {
            operations[rng.index(operations.len())].at_ms
                + rng.choose(&[0, 2, 5, 40, 900])
                + rng.range(0, 6)
        } else {
            rng.range(0, workload_ms)
        };
        if topology == Topology::Instances {
            // An owner that is lost shortly before an operation is replaced in the middle of it.
            let at_ms = at_ms.saturating_sub(rng.choose(&[0, 0, 1_700, 2_500]));
            faults.extend(instance_faults(rng).map(|fault| ScheduledFault { at_ms, fault }));
        } else {
            faults.push(ScheduledFault { at_ms, fault: fault(rng, topology) });
        }
    }
    faults
}

/// Fault of processes that share databases, now and then with another one at the same moment.
fn instance_faults(rng: &mut SimRng) -> impl Iterator<Item = Fault> {
    let first = instance_fault(rng);
    let second = rng.chance(300).then(|| instance_fault(rng));
    [Some(first), second].into_iter().flatten()
}

fn instance_fault(rng: &mut SimRng) -> Fault {
    let process = rng.index(60);
    // Shorter than a lease, about as long, and longer.
    let duration_ms = rng.choose(&[200, 1_000, 1_600, 2_200, 4_000, 15_000]);
    match rng.index(12) {
        0..=2 => {
            let downtime_ms = rng.choose(&[20, 400, 3_000, 15_000]);
            Fault::Crash { process, survived_permille: 1_000, downtime_ms }
        }
        3..=6 => Fault::Pause { process, duration_ms },
        7..=9 => {
            let scope =
                rng.choose(&[CutScope::All, CutScope::Lease, CutScope::Lease, CutScope::Data]);
            let cut = Cut { scope, is_reset: rng.chance(400) };
            Fault::CutOff { process, cut, duration_ms }
        }
        10 => Fault::SlowDisk { process, flush_ms: rng.range(20, 1_500), duration_ms },
        _ => fault(rng, Topology::Fleet),
    }
}

fn fault(rng: &mut SimRng, topology: Topology) -> Fault {
    let process = rng.index(60);
    let survived_permille = rng.choose(&[0, 1_000, 500, 250, 900]);
    let downtime_ms = rng.choose(&[20, 400, 3_000, 15_000]);
    let duration_ms = rng.choose(&[100, 2_000, 12_000, 40_000]);
    match (rng.index(9), topology) {
        (0..=2, _) => Fault::Crash { process, survived_permille, downtime_ms },
        (3 | 4, _) => {
            let flushes = rng.range(0, 12);
            Fault::FlushFailure {
                process,
                flushes,
                survived_permille: rng.range(0, 1_000),
                downtime_ms,
            }
        }
        (5, _) => Fault::SlowDisk { process, flush_ms: rng.range(50, 2_500), duration_ms },
        (6 | 7, Topology::Fleet) => {
            let direction = rng.choose(&[
                PartitionDirection::Both,
                PartitionDirection::Backward,
                PartitionDirection::Forward,
            ]);
            Fault::Partition { between: (process, rng.index(60)), direction, duration_ms }
        }
        (_, Topology::Fleet) => {
            Fault::SlowProcess { process, delay_ms: rng.range(100, 12_000), duration_ms }
        }
        (_, Topology::SingleProcess | Topology::Instances) => {
            Fault::Crash { process, survived_permille, downtime_ms }
        }
    }
}
