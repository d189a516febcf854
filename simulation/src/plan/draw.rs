//! Draws a plan from a seed.

use super::{
    Act, Article, Capture, Deed, Fault, Give, Plan, Shape, Step, Strike, Terms, Token, Visit,
    Weather, deeds::Checkout, faults::Ways,
};
use crate::dice::Dice;

/// How long people come, in simulated milliseconds.
const DAY_MS: (u64, u64) = (20_000, 260_000);

pub(super) fn plan(seed: u64, shape: Shape) -> Plan {
    let mut dice = Dice::of(seed, "plan");
    let day_ms = dice.between(DAY_MS.0, DAY_MS.1);
    let articles = articles(&mut dice);
    let terms = terms(&mut dice, seed);
    let mut acts = acts(&mut dice, day_ms, &articles, terms);
    let mut luck = Dice::of(seed, "faults");
    let weather = weather(&mut luck, shape);
    let mut strikes = strikes(&mut luck, day_ms, shape, &acts);
    if dice.chance(120) {
        strikes.push(overtaken(&mut dice, day_ms, &articles, terms, &mut acts));
    }
    let division = luck.index(3);
    Plan { seed, shape, division, terms, weather, articles, acts, strikes }
}

fn articles(dice: &mut Dice) -> Vec<Article> {
    let count = dice.between(2, 5);
    let article = |number| {
        let stock = if dice.chance(600) { dice.units(0, 6) } else { dice.units(10, 60) };
        Article { sku: format!("A-{number}"), cents: dice.units(99, 4_999), stock }
    };
    (0..count).map(article).collect()
}

fn terms(dice: &mut Dice, seed: u64) -> Terms {
    let at_fulfilment = Dice::of(seed, "capture").chance(300);
    Terms {
        hold_minutes: 1,
        payment_wait_minutes: dice.between(1, 3),
        slow_ms: dice.one_of(&[500, 3_000, 14_000, 20_000]),
        unknown_outcome_ms: dice.one_of(&[1_000, 8_000, 40_000, 59_500]),
        late_webhook_ms: dice.one_of(&[200, 3_000, 30_000, 59_990, 75_000]),
        kept_in_memory: dice.one_of(&[1, 3, 100]),
        capture: if at_fulfilment { Capture::AtFulfilment } else { Capture::AtConfirmation },
    }
}

fn weather(dice: &mut Dice, shape: Shape) -> Weather {
    let mut some = |permille: u32, most: u32| {
        if dice.chance(permille) {
            u32::try_from(dice.between(1, u64::from(most))).unwrap_or(1)
        } else {
            0
        }
    };
    let mut weather = Weather {
        late_flushes: some(500, 100),
        lost_requests: some(300, 60),
        lost_answers: some(400, 80),
        ..Weather::default()
    };
    if shape == Shape::Fleet {
        weather.lost_calls = some(400, 40);
        weather.lost_replies = some(400, 40);
        weather.doubled_calls = some(500, 150);
        weather.late_calls = some(500, 60);
    }
    weather.late_flush_ms = dice.between(20, 900);
    weather.late_call_ms = dice.between(50, 3_000);
    weather.skew_ms =
        if shape == Shape::Fleet && dice.chance(400) { dice.between(1, 2_000) } else { 0 };
    weather
}

fn acts(dice: &mut Dice, day_ms: u64, articles: &[Article], terms: Terms) -> Vec<Act> {
    let visits = usize::try_from(dice.between(2, 8)).unwrap_or(2);
    let mut acts = Vec::new();
    // A rush is several shoppers at the same moment, for the same thing.
    let rush = dice.chance(500).then(|| (dice.between(0, day_ms), dice.index(articles.len())));
    for id in 0..visits {
        let rushing = rush.filter(|_| dice.chance(700));
        let at_ms = match rushing {
            Some((at, _)) => at + dice.between(0, 3),
            None => dice.between(0, day_ms),
        };
        let wanted = rushing.map(|(_, article)| article);
        let deed = if dice.chance(850) {
            Deed::Visit(visit(dice, articles, wanted, terms))
        } else {
            let lines = lines(dice, articles, wanted);
            Deed::WholeOrder { lines, token: token(dice), twice: dice.chance(200) }
        };
        acts.push(Act { id, at_ms, deed });
    }
    if terms.payment_wait_minutes > terms.hold_minutes && dice.chance(200) {
        late_approval(dice, day_ms, articles, terms, &mut acts);
    }
    for _ in 0..dice.between(1, 7) {
        let deed = operators_deed(dice, articles, visits);
        let of = match &deed {
            Deed::Refund { of, .. } | Deed::Fulfil { of } | Deed::Cancel { of } => Some(*of),
            // While somebody has the old price before his eyes.
            Deed::Price { .. } => Some(dice.index(visits)),
            _ => None,
        };
        // After the order, as a rule, and now and then at the same time.
        let after = of.map(|of| {
            acts[of].at_ms + dice.one_of(&[10, 300, 2_000, 9_000, 61_000]) + dice.between(0, 500)
        });
        let at_ms = after.unwrap_or_else(|| dice.between(0, day_ms));
        let together = if dice.chance(250) { 2 } else { 1 };
        for _ in 0..together {
            acts.push(Act { id: acts.len(), at_ms, deed: deed.clone() });
        }
    }
    acts
}

/// Somebody approves a payment after the hold on the goods has run out, and somebody else wants the same goods.
fn late_approval(
    dice: &mut Dice,
    day_ms: u64,
    articles: &[Article],
    terms: Terms,
    acts: &mut Vec<Act>,
) {
    let article = dice.index(articles.len());
    let units = articles[article].stock.clamp(1, 6);
    let hold_ms = terms.hold_minutes * 60_000;
    let checkout = |token| {
        Step::Checkout(Checkout { token, express: false, expects_total: false, twice: false })
    };
    let pause = hold_ms + dice.between(0, 20_000);
    let first =
        vec![checkout(Token::RequiresAction), Step::Pause(pause), Step::Approve, Step::Look];
    let at_ms = dice.between(0, day_ms);
    let then_ms = at_ms + hold_ms - 500 + dice.between(0, 15_000);
    for (at_ms, steps) in [(at_ms, first), (then_ms, vec![checkout(Token::Success)])] {
        let visit = Visit { lines: vec![(article, units)], steps, patience: 8 };
        acts.push(Act { id: acts.len(), at_ms, deed: Deed::Visit(visit) });
    }
}

/// Somebody's bank is slow; meanwhile the hold runs out, and somebody else takes the goods.
fn overtaken(
    dice: &mut Dice,
    day_ms: u64,
    articles: &[Article],
    terms: Terms,
    acts: &mut Vec<Act>,
) -> Strike {
    let article = dice.index(articles.len());
    let units = articles[article].stock.clamp(1, 6);
    let at_ms = dice.between(0, day_ms);
    let between = terms.slow_ms.min(14_000) / 3;
    for (at_ms, token) in [(at_ms, Token::Slow), (at_ms + 2 * between, Token::Success)] {
        let checkout = Checkout { token, express: false, expects_total: false, twice: false };
        let steps = vec![Step::Checkout(checkout), Step::Look];
        let visit = Visit { lines: vec![(article, units)], steps, patience: 8 };
        acts.push(Act { id: acts.len(), at_ms, deed: Deed::Visit(visit) });
    }
    let millis = terms.hold_minutes * 60_000;
    Strike { at_ms: at_ms + between, fault: Fault::ClocksJump { millis } }
}

fn operators_deed(dice: &mut Dice, articles: &[Article], visits: usize) -> Deed {
    let (article, of) = (dice.index(articles.len()), dice.index(visits));
    match dice.index(12) {
        0 | 1 => Deed::Price { article, cents: dice.units(99, 4_999) },
        2 => Deed::Count { article, on_hand: dice.units(0, 12) },
        3 | 4 => Deed::Move {
            article,
            units: if dice.chance(700) { dice.units(1, 8) } else { -dice.units(1, 3) },
            twice: dice.chance(400),
        },
        5..=7 => {
            let give = match dice.index(3) {
                0 => Give::Rest,
                1 => Give::Cents(dice.units(1, 3_000)),
                _ => Give::Unit,
            };
            let restock = give == Give::Unit && dice.chance(600);
            Deed::Refund { of, give, restock, twice: dice.chance(300) }
        }
        8 => Deed::Fulfil { of },
        9 | 10 => Deed::Cancel { of },
        _ => Deed::Look { article },
    }
}

fn lines(dice: &mut Dice, articles: &[Article], wanted: Option<usize>) -> Vec<(usize, i64)> {
    let mut lines = Vec::new();
    let first = wanted.unwrap_or_else(|| dice.index(articles.len()));
    lines.push((first, dice.units(1, 3)));
    if dice.chance(500) {
        let other = dice.index(articles.len());
        if other != first {
            lines.push((other, dice.units(1, 2)));
        }
    }
    lines
}

fn token(dice: &mut Dice) -> Token {
    if dice.chance(450) { Token::Success } else { dice.one_of(&Token::ALL) }
}

fn visit(dice: &mut Dice, articles: &[Article], wanted: Option<usize>, terms: Terms) -> Visit {
    let mut steps = Vec::new();
    for _ in 0..dice.between(0, 3) {
        let article = dice.index(articles.len());
        steps.push(match dice.index(6) {
            0..=2 => Step::Add { article, units: dice.units(1, 2), keyed: dice.chance(800) },
            3 => Step::Change { article, units: dice.units(0, 4) },
            4 => Step::Remove { article },
            _ => Step::Pause(dice.between(1, 3_000)),
        });
    }
    if dice.chance(150) {
        // Long enough for a price to change and for a hold to run out.
        steps.push(Step::Pause(dice.between(1_000, 20_000)));
    }
    let token = token(dice);
    steps.push(Step::Checkout(Checkout {
        token,
        express: dice.chance(200),
        expects_total: dice.chance(600),
        twice: dice.chance(200),
    }));
    if token == Token::RequiresAction {
        let about = terms.hold_minutes * 60_000;
        let pause = if dice.chance(300) {
            dice.between(about - 1_500, about + 1_500)
        } else {
            dice.between(5, 20_000)
        };
        steps.push(Step::Pause(pause));
        match dice.index(5) {
            0 => steps.push(Step::Decline),
            1 => {}
            _ => steps.push(Step::Approve),
        }
    }
    afterwards(dice, articles, &mut steps);
    Visit {
        lines: lines(dice, articles, wanted),
        steps,
        patience: u32::try_from(dice.between(0, 12)).unwrap_or(0),
    }
}

fn afterwards(dice: &mut Dice, articles: &[Article], steps: &mut Vec<Step>) {
    if dice.chance(300) {
        steps.push(Step::Pause(dice.between(1, 5_000)));
    }
    if dice.chance(250) {
        steps.push(Step::SameAgain);
    }
    if dice.chance(120) {
        steps.push(Step::OtherWords);
    }
    if dice.chance(120) {
        steps.push(Step::SameKeyOtherCart { article: dice.index(articles.len()) });
    }
    if dice.chance(150) {
        steps.push(Step::Webhook { is_first_again: dice.chance(600), declined: dice.chance(200) });
    }
    if dice.chance(180) {
        steps.push(Step::Cancel);
    }
    if dice.chance(400) {
        steps.push(Step::Look);
    }
    if dice.chance(100) {
        // After a refusal a shopper tries another card.
        steps.push(Step::Checkout(Checkout {
            token: Token::Success,
            express: false,
            expects_total: false,
            twice: false,
        }));
    }
}

fn strikes(dice: &mut Dice, day_ms: u64, shape: Shape, acts: &[Act]) -> Vec<Strike> {
    let mut strikes = Vec::new();
    if dice.chance(150) {
        return strikes;
    }
    for _ in 0..dice.between(1, 5) {
        // Mostly when something happens: then there is something to break.
        let at_ms = if dice.chance(700) {
            acts[dice.index(acts.len())].at_ms
                + dice.one_of(&[0, 2, 5, 40, 900])
                + dice.between(0, 6)
        } else {
            dice.between(0, day_ms)
        };
        strikes.push(Strike { at_ms, fault: fault(dice, shape) });
    }
    strikes
}

fn fault(dice: &mut Dice, shape: Shape) -> Fault {
    let process = dice.index(60);
    let kept = dice.one_of(&[0, 1_000, 500, 250, 900]);
    let down_ms = dice.one_of(&[20, 400, 3_000, 15_000]);
    let for_ms = dice.one_of(&[100, 2_000, 12_000, 40_000]);
    match (dice.index(9), shape) {
        (0..=2, _) => Fault::Crash { process, kept, down_ms },
        (3 | 4, _) => {
            let flushes = dice.between(0, 12);
            Fault::FlushFails { process, flushes, kept: dice.between(0, 1_000), down_ms }
        }
        (5, _) => Fault::SlowDisk { process, flush_ms: dice.between(50, 2_500), for_ms },
        (6 | 7, Shape::Fleet) => {
            let ways = dice.one_of(&[Ways::Both, Ways::Back, Ways::There]);
            Fault::Cut { between: (process, dice.index(60)), ways, for_ms }
        }
        (_, Shape::Fleet) => {
            Fault::SlowProcess { process, delay_ms: dice.between(100, 12_000), for_ms }
        }
        (_, Shape::One) => Fault::Crash { process, kept, down_ms },
    }
}
