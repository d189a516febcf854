//! Simulation of one plan: the cluster, its clients, the oracle that watches it, and what clients observed.

use crate::{
    client::Client, cluster::Cluster, environment::Environment, observed::Observations,
    oracle::Oracle, plan::Plan,
};
use parking_lot::Mutex;
use std::{fmt, sync::Arc};

/// Everything that a run consists of.
pub(crate) struct Simulation {
    pub(crate) plan: Plan,
    pub(crate) env: Arc<Environment>,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) client: Client,
    pub(crate) observed: Mutex<Observations>,
}

impl Simulation {
    /// Simulation of this plan, in which nothing runs yet.
    pub(crate) fn new(plan: Plan) -> Arc<Self> {
        let env = Arc::new(Environment::new());
        let oracle = Arc::new(Oracle::new(Arc::clone(&env)));
        let cluster = Arc::new(Cluster::new(&plan, &env, &oracle));
        let client =
            Client::new(plan.seed, Arc::clone(&env), Arc::clone(&oracle), Arc::clone(&cluster));
        let observed = Mutex::default();
        Arc::new(Self { plan, env, oracle, cluster, client, observed })
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Simulation").field("seed", &self.plan.seed).finish_non_exhaustive()
    }
}
