//! Instance of an application, as it describes itself, and the times of its lease.

use super::status::InstanceStatus;
use std::{collections::BTreeMap, sync::Arc};

/// Interval of heartbeats of an instance that names none, in seconds.
pub(crate) const RENEWAL_INTERVAL_SECONDS: u32 = 30;
/// Name of the data centre of whoever is in none of Amazon's.
pub(crate) const OWN_DATA_CENTER: &str = "MyOwn";

/// Instance of an application, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Its name among the instances of its application, usually `host:application:port`.
    pub(crate) id: String,
    /// Application, in upper case.
    pub(crate) app: String,
    pub(crate) host: String,
    pub(crate) ip: String,
    pub(crate) sid: Option<String>,
    pub(crate) status: InstanceStatus,
    /// What an operator set in place of its own status; `Unknown` for nothing.
    pub(crate) overridden: InstanceStatus,
    pub(crate) port: Port,
    pub(crate) secure_port: Port,
    pub(crate) country_id: i64,
    pub(crate) data_center: DataCenter,
    /// Interval of its heartbeats, in seconds.
    pub(crate) renewal_interval_seconds: u32,
    /// Time without a heartbeat after which it may be evicted, in seconds.
    pub(crate) lease_seconds: u32,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) app_group: Option<String>,
    pub(crate) home_page_url: Option<String>,
    pub(crate) status_page_url: Option<String>,
    pub(crate) health_check_url: Option<String>,
    pub(crate) secure_health_check_url: Option<String>,
    /// Virtual host names, separated by commas.
    pub(crate) vip: Option<String>,
    pub(crate) secure_vip: Option<String>,
    pub(crate) is_coordinating_server: bool,
    /// When the registry changed it last, in milliseconds of the Unix epoch.
    pub(crate) last_updated_ms: u64,
    /// When the instance itself changed last, in milliseconds of the Unix epoch by its own clock: which of two descriptions is newer.
    pub(crate) last_dirty_ms: u64,
    pub(crate) action: Option<Action>,
    pub(crate) asg: Option<String>,
}

/// Port of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) number: u16,
    pub(crate) is_enabled: bool,
}

/// Data centre of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataCenter {
    /// Class of the Java client, which its reader needs.
    pub(crate) class: String,
    pub(crate) name: String,
    /// What Amazon's instances say of themselves.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What became of an instance last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Added,
    Modified,
    Deleted,
}

impl Action {
    /// Its name in the protocol.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// Times of a lease, in milliseconds of the Unix epoch.
#[expect(clippy::struct_field_names, reason = "the unit is a part of each name")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeaseTimes {
    pub(crate) registered_ms: u64,
    pub(crate) renewed_ms: u64,
    /// When it ended; zero while it runs.
    pub(crate) ended_ms: u64,
    /// When the instance was up for the first time; zero before.
    pub(crate) service_up_ms: u64,
}

/// Instance with its lease at one moment.
#[derive(Clone, Debug)]
pub(crate) struct LeasedInstance {
    pub(crate) instance: Arc<Instance>,
    pub(crate) times: LeaseTimes,
}

impl Instance {
    /// Whether one of its virtual host names is this one.
    pub(crate) fn has_vip(&self, name: &str, is_secure: bool) -> bool {
        let list = if is_secure { &self.secure_vip } else { &self.vip };
        list.as_deref().unwrap_or_default().split(',').any(|vip| vip.trim() == name)
    }

    /// Heartbeats per minute that it promises.
    pub(crate) fn renewals_per_minute(&self) -> f64 {
        60.0 / f64::from(self.renewal_interval_seconds.max(1))
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// An instance that is up, with this identity, last changed by itself at this time.
    pub(crate) fn instance(app: &str, id: &str, last_dirty_ms: u64) -> Instance {
        Instance {
            id: id.to_owned(),
            app: app.to_owned(),
            host: "10.0.0.5".to_owned(),
            ip: "10.0.0.5".to_owned(),
            sid: None,
            status: InstanceStatus::Up,
            overridden: InstanceStatus::Unknown,
            port: Port { number: 8080, is_enabled: true },
            secure_port: Port { number: 443, is_enabled: false },
            country_id: 1,
            data_center: DataCenter {
                class: "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo".to_owned(),
                name: OWN_DATA_CENTER.to_owned(),
                metadata: BTreeMap::new(),
            },
            renewal_interval_seconds: RENEWAL_INTERVAL_SECONDS,
            lease_seconds: 90,
            metadata: BTreeMap::from([("management.port".to_owned(), "8080".to_owned())]),
            app_group: None,
            home_page_url: Some("http://10.0.0.5:8080/".to_owned()),
            status_page_url: Some("http://10.0.0.5:8080/actuator/info".to_owned()),
            health_check_url: Some("http://10.0.0.5:8080/actuator/health".to_owned()),
            secure_health_check_url: None,
            vip: Some(app.to_lowercase()),
            secure_vip: Some(app.to_lowercase()),
            is_coordinating_server: false,
            last_updated_ms: 0,
            last_dirty_ms,
            action: None,
            asg: None,
        }
    }
}
