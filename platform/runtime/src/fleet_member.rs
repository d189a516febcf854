//! Member of a fleet: a process at an address, which can be asked how it is.

use transport::Channel;

/// Process of the fleet that other processes know by an address, whichever services it owns at the moment.
#[derive(Clone, Debug)]
pub struct FleetMember {
    /// Services that are called there.
    pub services: Vec<&'static str>,
    /// Base URL of its service listener.
    pub address: String,
    /// Channel to this process alone.
    pub channel: Channel,
}
