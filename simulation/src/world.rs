//! The simulated world: processes with disks under them, wires between them, clients around them, and the books of
//! whoever watches.

mod assembling;
mod clock;
mod delivering;
mod disk;
mod process;
mod striking;
mod wire;

pub(crate) use assembling::WEBHOOK_SECRET;
pub(crate) use clock::SimulatedClock;
pub(crate) use process::Process;

use crate::{
    books::Books,
    coverage::Coverage,
    dice::Dice,
    plan::{Plan, Shape},
    story::Story,
    told::Told,
};
use parking_lot::Mutex;
use std::{fmt, sync::Arc};
use tokio::{task::AbortHandle, time::Instant};
use wire::Wires;

/// Runs something of the world itself, beside what runs in its processes.
#[expect(
    clippy::disallowed_methods,
    reason = "the world outlives its processes, and ends with its runtime"
)]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task).abort_handle()
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Which promise, in a few stable words.
    pub(crate) invariant: &'static str,
    /// What was seen instead.
    pub(crate) what: String,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) processes: Vec<Arc<Process>>,
    pub(crate) wires: Wires,
    pub(crate) books: Mutex<Books>,
    pub(crate) told: Mutex<Told>,
    pub(crate) coverage: Mutex<Coverage>,
    story: Mutex<Story>,
    violations: Mutex<Vec<Violation>>,
    settings: Arc<settings::Settings>,
    began: Instant,
    /// The luck of messages between clients and the shop.
    luck: Mutex<Dice>,
}

/// Each process's services, by division.
const DIVISIONS: [&[&[&str]]; 3] = [
    &[
        &["api-gateway"],
        &["shopping-cart-service"],
        &["product-service"],
        &["inventory-service"],
        &["order-service"],
        &["payment-service"],
        &["audit-service"],
    ],
    &[
        &["api-gateway", "order-service"],
        &["shopping-cart-service", "product-service", "inventory-service"],
        &["payment-service", "audit-service"],
    ],
    &[
        &["api-gateway", "shopping-cart-service", "product-service"],
        &["order-service", "payment-service"],
        &["inventory-service", "audit-service"],
    ],
];

const TOGETHER: &[&[&str]] = &[&[
    "audit-service",
    "inventory-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
    "api-gateway",
]];

impl World {
    /// A world for this plan, in which nothing runs yet.
    pub(crate) fn new(plan: Plan) -> Result<Arc<Self>, String> {
        let rooms = match plan.shape {
            Shape::One => TOGETHER,
            Shape::Fleet => DIVISIONS[plan.division % DIVISIONS.len()],
        };
        let settings = Arc::new(assembling::settings(&plan.terms)?);
        let began = Instant::now();
        let mut skews = Dice::of(plan.seed, "clocks");
        let processes = rooms.iter().enumerate().map(|(index, services)| {
            let skew = skews.between(0, plan.weather.skew_ms);
            let clock = SimulatedClock::new(began, skew);
            Arc::new(Process::new(index, services, clock, plan.seed))
        });
        Ok(Arc::new(Self {
            processes: processes.collect(),
            wires: Wires::new(&plan),
            books: Mutex::new(Books::of(plan.terms.capture)),
            told: Mutex::default(),
            coverage: Mutex::default(),
            story: Mutex::default(),
            violations: Mutex::default(),
            settings,
            began,
            luck: Mutex::new(Dice::of(plan.seed, "clients")),
            plan,
        }))
    }

    /// Starts all processes and waits until they run.
    pub(crate) async fn open(self: &Arc<Self>) -> Result<(), String> {
        for process in &self.processes {
            process.start(self).await?;
        }
        Ok(())
    }

    /// Lets everything go. Processes hold wires to each other, and would hold each other for ever.
    pub(crate) fn end(&self) {
        for process in &self.processes {
            let running = process.state.lock().running.take();
            drop(running);
        }
    }

    /// The process that runs a service.
    pub(crate) fn home_of(&self, service: &str) -> Option<&Arc<Process>> {
        self.processes.iter().find(|process| process.runs(service))
    }

    /// Simulated milliseconds since the beginning.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes down what happens.
    pub(crate) fn tell(&self, what: fmt::Arguments<'_>) {
        self.story.lock().tell(self.now_ms(), what);
    }

    /// Takes something into the fingerprint alone.
    pub(crate) fn note(&self, what: &[u8]) {
        self.story.lock().note(what);
    }

    /// Counts something.
    pub(crate) fn saw(&self, what: &'static str) {
        self.coverage.lock().saw(what);
    }

    /// A promise was not kept.
    pub(crate) fn violated(&self, invariant: &'static str, what: String) {
        self.tell(format_args!("!! {invariant}: {what}"));
        self.violations.lock().push(Violation { invariant, what });
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.lock().clone()
    }

    pub(crate) fn story(&self) -> Vec<String> {
        self.story.lock().lines()
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        self.story.lock().fingerprint()
    }

    /// Draws from the luck of clients.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.luck.lock())
    }
}

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("World").field("seed", &self.plan.seed).finish_non_exhaustive()
    }
}
