//! Lets break what the plan says.

use super::{World, process::FailingFlush};
use crate::plan::Fault;
use std::{sync::Arc, time::Duration};

impl World {
    /// Lets something break now.
    pub(crate) fn strike(self: &Arc<Self>, fault: Fault) {
        let process = |index: usize| &self.processes[index % self.processes.len()];
        let now = self.now_ms();
        match fault {
            Fault::Crash { process: index, kept, down_ms } => {
                let process = process(index);
                if process.is_up() {
                    self.saw("fault: crash");
                    process.crash(self, kept);
                    process.come_back(self, Duration::from_millis(down_ms));
                }
            }
            Fault::FlushFails { process: index, flushes, kept, down_ms } => {
                let failing = FailingFlush { after: flushes, kept, down_ms };
                process(index).state.lock().failing_flush = Some(failing);
            }
            Fault::ClocksJump { millis } => {
                self.saw("fault: clocks jump");
                self.tell(format_args!("all clocks jump by {millis} ms"));
                for process in &self.processes {
                    process.clock.jump(millis);
                }
            }
            Fault::SlowDisk { process: index, flush_ms, for_ms } => {
                self.saw("fault: slow disk");
                let process = process(index);
                self.tell(format_args!("the disk of {} is slow for {for_ms} ms", process.name()));
                process.state.lock().slow_flush = Some((flush_ms, now + for_ms));
            }
            Fault::SlowProcess { process: index, delay_ms, for_ms } => {
                self.saw("fault: slow process");
                let process = process(index);
                self.tell(format_args!("{} is slow for {for_ms} ms", process.name()));
                process.state.lock().slow_answers = Some((delay_ms, now + for_ms));
            }
            Fault::Cut { between: (from, to), ways, for_ms } => {
                let count = self.processes.len();
                let (from, to) = (from % count, to % count);
                if from != to {
                    self.cut(from, to, ways, now + for_ms);
                }
            }
        }
    }

    /// From now on the weather is as the plan says.
    pub(crate) fn begin_weather(&self) {
        self.wires.set_weather(self.plan.weather);
    }

    /// Nothing breaks any more, and what is broken is mended.
    pub(crate) fn heal(self: &Arc<Self>) {
        self.wires.heal();
        for process in &self.processes {
            let mut state = process.state.lock();
            state.slow_flush = None;
            state.slow_answers = None;
            state.failing_flush = None;
        }
    }
}
