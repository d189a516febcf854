//! What is going to happen: who does what when, and what breaks. Made from a seed, before anything runs, so that it
//! can be read, and made smaller.

mod deeds;
mod draw;
mod faults;

pub(crate) use deeds::{Act, Checkout, Deed, Give, Step, Token, Visit};
pub(crate) use faults::{Fault, Strike, Ways};

/// How the shop is divided into processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// One process with one log.
    One,
    /// Several processes with a log each, and a network between them.
    Fleet,
}

impl Shape {
    /// As it is written on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Fleet => "fleet",
        }
    }
}

/// An article of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) sku: String,
    pub(crate) cents: i64,
    pub(crate) stock: i64,
}

/// How patient the shop is, as settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) hold_minutes: u64,
    pub(crate) payment_wait_minutes: u64,
    pub(crate) slow_ms: u64,
    pub(crate) unknown_outcome_ms: u64,
    pub(crate) late_webhook_ms: u64,
    /// How many orders, carts and payments stay in memory.
    pub(crate) kept_in_memory: u64,
    pub(crate) capture: Capture,
}

/// When the money of an order is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Capture {
    #[default]
    AtConfirmation,
    AtFulfilment,
}

impl Capture {
    /// As the setting has it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::AtConfirmation => "at_confirmation",
            Self::AtFulfilment => "at_fulfilment",
        }
    }
}

/// What goes wrong all the time, a little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Flushes that are late, in a thousand.
    pub(crate) late_flushes: u32,
    /// How late, at most.
    pub(crate) late_flush_ms: u64,
    /// Requests of clients that never arrive, in a thousand.
    pub(crate) lost_requests: u32,
    /// Answers that never reach the client, in a thousand.
    pub(crate) lost_answers: u32,
    /// Between processes: messages that are lost either way, delivered twice, or late, in a thousand.
    pub(crate) lost_calls: u32,
    pub(crate) lost_replies: u32,
    pub(crate) doubled_calls: u32,
    pub(crate) late_calls: u32,
    pub(crate) late_call_ms: u64,
    /// How far the clocks of two processes may be apart.
    pub(crate) skew_ms: u64,
}

/// Everything that is going to happen.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    /// Which division into processes, where there are several.
    pub(crate) division: usize,
    pub(crate) terms: Terms,
    pub(crate) weather: Weather,
    pub(crate) articles: Vec<Article>,
    pub(crate) acts: Vec<Act>,
    pub(crate) strikes: Vec<Strike>,
}

impl Plan {
    /// The plan of this seed.
    pub(crate) fn of(seed: u64, shape: Shape) -> Self {
        draw::plan(seed, shape)
    }

    /// The same shop on a calm day: nothing breaks, and nobody is in anybody's way.
    pub(crate) fn calm(mut self) -> Self {
        self.weather = Weather::default();
        self.strikes.clear();
        self.acts.retain(|act| act.deed.is_independent());
        for article in &mut self.articles {
            article.stock = 10_000;
        }
        // Where two things happen at nearly the same time, the shapes may well differ in which was first.
        self.terms.unknown_outcome_ms = 1_000;
        self.terms.late_webhook_ms = 3_000;
        self.terms.slow_ms = 500;
        for (index, act) in self.acts.iter_mut().enumerate() {
            act.at_ms = 20_000 * index as u64;
            act.deed.calm_down();
        }
        self
    }
}
