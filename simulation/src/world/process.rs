//! A simulated process: services on one engine, the requests and tasks that run in it, and its end at any moment.

use super::{SimulatedClock, World, assembling, disk, spawn};
use crate::dice::Dice;
use axum::Router;
use engine_memory::MemoryEngine;
use parking_lot::Mutex;
use runtime::TaskTracker;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::task::{AbortHandle, JoinSet};

/// A process of the shop.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) index: usize,
    pub(crate) services: &'static [&'static str],
    pub(crate) clock: SimulatedClock,
    pub(crate) state: Mutex<State>,
    pub(crate) luck: Mutex<Dice>,
}

/// What changes of it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) engine: MemoryEngine,
    /// How often it was started.
    pub(crate) life: u64,
    pub(crate) running: Option<Running>,
    /// Whether somebody has it in hand that it starts again.
    pub(crate) is_being_started: bool,
    /// The disk takes at least so long until then.
    pub(crate) slow_flush: Option<(u64, u64)>,
    /// Requests take so much longer until then.
    pub(crate) slow_answers: Option<(u64, u64)>,
    /// The process ends at the flush after so many, keeping so much of it, and is down for so long.
    pub(crate) failing_flush: Option<FailingFlush>,
}

/// A flush that fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailingFlush {
    pub(crate) after: u64,
    pub(crate) kept: u64,
    pub(crate) down_ms: u64,
}

/// A life of the process.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) routers: BTreeMap<&'static str, Router>,
    pub(crate) tasks: TaskTracker,
    pub(crate) requests: JoinSet<()>,
    pub(crate) disks: Vec<AbortHandle>,
}

impl Process {
    pub(crate) fn new(
        index: usize,
        services: &'static [&'static str],
        clock: SimulatedClock,
        seed: u64,
    ) -> Self {
        let engine = MemoryEngine::new();
        let state = State {
            engine,
            life: 0,
            running: None,
            is_being_started: false,
            slow_flush: None,
            slow_answers: None,
            failing_flush: None,
        };
        let luck = Mutex::new(Dice::of(seed, &format!("process {index}")));
        Self { index, services, clock, state: Mutex::new(state), luck }
    }

    /// Whether a service belongs here.
    pub(crate) fn runs(&self, service: &str) -> bool {
        self.services.contains(&service)
    }

    /// Whether it runs.
    pub(crate) fn is_up(&self) -> bool {
        self.state.lock().running.is_some()
    }

    pub(crate) fn engine(&self) -> MemoryEngine {
        self.state.lock().engine.clone()
    }

    /// As people call it.
    pub(crate) fn name(&self) -> String {
        match self.services {
            [one] => (*one).to_owned(),
            [first, ..] => format!("the process of {first}"),
            [] => "nobody".to_owned(),
        }
    }

    /// Starts it on what its disk has.
    pub(crate) async fn start(self: &Arc<Self>, world: &Arc<World>) -> Result<(), String> {
        let (engine, life) = {
            let mut state = self.state.lock();
            state.life += 1;
            (state.engine.clone(), state.life)
        };
        let disks = disk::spin(world, self, &engine, life);
        let tasks = TaskTracker::default();
        let assembled = assembling::assemble(world, self, &engine, &tasks, life).await;
        let mut state = self.state.lock();
        if state.life != life {
            // It ended while it was being started.
            tasks.abort_all();
            return Ok(());
        }
        let routers = assembled?;
        state.running = Some(Running { routers, tasks, requests: JoinSet::new(), disks });
        Ok(())
    }

    /// Ends it where it stands. Of what waits for its flush so much of a thousand was flushed all the same.
    pub(crate) fn crash(self: &Arc<Self>, world: &Arc<World>, kept: u64) {
        let mut state = self.state.lock();
        let Some(mut running) = state.running.take() else { return };
        running.requests.abort_all();
        running.tasks.abort_all();
        running.disks.iter().for_each(AbortHandle::abort);
        state.failing_flush = None;
        let engine = state.engine.clone();
        let mut lost = 0;
        for disk in [engine.disk(), engine.bulk_disk()] {
            let waiting = disk.unflushed();
            let kept = waiting * usize::try_from(kept).unwrap_or(0) / 1_000;
            disk.flush_oldest(kept);
            lost += waiting - kept;
        }
        state.engine = engine.crash();
        drop(state);
        if lost > 0 {
            world.saw("fault: writes lost in a crash");
        }
        world.tell(format_args!("{} ends; {lost} writes are lost", self.name()));
        world.watch(self);
        // Whatever was spawned while tasks were being dropped goes, too.
        let tasks = running.tasks;
        spawn(async move {
            for _ in 0..3 {
                tasks.abort_all();
                tokio::task::yield_now().await;
            }
        });
    }

    /// Starts it again after a while.
    pub(crate) fn come_back(self: &Arc<Self>, world: &Arc<World>, after: Duration) {
        if std::mem::replace(&mut self.state.lock().is_being_started, true) {
            return;
        }
        let (world, process) = (Arc::clone(world), Arc::clone(self));
        spawn(async move {
            tokio::time::sleep(after).await;
            process.state.lock().is_being_started = false;
            world.tell(format_args!("{} starts again", process.name()));
            if let Err(error) = process.start(&world).await {
                world.violated("a process starts again", error);
            }
        });
    }
}
