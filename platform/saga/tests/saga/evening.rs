//! A small world: an evening with guests. The lamp is lit, the table is laid, the bell is rung.

use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::Journal;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Timestamp, Uuid, codes};
use parking_lot::Mutex;
use saga::{Progress, Saga, SagaInput, SagaState, Step, StepError, failure_matrix::Points};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evening {
    pub(crate) id: Uuid,
    pub(crate) guests: u32,
}

impl SagaInput for Evening {
    fn subject(&self) -> Uuid {
        self.id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

pub(crate) fn case() -> Evening {
    Evening { id: Uuid::from_u128(9), guests: 4 }
}

/// What a process draws its identifiers from: never the same again after a restart.
pub(crate) fn ids() -> Ids {
    static STARTS: AtomicU64 = AtomicU64::new(0);
    let seed = STARTS.fetch_add(1, Ordering::Relaxed);
    let clock = ManualClock::at("2026-01-01T18:00:00Z".parse::<Timestamp>().unwrap());
    Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)))
}

/// What is wrong with the saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    ActsAnewEachTime,
    UndoesOnlyWhatItRemembers,
    UndoesNothing,
}

/// Everything outside the process.
#[derive(Clone, Debug)]
pub(crate) struct Evenings {
    pub(crate) engine: MemoryEngine,
    pub(crate) house: Arc<Mutex<House>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct House {
    pub(crate) lamp: bool,
    pub(crate) plates: u32,
    pub(crate) glasses: u32,
    pub(crate) rings: u32,
    /// What the next acts of the table come to instead, last first.
    pub(crate) table: Vec<Result<Progress, StepError>>,
    pub(crate) panics: u32,
}

impl Evenings {
    pub(crate) fn new() -> Self {
        Self { engine: MemoryEngine::new(), house: Arc::default() }
    }

    pub(crate) fn journal(&self) -> Arc<dyn Journal> {
        self.engine.service("house").journal
    }

    pub(crate) fn saga(&self, flaw: Flaw, points: Option<Arc<Points>>) -> Saga<Evening> {
        let house = Arc::clone(&self.house);
        let lamp = Lamp { house: Arc::clone(&house), flaw, lit: AtomicBool::new(false) };
        let table = Table { house: Arc::clone(&house), flaw, points };
        Saga::new("evening", vec![Arc::new(lamp), Arc::new(table), Arc::new(Bell { house })])
    }

    pub(crate) fn judge(&self, end: SagaState) -> Result<(), String> {
        let house = self.house.lock();
        let wanted = match end {
            SagaState::Done => {
                House { lamp: true, plates: 4, glasses: 4, rings: 1, ..House::default() }
            }
            _ => House::default(),
        };
        if *house == wanted { Ok(()) } else { Err(format!("the house is {house:?}")) }
    }
}

struct Lamp {
    house: Arc<Mutex<House>>,
    flaw: Flaw,
    lit: AtomicBool,
}

#[async_trait]
impl Step<Evening> for Lamp {
    fn name(&self) -> &'static str {
        "lamp"
    }

    async fn execute(&self, _: &Evening) -> Result<Progress, StepError> {
        self.house.lock().lamp = true;
        self.lit.store(true, Ordering::Relaxed);
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Evening, _: &Problem) -> Result<(), StepError> {
        let remembers = self.lit.load(Ordering::Relaxed);
        if self.flaw != Flaw::UndoesOnlyWhatItRemembers || remembers {
            self.house.lock().lamp = false;
        }
        Ok(())
    }
}

struct Table {
    house: Arc<Mutex<House>>,
    flaw: Flaw,
    points: Option<Arc<Points>>,
}

#[async_trait]
impl Step<Evening> for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    async fn execute(&self, case: &Evening) -> Result<Progress, StepError> {
        let instead = self.house.lock().table.pop();
        if let Some(instead) = instead {
            return instead;
        }
        if self.house.lock().panics > 0 {
            self.house.lock().panics -= 1;
            panic!("a plate broke");
        }
        if self.flaw == Flaw::ActsAnewEachTime {
            self.house.lock().plates += case.guests;
        } else {
            self.house.lock().plates = case.guests;
        }
        if let Some(points) = &self.points {
            points.pass().await;
        }
        self.house.lock().glasses = case.guests;
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Evening, _: &Problem) -> Result<(), StepError> {
        if self.flaw == Flaw::UndoesNothing {
            return Ok(());
        }
        self.house.lock().glasses = 0;
        if let Some(points) = &self.points {
            points.pass().await;
        }
        self.house.lock().plates = 0;
        Ok(())
    }
}

/// Whoever heard it has heard it: after this there is no way back.
struct Bell {
    house: Arc<Mutex<House>>,
}

#[async_trait]
impl Step<Evening> for Bell {
    fn name(&self) -> &'static str {
        "bell"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, _: &Evening) -> Result<Progress, StepError> {
        self.house.lock().rings = 1;
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Evening, _: &Problem) -> Result<(), StepError> {
        Err(StepError::Unavailable("a bell cannot be unrung".to_owned()))
    }
}

pub(crate) fn no() -> StepError {
    StepError::refused(Problem::new(409, codes::VERSION_CONFLICT, "no table").retry_after(1))
}

pub(crate) fn silence() -> StepError {
    StepError::Unavailable("nobody answers".to_owned())
}

pub(crate) fn waiting() -> Progress {
    Progress::Waiting { reason: "guests".to_owned(), until: None }
}
