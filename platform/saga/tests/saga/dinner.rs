//! Saga of a dinner with guests: the lamp is lit, the table is laid, the bell is rung.

use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::Journal;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, Timestamp, Uuid, codes};
use minicbor::{Decode, Encode};
use parking_lot::Mutex;
use saga::{Progress, Saga, SagaInput, SagaState, Step, StepError, failure_matrix::CrashPoints};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use transport::Context;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Dinner {
    #[cbor(n(0), with = "kernel::cbor")]
    pub(crate) id: Uuid,
    #[n(1)]
    pub(crate) guests: u32,
}

impl SagaInput for Dinner {
    fn subject(&self) -> Uuid {
        self.id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

pub(crate) fn input() -> Dinner {
    Dinner { id: Uuid::from_u128(9), guests: 4 }
}

/// Source of a process's identifiers: never the same again after a restart.
pub(crate) fn ids() -> Ids {
    static STARTS: AtomicU64 = AtomicU64::new(0);
    let seed = STARTS.fetch_add(1, Ordering::Relaxed);
    let clock = ManualClock::at("2026-01-01T18:00:00Z".parse::<Timestamp>().unwrap());
    Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)))
}

/// Planted defect of the saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    None,
    IsNotIdempotent,
    UndoesOnlyWhatItRemembers,
    UndoesNothing,
}

/// Everything outside the process that runs the saga.
#[derive(Clone, Debug)]
pub(crate) struct DinnerEnvironment {
    pub(crate) engine: MemoryEngine,
    pub(crate) house: Arc<Mutex<House>>,
    /// Contexts in which the table was laid.
    pub(crate) contexts: Arc<Mutex<Vec<Context>>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct House {
    pub(crate) lamp: bool,
    pub(crate) plates: u32,
    pub(crate) glasses: u32,
    pub(crate) rings: u32,
    /// Results of the next attempts to lay the table, last first.
    pub(crate) table: Vec<Result<Progress, StepError>>,
    pub(crate) panics: u32,
}

impl DinnerEnvironment {
    pub(crate) fn new() -> Self {
        Self { engine: MemoryEngine::new(), house: Arc::default(), contexts: Arc::default() }
    }

    pub(crate) fn journal(&self) -> Arc<dyn Journal> {
        self.engine.service("house").journal
    }

    pub(crate) fn saga(&self, defect: Defect, points: Option<Arc<CrashPoints>>) -> Saga<Dinner> {
        let house = Arc::clone(&self.house);
        let lamp = LightLamp { house: Arc::clone(&house), defect, lit: AtomicBool::new(false) };
        let contexts = Arc::clone(&self.contexts);
        let table = LayTable { house: Arc::clone(&house), contexts, defect, points };
        Saga::new("dinner", vec![Arc::new(lamp), Arc::new(table), Arc::new(RingBell { house })])
    }

    pub(crate) fn verify(&self, end: SagaState) -> Result<(), String> {
        let house = self.house.lock();
        let expected = match end {
            SagaState::Done => {
                House { lamp: true, plates: 4, glasses: 4, rings: 1, ..House::default() }
            }
            _ => House::default(),
        };
        if *house == expected { Ok(()) } else { Err(format!("the house is {house:?}")) }
    }
}

struct LightLamp {
    house: Arc<Mutex<House>>,
    defect: Defect,
    lit: AtomicBool,
}

#[async_trait]
impl Step<Dinner> for LightLamp {
    fn name(&self) -> &'static str {
        "lamp"
    }

    async fn execute(&self, _: &Dinner) -> Result<Progress, StepError> {
        self.house.lock().lamp = true;
        self.lit.store(true, Ordering::Relaxed);
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Dinner, _: &Problem) -> Result<(), StepError> {
        let remembers = self.lit.load(Ordering::Relaxed);
        if self.defect != Defect::UndoesOnlyWhatItRemembers || remembers {
            self.house.lock().lamp = false;
        }
        Ok(())
    }
}

struct LayTable {
    house: Arc<Mutex<House>>,
    contexts: Arc<Mutex<Vec<Context>>>,
    defect: Defect,
    points: Option<Arc<CrashPoints>>,
}

#[async_trait]
impl Step<Dinner> for LayTable {
    fn name(&self) -> &'static str {
        "table"
    }

    async fn execute(&self, input: &Dinner) -> Result<Progress, StepError> {
        self.contexts.lock().push(Context::current());
        let instead = self.house.lock().table.pop();
        if let Some(instead) = instead {
            return instead;
        }
        if self.house.lock().panics > 0 {
            self.house.lock().panics -= 1;
            panic!("a plate broke");
        }
        if self.defect == Defect::IsNotIdempotent {
            self.house.lock().plates += input.guests;
        } else {
            self.house.lock().plates = input.guests;
        }
        if let Some(points) = &self.points {
            points.pass().await;
        }
        self.house.lock().glasses = input.guests;
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Dinner, _: &Problem) -> Result<(), StepError> {
        if self.defect == Defect::UndoesNothing {
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

/// Step behind the pivot: a bell that was heard cannot be unheard.
struct RingBell {
    house: Arc<Mutex<House>>,
}

#[async_trait]
impl Step<Dinner> for RingBell {
    fn name(&self) -> &'static str {
        "bell"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, _: &Dinner) -> Result<Progress, StepError> {
        self.house.lock().rings = 1;
        Ok(Progress::Done)
    }

    async fn undo(&self, _: &Dinner, _: &Problem) -> Result<(), StepError> {
        Err(StepError::Unavailable("a bell cannot be unrung".to_owned()))
    }
}

pub(crate) fn refused() -> StepError {
    StepError::refused(Problem::new(409, codes::VERSION_CONFLICT, "no table").retry_after(1))
}

pub(crate) fn unavailable() -> StepError {
    StepError::Unavailable("no answer".to_owned())
}

pub(crate) fn waiting() -> Progress {
    Progress::Waiting { reason: "guests".to_owned(), until: None }
}
