//! The registry service: which instance of which service runs where, in the protocol of Eureka.
//!
//! Everything is in memory. Peers replicate to each other, and clients that register again restore what a node has lost.

mod adapters;
mod application;
mod domain;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod ports;
mod settings;

use ::settings::Section;
use adapters::{
    http::{self, Credentials, EurekaServer},
    metrics::register_metrics,
    peer_client::PeerClient,
};
use application::{
    maintenance::{copy_from_peers, evict_regularly, forget_regularly},
    node::RegistryNode,
    replication_link::ReplicationLink,
};
use runtime::{BuildContext, BuildError, BuiltService, Maintenance, Module, RouteMatch};
use settings::RegistrySettings;
use std::sync::Arc;

const NAME: &str = "registry-service";

/// The registry service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "registry of running instances, in the Eureka protocol",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::AllActive,
    settings: Some(Section::of::<RegistrySettings>(NAME)),
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: Maintenance::none,
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: RegistrySettings = context.settings()?;
    let credentials = Credentials::of(&settings).map_err(BuildError::Other)?;
    let identity = identity(&context);
    let tls = settings.peer_tls();
    let tls = tls.map_err(|error| BuildError::Other(format!("registry-service.tls: {error}")))?;
    let link = |address: &String| {
        let peer = PeerClient::new(address, &identity, settings.lease_seconds, tls.clone())?;
        Some(Arc::new(ReplicationLink::new(Arc::new(peer))))
    };
    let links = settings.peers.iter().filter_map(link).collect();
    let ids = context.ids.clone();
    let (policy, lease_seconds) = (settings.policy(), settings.lease_seconds);
    let node = Arc::new(RegistryNode::new(policy, lease_seconds, identity.clone(), links, ids));
    copy_from_peers(&node).await;
    let tasks = &context.tasks;
    for link in &node.links {
        tasks.spawn_until_shutdown(Arc::clone(link).run(Arc::clone(&node)));
    }
    tasks.spawn_until_shutdown(evict_regularly(Arc::clone(&node), settings.eviction_interval()));
    tasks.spawn_until_shutdown(forget_regularly(Arc::clone(&node)));
    register_metrics(&context.metrics, &node);
    let shutdown = tasks.shutdown_signal();
    let server = Arc::new(EurekaServer::new(node, credentials, settings.watchers_max, shutdown));
    // The protocol has no idempotency keys: each of its requests can be repeated.
    let parts = web::ServiceParts { idempotency: None, ..context.service_parts() };
    let built = context.serve_with(http::routes(server), parts);
    Ok(BuiltService { paths: RouteMatch::Below(http::PATHS), ..built })
}

/// Identity of this node since its start.
fn identity(context: &BuildContext) -> String {
    let mut random = [0; 16];
    context.ids.randomness().fill(&mut random);
    format!("{:x}-{}", context.ids.now().as_millisecond(), kernel::hex::encode(&random))
}
