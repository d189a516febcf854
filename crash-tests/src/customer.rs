//! One of many who buy, give back, cancel and bring goods at the same time, and who remember every answer.
//!
//! A customer asks for one thing at a time, so what must be in the shop is known exactly, except for at most one
//! thing that nobody answered: that one is there as a whole or not at all, and when it is asked for again under its
//! key it comes about once.

mod learning;
mod looking;
mod resting;
mod wishing;

use crate::{
    client::{Answer, Doors, Request},
    violation::{Checked, Violation, ensure},
    wish::{Lines, Wish},
};
use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::HashSet,
    fmt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

pub(crate) use looking::{eventually, order_of, read};
pub(crate) use resting::{Retired, is_balanced, units_gone};

/// How long somebody waits who was asked to come again.
const LATER: Duration = Duration::from_millis(10);

/// What is counted over all customers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Requests that were answered with yes or no.
    pub acknowledged: u64,
    /// Of these, how often the shop said no for a reason of the business.
    pub refused: u64,
    /// Answers that asked to come again.
    pub later: u64,
    /// Of these, because the disk is full.
    pub storage_full: u64,
    /// Requests nobody answered.
    pub unanswered: u64,
    /// Acknowledged answers that were asked for once more and came back byte for byte.
    pub repeated: u64,
    /// Acknowledged answers that the shop could not remember for want of a disk, and gave anew.
    pub anew: u64,
    /// Facts that were read back and were as acknowledged.
    pub found: u64,
    /// Unanswered requests that were found to be there as a whole.
    pub whole: u64,
    /// Unanswered requests that were found not to be there at all.
    pub absent: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.later += other.later;
        self.storage_full += other.storage_full;
        self.unanswered += other.unanswered;
        self.repeated += other.repeated;
        self.anew += other.anew;
        self.found += other.found;
        self.whole += other.whole;
        self.absent += other.absent;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, refused, later, storage_full, unanswered, .. } = self;
        let Self { repeated, anew, found, whole, absent, .. } = self;
        writeln!(formatter, "answers acknowledged   {acknowledged}, {refused} of them a no")?;
        writeln!(formatter, "asked to come again    {later}, {storage_full} of them: disk full")?;
        writeln!(formatter, "unanswered             {unanswered}")?;
        writeln!(formatter, "repeated, byte for byte {repeated}; answered anew {anew}")?;
        writeln!(formatter, "facts read back        {found}")?;
        writeln!(formatter, "unanswered, then found {whole} whole, {absent} absent, 0 in part")
    }
}

/// What a customer has to put up with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Circumstance {
    /// Nothing.
    #[default]
    Ordinary,
    /// The disk may be gone before the process is: then any failure may be told. And as with a full disk, an answer
    /// about something that is safe may be given that could not be remembered.
    DyingDisk,
    /// The disk may be full when an answer is to be remembered by its key: then a repeated request is answered anew,
    /// and still comes about once.
    FullDisk,
}

impl Circumstance {
    /// Whether an answer only means that the customer has to come again, though nobody would have to otherwise.
    fn excuses(self, answer: &Answer) -> bool {
        match self {
            Self::Ordinary => false,
            // The checkout was refused, and to open the cart again takes a disk.
            _ if answer.code() == "checking_out" => answer.asks_again(),
            Self::DyingDisk => answer.status >= 500,
            Self::FullDisk => false,
        }
    }
}

/// A customer, and an operator at times.
#[derive(Debug)]
pub(crate) struct Customer {
    name: String,
    random: StdRng,
    asked: u64,
    cart: Option<Cart>,
    orders: Vec<Order>,
    receipts: Vec<Receipt>,
    doubt: Option<Asked>,
    /// The last answer that asked to come again.
    put_off: Option<Answer>,
    /// What was acknowledged since the last look.
    fresh: Vec<Acknowledged>,
    /// E-mail addresses of checkouts that were turned down.
    refused: HashSet<String>,
    retired: Vec<Retired>,
    tally: Tally,
    circumstance: Circumstance,
}

/// A cart as it must be.
#[derive(Clone, Debug)]
struct Cart {
    id: String,
    lines: Lines,
}

/// An order as it must be.
#[derive(Clone, Debug)]
struct Order {
    id: String,
    number: String,
    email: String,
    lines: Lines,
    total: i64,
    /// What pays for it.
    token: &'static str,
    /// The payment somebody has to approve or decline.
    action: Option<String>,
    /// What the customer did then.
    acted: Option<&'static str>,
    was_confirmed: bool,
    cancelled: bool,
    /// Its cancellation was taken in on a full disk, and comes about when there is room.
    is_to_be_cancelled: bool,
    /// The reasons of its refunds, each unique.
    refunds: Vec<String>,
}

/// Goods that came in.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) reason: String,
}

#[derive(Clone, Debug)]
struct Asked {
    wish: Wish,
    request: Request,
}

/// An answer that has to stay.
#[derive(Clone, Debug)]
struct Acknowledged {
    request: Request,
    status: u16,
    bytes: Bytes,
}

/// The goods of the shop: article numbers of those there is plenty of, and of those there is little of.
#[derive(Clone, Debug)]
pub(crate) struct Goods {
    pub(crate) plenty: Vec<String>,
    pub(crate) scarce: Vec<String>,
}

impl Customer {
    pub(crate) fn new(run: &str, number: u64, seed: u64, circumstance: Circumstance) -> Self {
        let stream = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number);
        Self {
            name: format!("{run}-{number}"),
            random: StdRng::seed_from_u64(stream),
            asked: 0,
            cart: None,
            orders: Vec::new(),
            receipts: Vec::new(),
            doubt: None,
            put_off: None,
            fresh: Vec::new(),
            refused: HashSet::new(),
            retired: Vec::new(),
            tally: Tally::default(),
            circumstance,
        }
    }

    /// Asks for one thing after the other until nobody answers, or until it is over.
    pub(crate) async fn live(
        &mut self,
        doors: &Doors,
        goods: &Goods,
        over: &AtomicBool,
    ) -> Checked {
        while !over.load(Relaxed) {
            let asked = match self.doubt.take() {
                Some(asked) => asked,
                None => self.wish(goods),
            };
            if !self.ask(doors, asked).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Asks again for what nobody answered, until somebody does.
    pub(crate) async fn settle(&mut self, doors: &Doors) -> Checked {
        for _ in 0..3_000 {
            let Some(asked) = self.doubt.take() else { return Ok(()) };
            self.ask(doors, asked).await?;
        }
        let Self { doubt, put_off, .. } = self;
        Err(Violation::new(format!(
            "nobody ever answers {doubt:?}; the last answer was {put_off:?}"
        )))
    }

    /// Sends a request and takes in the answer. `false` when nobody answered.
    async fn ask(&mut self, doors: &Doors, asked: Asked) -> Checked<bool> {
        let Some(answer) = doors.send(&asked.request).await else {
            self.tally.unanswered += 1;
            self.doubt = Some(asked);
            return Ok(false);
        };
        if answer.means_later() || self.circumstance.excuses(&answer) {
            self.tally.later += 1;
            self.tally.storage_full += u64::from(answer.code() == "storage_full");
            self.doubt = Some(asked);
            self.put_off = Some(answer);
            tokio::time::sleep(LATER).await;
            return Ok(true);
        }
        self.tally.acknowledged += 1;
        let learned = if answer.is_good() {
            self.learn(&asked.wish, &answer)
        } else {
            self.accept_no(&asked.wish, &answer)
        };
        learned.map_err(|violation| violation.seen(format_args!("{asked:?}")))?;
        let Answer { status, bytes, .. } = answer;
        self.fresh.push(Acknowledged { request: asked.request, status, bytes });
        Ok(true)
    }

    fn accept_no(&mut self, wish: &Wish, answer: &Answer) -> Checked {
        let known = (400..500).contains(&answer.status) && wish.refusals().contains(&answer.code());
        ensure(known, || format!("unexpected answer {} {}", answer.status, answer.json))?;
        self.tally.refused += 1;
        if let Wish::Checkout { email, .. } | Wish::OrderAtOnce { email, .. } = wish {
            self.refused.insert(email.clone());
        }
        if answer.code() == "out_of_stock" {
            self.cart = None;
        }
        Ok(())
    }

    fn wish(&mut self, goods: &Goods) -> Asked {
        let wish = self.next_wish(goods);
        let key = self.fresh_word("key");
        Asked { request: wish.request(key), wish }
    }

    /// A word nobody used before.
    fn fresh_word(&mut self, word: &str) -> String {
        self.asked += 1;
        format!("{word}-{}-{}", self.name, self.asked)
    }

    fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.random.random_range(0..things.len())]
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(crate) fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }
}
