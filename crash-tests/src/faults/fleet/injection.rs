//! One fault of a fleet: its beginning, what has to be so while it lasts, and its end.

use super::{
    fleet_fault::FleetFault,
    losses::{IndependentRequests, LINKS, Link, Loss, Sales},
};
use crate::{
    client::EdgeClient,
    clock_file::{ClockOffset, READ_WITHIN},
    faults::LOAD_MS,
    fleet::{Fleet, OWNED, PROCESSES},
    namespaces::TEST_HOST,
    outage::Outage,
    violation::{CheckResult, Violation, ensure},
};
use rand::{Rng, seq::IndexedRandom};
use rustix::process::Signal;
use std::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::Duration,
};
use tokio::time::Instant;

/// How long a fault lasts at least.
const AWAY_MS: Range<u64> = 0..4_000;
/// Load that goes on when it is over.
const AFTERWARDS_MS: Range<u64> = 50..600;
/// For how long an owner is stopped at a time, and then runs: less than after which it would lose its lease.
const STOPPED_MS: Range<u64> = 200..900;
const RUNNING_MS: Range<u64> = 20..150;
/// Rate of a slow line.
const KILOBITS: Range<u64> = 100..1_000;
/// How far a clock jumps.
const JUMP_SECONDS: Range<u64> = 60..6 * 3_600;
/// Within which time circuit breakers have to open.
const OPENS_WITHIN: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Metric that counts the circuit breakers that opened, with the called service as its label.
const BREAKERS_OPENED: &str = "http_client_breaker_opened";

/// One fault, with whom it strikes and its times.
#[derive(Debug)]
pub(super) struct FleetInjection {
    pub(super) fault: FleetFault,
    services: Vec<&'static str>,
    link: Link,
    jump: Duration,
    kilobits: u64,
    stopped: Duration,
    running: Duration,
    delay: Duration,
    away: Duration,
    afterwards: Duration,
}

/// What ends a fault.
enum Remedy {
    Nothing,
    Resume(Vec<usize>),
    Pass(Vec<(usize, usize)>),
    RestoreAnswers(usize),
    SetClocks(Vec<usize>),
}

impl FleetInjection {
    pub(super) fn random(fault: FleetFault, random: &mut impl Rng) -> Self {
        let services = OWNED.choose_multiple(random, 2).copied().collect();
        let link = LINKS[random.random_range(0..LINKS.len())];
        let mut between = |range: Range<u64>| random.random_range(range);
        // As likely by minutes as by hours.
        let magnitudes = JUMP_SECONDS.end.ilog2() - JUMP_SECONDS.start.ilog2();
        let magnitude = between(0..u64::from(magnitudes));
        let jump = between(JUMP_SECONDS.start << magnitude..JUMP_SECONDS.start << (magnitude + 1));
        let kilobits = between(KILOBITS);
        let mut within = |range| Duration::from_millis(between(range));
        Self {
            fault,
            services,
            link,
            jump: Duration::from_secs(jump),
            kilobits,
            stopped: within(STOPPED_MS),
            running: within(RUNNING_MS),
            delay: within(LOAD_MS),
            away: within(AWAY_MS),
            afterwards: within(AFTERWARDS_MS),
        }
    }

    /// Injects the fault under load. Ends when orders are confirmed again.
    pub(super) async fn inject(
        &self,
        fleet: &mut Fleet,
        client: &EdgeClient,
        requests: &IndependentRequests,
        outage: &Outage,
    ) -> CheckResult {
        tokio::time::sleep(self.delay).await;
        fleet.check_running()?;
        let (owners, opened) = (fleet.owners()?, self.breakers(fleet, client).await?);
        let remedy = self.begin(fleet).await?;
        if self.leaves_sales(fleet) {
            outage.begin();
        }
        let ended = AtomicBool::new(false);
        let held = async {
            let held = self.hold(fleet, client, opened, outage).await;
            ended.store(true, SeqCst);
            held
        };
        let loss = self.loss();
        let (held, answered) = tokio::join!(held, requests.go_on(client, fleet, &loss, &ended));
        outage.end();
        held.and(answered)?;
        let jumped = matches!(remedy, Remedy::SetClocks(_));
        remedy.apply(fleet).await?;
        ensure(
            !jumped || fleet.owners()? == owners,
            || "a clock has changed the owner of a service",
        )?;
        fleet.start_missing()?;
        outage.begin();
        outage.wait_for_sale().await.map_err(|it| it.context("after the fault"))?;
        outage.end();
        tokio::time::sleep(self.afterwards).await;
        fleet.check_running()
    }

    async fn begin(&self, fleet: &mut Fleet) -> CheckResult<Remedy> {
        let [service, other] = [self.services[0], self.services[1]];
        let (owner, standby) = (fleet.owner(service)?, fleet.standby(service)?);
        match self.fault {
            FleetFault::KillOwner => fleet.kill(owner)?,
            FleetFault::StopOwner => fleet.terminate(owner).await?,
            FleetFault::KillBoth => {
                fleet.kill(owner)?;
                fleet.kill(standby)?;
            }
            FleetFault::KillStandby => fleet.kill(standby)?,
            FleetFault::PauseOwner => return pause(fleet, vec![owner]),
            FleetFault::PauseTwo => return pause(fleet, vec![owner, fleet.owner(other)?]),
            FleetFault::PauseStandby => return pause(fleet, vec![standby]),
            FleetFault::CutCalls
            | FleetFault::CutAnswers
            | FleetFault::CutBoth
            | FleetFault::IsolateOwner
            | FleetFault::CutOwnerFromDatabase
            | FleetFault::CutDatabaseAnswers
            | FleetFault::CutServiceFromDatabase => {
                let pairs = self.cut_pairs(fleet)?;
                fleet.network()?.drop_packets(&pairs)?;
                return Ok(Remedy::Pass(pairs));
            }
            // It runs for a while now and then.
            FleetFault::SlowOwner => {}
            FleetFault::SlowAnswers => {
                let (host, port) = fleet.place_of(owner);
                fleet.network()?.limit_answers(host, port, self.kilobits)?;
                return Ok(Remedy::RestoreAnswers(host));
            }
            FleetFault::ClockAhead
            | FleetFault::ClockBehind
            | FleetFault::AllClocksAhead
            | FleetFault::AllClocksBehind => {
                let remedy = self.set_clocks(fleet, owner)?;
                // Until all have read their files, their clocks differ.
                tokio::time::sleep(READ_WITHIN).await;
                return Ok(remedy);
            }
        }
        Ok(Remedy::Nothing)
    }

    /// Hosts between which everything is lost, in this direction.
    fn cut_pairs(&self, fleet: &Fleet) -> CheckResult<Vec<(usize, usize)>> {
        let host_of = |process: usize| fleet.place_of(process).0;
        let hosts = |service: &str| -> Vec<usize> {
            fleet.all_of(service).into_iter().map(host_of).collect()
        };
        let owner = host_of(fleet.owner(self.services[0])?);
        let (callers, called, is_to, is_back) = match self.fault {
            FleetFault::CutCalls => {
                (hosts(self.link.caller), hosts(self.link.service), true, false)
            }
            FleetFault::CutAnswers => {
                (hosts(self.link.caller), hosts(self.link.service), false, true)
            }
            FleetFault::IsolateOwner => {
                let its = hosts(self.services[0]);
                let others = (0..PROCESSES).map(host_of).filter(|it| !its.contains(it)).collect();
                (vec![owner], others, true, true)
            }
            FleetFault::CutOwnerFromDatabase => (vec![owner], vec![TEST_HOST], true, true),
            FleetFault::CutDatabaseAnswers => (vec![owner], vec![TEST_HOST], false, true),
            FleetFault::CutServiceFromDatabase => {
                (hosts(self.services[0]), vec![TEST_HOST], true, true)
            }
            _ => (hosts(self.link.caller), hosts(self.link.service), true, true),
        };
        let pairs = callers.iter().flat_map(|from| called.iter().map(|to| (*from, *to)));
        let there = pairs.clone().filter(|_| is_to);
        Ok(there.chain(pairs.filter(|_| is_back).map(|(from, to)| (to, from))).collect())
    }

    fn set_clocks(&self, fleet: &Fleet, owner: usize) -> CheckResult<Remedy> {
        let (processes, offset) = match self.fault {
            FleetFault::ClockAhead => (vec![owner], ClockOffset::Ahead(self.jump)),
            FleetFault::ClockBehind => (vec![owner], ClockOffset::Behind(self.jump)),
            FleetFault::AllClocksAhead => ((0..PROCESSES).collect(), ClockOffset::Ahead(self.jump)),
            _ => ((0..PROCESSES).collect(), ClockOffset::Behind(self.jump)),
        };
        processes.iter().try_for_each(|process| fleet.set_clock(*process, offset))?;
        Ok(Remedy::SetClocks(processes))
    }

    /// Keeps the fault up for its time, and until what must happen meanwhile has happened.
    async fn hold(
        &self,
        fleet: &Fleet,
        client: &EdgeClient,
        opened: f64,
        outage: &Outage,
    ) -> CheckResult {
        let lasting = async {
            tokio::time::sleep(self.away).await;
            self.wait_for_breakers(fleet, client, opened).await?;
            if self.leaves_sales(fleet) { outage.wait_for_sale().await } else { Ok(()) }
        };
        if self.fault != FleetFault::SlowOwner {
            return lasting.await;
        }
        let owner = fleet.owner(self.services[0])?;
        let slowing = async {
            loop {
                fleet.signal(owner, Signal::STOP)?;
                tokio::time::sleep(self.stopped).await;
                fleet.signal(owner, Signal::CONT)?;
                tokio::time::sleep(self.running).await;
            }
        };
        let lasted = tokio::select! {
            lasted = lasting => lasted,
            failed = slowing => failed,
        };
        fleet.signal(owner, Signal::CONT)?;
        lasted
    }

    /// Waits until the circuit breaker of a caller that is cut off has opened.
    async fn wait_for_breakers(
        &self,
        fleet: &Fleet,
        client: &EdgeClient,
        opened: f64,
    ) -> CheckResult {
        let began = Instant::now();
        while self.opens_breakers() && self.breakers(fleet, client).await? <= opened {
            ensure(began.elapsed() < OPENS_WITHIN, || "no circuit breaker has opened")?;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// How many circuit breakers of the caller have opened, as its metrics say; none where it is not cut off.
    async fn breakers(&self, fleet: &Fleet, client: &EdgeClient) -> CheckResult<f64> {
        if !self.opens_breakers() {
            return Ok(0.0);
        }
        let Link { caller, service, .. } = self.link;
        let address = fleet.status_of(fleet.worker(caller)?);
        let metrics = client.text_at(address, "/metrics").await;
        let metrics = metrics.ok_or_else(|| Violation::new(format!("{caller} has no metrics")))?;
        let label = format!("service=\"{service}\"");
        let of_service =
            metrics.lines().filter(|it| it.starts_with(BREAKERS_OPENED) && it.contains(&label));
        let values: Vec<f64> =
            of_service.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        ensure(!values.is_empty(), || format!("{caller} has no metric of breakers of {service}"))?;
        Ok(values.into_iter().sum())
    }

    fn opens_breakers(&self) -> bool {
        self.fault.is_cut() && self.link.sales == Sales::Wait
    }

    /// Whether orders must be confirmed while the fault lasts: somebody else serves, or what is lost is not needed for them.
    fn leaves_sales(&self, fleet: &Fleet) -> bool {
        match self.fault {
            FleetFault::KillBoth
            | FleetFault::IsolateOwner
            | FleetFault::CutServiceFromDatabase => false,
            // Members whose clocks differ by more than a minute do not know each other.
            FleetFault::ClockAhead | FleetFault::ClockBehind => fleet.network().is_err(),
            _ if self.fault.is_cut() => self.link.sales == Sales::GoOn,
            _ => true,
        }
    }

    /// What cannot be relied on while the fault lasts.
    fn loss(&self) -> Loss {
        match self.fault {
            FleetFault::KillStandby
            | FleetFault::PauseStandby
            | FleetFault::AllClocksAhead
            | FleetFault::AllClocksBehind => Loss::Nothing,
            FleetFault::PauseTwo => Loss::Services(self.services.clone()),
            _ if self.fault.is_cut() => Loss::Between(self.link.caller, self.link.service),
            _ => Loss::Services(vec![self.services[0]]),
        }
    }
}

fn pause(fleet: &Fleet, processes: Vec<usize>) -> CheckResult<Remedy> {
    processes.iter().try_for_each(|process| fleet.signal(*process, Signal::STOP))?;
    Ok(Remedy::Resume(processes))
}

impl Remedy {
    async fn apply(self, fleet: &Fleet) -> CheckResult {
        match self {
            Self::Nothing => Ok(()),
            Self::Resume(processes) => {
                processes.into_iter().try_for_each(|process| fleet.signal(process, Signal::CONT))
            }
            Self::Pass(pairs) => fleet.network()?.pass_packets(&pairs),
            Self::RestoreAnswers(host) => fleet.network()?.restore_answers(host),
            Self::SetClocks(processes) => {
                let mut processes = processes.into_iter();
                processes.try_for_each(|process| fleet.set_clock(process, ClockOffset::None))?;
                tokio::time::sleep(READ_WITHIN).await;
                Ok(())
            }
        }
    }
}

impl fmt::Display for FleetInjection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, services, link, jump, kilobits, .. } = self;
        write!(formatter, "{fault:?}")?;
        match fault {
            _ if fault.is_cut() => {
                write!(formatter, " between {} and {}", link.caller, link.service)
            }
            FleetFault::PauseTwo => write!(formatter, " of {} and {}", services[0], services[1]),
            FleetFault::AllClocksAhead | FleetFault::AllClocksBehind => {
                write!(formatter, " by {} s", jump.as_secs())
            }
            FleetFault::ClockAhead | FleetFault::ClockBehind => {
                write!(formatter, " of {} by {} s", services[0], jump.as_secs())
            }
            FleetFault::SlowAnswers => write!(formatter, " of {}, {kilobits} kbit/s", services[0]),
            _ => write!(formatter, " of {}", services[0]),
        }
    }
}
