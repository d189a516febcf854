//! The wires between processes: they delay, lose, double, and are cut. What runs over them is the real network
//! transport.

use super::{Process, World, spawn};
use crate::{
    dice::Dice,
    plan::{Plan, Ways, Weather},
};
use async_trait::async_trait;
use kernel::Randomness;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};
use telemetry::Metrics;
use transport::{CallPolicy, Channel, Request, Response, Transport, TransportError, headers};

/// All wires.
#[derive(Debug)]
pub(crate) struct Wires {
    weather: Mutex<Weather>,
    /// From whom to whom nothing passes, and until when.
    cuts: Mutex<BTreeMap<(usize, usize), u64>>,
    luck: Mutex<Dice>,
}

impl Wires {
    pub(super) fn new(plan: &Plan) -> Self {
        let luck = Mutex::new(Dice::of(plan.seed, "wires"));
        Self { weather: Mutex::default(), cuts: Mutex::default(), luck }
    }

    pub(super) fn set_weather(&self, weather: Weather) {
        *self.weather.lock() = weather;
    }

    pub(super) fn heal(&self) {
        *self.weather.lock() = Weather::default();
        self.cuts.lock().clear();
    }

    /// How the wires are at the moment.
    pub(crate) fn weather(&self) -> Weather {
        *self.weather.lock()
    }

    fn passes(&self, from: usize, to: usize, now: u64) -> bool {
        self.cuts.lock().get(&(from, to)).is_none_or(|until| now >= *until)
    }
}

impl World {
    pub(super) fn cut(&self, from: usize, to: usize, ways: Ways, until: u64) {
        let name = |index: usize| self.processes[index].name();
        let mut cuts = self.wires.cuts.lock();
        match ways {
            Ways::Both => {
                cuts.insert((from, to), until);
                cuts.insert((to, from), until);
                self.saw("fault: cut both ways");
            }
            Ways::There => {
                cuts.insert((from, to), until);
                self.saw("fault: cut one way");
            }
            Ways::Back => {
                cuts.insert((to, from), until);
                self.saw("fault: cut one way");
            }
        }
        drop(cuts);
        self.tell(format_args!("cut between {} and {}: {ways:?}", name(from), name(to)));
    }

    /// The way from a process to a service elsewhere.
    pub(super) fn way_to(
        self: &Arc<Self>,
        from: &Arc<Process>,
        life: u64,
        service: &'static str,
        randomness: &Arc<dyn Randomness>,
        metrics: &Metrics,
    ) -> Option<Channel> {
        let home = self.home_of(service)?;
        let wire = Wire {
            world: Arc::downgrade(self),
            from: Arc::clone(from),
            life,
            to: Arc::clone(home),
            service,
        };
        let wire = Channel::new(wire);
        let address = http::Uri::from_static("http://elsewhere");
        let connect = move |_: &http::Uri| wire.clone();
        let (policy, randomness) = (CallPolicy::default(), Arc::clone(randomness));
        Some(transport::network_over(
            service,
            vec![address].into(),
            policy,
            randomness,
            metrics,
            connect,
        ))
    }
}

/// A connection from one process to another.
struct Wire {
    world: Weak<World>,
    from: Arc<Process>,
    /// The life of the process that it belongs to.
    life: u64,
    to: Arc<Process>,
    service: &'static str,
}

/// What happens to one message.
struct Fate {
    delay_there: Duration,
    delay_back: Duration,
    is_lost: bool,
    is_reply_lost: bool,
    /// When it arrives once more.
    doubled_after: Option<Duration>,
}

impl Wire {
    fn fate(world: &World, request: &Request) -> Fate {
        let weather = world.wires.weather();
        let mut luck = world.wires.luck.lock();
        let mut delay = || {
            let usual = luck.between(0, 2);
            if luck.chance(weather.late_calls) {
                world.saw("fault: late message");
                return Duration::from_millis(luck.between(usual, weather.late_call_ms));
            }
            Duration::from_millis(usual)
        };
        let (delay_there, delay_back) = (delay(), delay());
        // What names its effect bears coming late; what sets a state over a newer one does not, and nobody claims it.
        let repeats = request.method().is_idempotent()
            && request.uri().path().starts_with("/internal/")
            || request.headers().contains_key(headers::IDEMPOTENCY_KEY);
        Fate {
            delay_there,
            delay_back,
            is_lost: luck.chance(weather.lost_calls),
            is_reply_lost: luck.chance(weather.lost_replies),
            doubled_after: (repeats && luck.chance(weather.doubled_calls))
                .then(|| Duration::from_millis(luck.one_of(&[3, 150, 2_500, 20_000]))),
        }
    }

    fn gone(&self, reason: &str) -> TransportError {
        TransportError::Unreachable { service: self.service, reason: reason.to_owned() }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let world = self.world.upgrade().ok_or_else(|| self.gone("the world has ended"))?;
        // A process that has ended sends nothing, whatever of it still runs for a moment.
        if self.from.state.lock().life != self.life || !self.from.is_up() {
            return std::future::pending().await;
        }
        let fate = Self::fate(&world, &request);
        tokio::time::sleep(fate.delay_there).await;
        if fate.is_lost || !world.wires.passes(self.from.index, self.to.index, world.now_ms()) {
            world.saw("fault: message lost");
            return std::future::pending().await;
        }
        if let Some(after) = fate.doubled_after {
            world.saw("fault: message doubled");
            let again = world.deliver(&self.to, self.service, request.clone());
            spawn(async move {
                tokio::time::sleep(after).await;
                drop(again.await);
            });
        }
        let answer = world.deliver(&self.to, self.service, request).await;
        let answer = answer.map_err(|_| self.gone("the connection was reset"))?;
        tokio::time::sleep(fate.delay_back).await;
        if fate.is_reply_lost || !world.wires.passes(self.to.index, self.from.index, world.now_ms())
        {
            world.saw("fault: reply lost");
            return std::future::pending().await;
        }
        Ok(answer)
    }
}
