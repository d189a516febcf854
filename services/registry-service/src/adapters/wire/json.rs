//! JSON as the original server writes it. The strict reader of Spring's client refuses a member that it does not know, so none may be
//! added here.

use super::{Applications, Detail, Document};
use crate::domain::instance::{DataCenter, Instance, LeaseTimes, LeasedInstance, Port};
use serde::{Serialize, Serializer, ser::SerializeSeq};
use std::collections::BTreeMap;

/// Document with its one-member wrapper.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Root<'a> {
    Applications(ApplicationsJson<'a>),
    Application(ApplicationJson<'a>),
    Instance(Box<InstanceJson<'a>>),
}

#[derive(Serialize)]
struct ApplicationsJson<'a> {
    #[serde(rename = "versions__delta")]
    version: &'a str,
    #[serde(rename = "apps__hashcode")]
    hash_code: &'a str,
    application: Vec<ApplicationJson<'a>>,
}

#[derive(Serialize)]
struct ApplicationJson<'a> {
    name: &'a str,
    #[serde(rename = "instance")]
    instances: Instances<'a>,
}

/// Instances, each written as it is reached: a large registry is never a tree of these structs.
struct Instances<'a>(&'a [LeasedInstance], Detail);

impl Serialize for Instances<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for leased in self.0 {
            list.serialize_element(&InstanceJson::new(leased, self.1))?;
        }
        list.end()
    }
}

/// Instance, its members in the order of the original.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceJson<'a> {
    instance_id: &'a str,
    host_name: &'a str,
    app: &'a str,
    ip_addr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden_status: Option<&'static str>,
    port: PortJson,
    secure_port: PortJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_id: Option<i64>,
    data_center_info: DataCenterJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_info: Option<LeaseJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_page_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_check_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_health_check_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_vip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_coordinating_discovery_server: Option<&'static str>,
    last_updated_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_dirty_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asg_name: Option<&'a str>,
}

#[derive(Serialize)]
struct PortJson {
    #[serde(rename = "$")]
    number: u16,
    #[serde(rename = "@enabled")]
    is_enabled: &'static str,
}

#[derive(Serialize)]
struct DataCenterJson<'a> {
    #[serde(rename = "@class")]
    class: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a BTreeMap<String, String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeaseJson {
    renewal_interval_in_secs: u32,
    duration_in_secs: u32,
    registration_timestamp: u64,
    last_renewal_timestamp: u64,
    eviction_timestamp: u64,
    service_up_timestamp: u64,
}

pub(super) fn render(document: &Document, detail: Detail) -> Vec<u8> {
    let root = match document {
        Document::Applications(Applications { version, hash_code, apps }) => {
            let application = apps
                .iter()
                .map(|(name, instances)| ApplicationJson::new(name, instances, detail))
                .collect();
            Root::Applications(ApplicationsJson { version, hash_code, application })
        }
        Document::Application { name, instances } => {
            Root::Application(ApplicationJson::new(name, instances, detail))
        }
        Document::Instance(leased) => Root::Instance(Box::new(InstanceJson::new(leased, detail))),
    };
    // Maps with texts as keys, texts and numbers can always be written.
    serde_json::to_vec(&root).unwrap_or_default()
}

impl<'a> ApplicationJson<'a> {
    fn new(name: &'a str, instances: &'a [LeasedInstance], detail: Detail) -> Self {
        Self { name, instances: Instances(instances, detail) }
    }
}

impl<'a> InstanceJson<'a> {
    pub(super) fn new(leased: &'a LeasedInstance, detail: Detail) -> Self {
        let LeasedInstance { instance, times } = leased;
        let it = &**instance;
        let is_full = detail == Detail::Full;
        let full = |text: &'a Option<String>| text.as_deref().filter(|_| is_full);
        Self {
            instance_id: &it.id,
            host_name: &it.host,
            app: &it.app,
            ip_addr: &it.ip,
            sid: full(&it.sid),
            status: it.status.name(),
            overridden_status: is_full.then(|| it.overridden.name()),
            port: PortJson::new(it.port),
            secure_port: PortJson::new(it.secure_port),
            country_id: is_full.then_some(it.country_id),
            data_center_info: DataCenterJson::new(&it.data_center),
            lease_info: is_full.then(|| LeaseJson::new(it, times)),
            metadata: is_full.then_some(&it.metadata),
            app_group_name: full(&it.app_group),
            home_page_url: full(&it.home_page_url),
            status_page_url: full(&it.status_page_url),
            health_check_url: full(&it.health_check_url),
            secure_health_check_url: full(&it.secure_health_check_url),
            vip_address: it.vip.as_deref(),
            secure_vip_address: it.secure_vip.as_deref(),
            is_coordinating_discovery_server: is_full.then_some(if it.is_coordinating_server {
                "true"
            } else {
                "false"
            }),
            last_updated_timestamp: it.last_updated_ms.to_string(),
            last_dirty_timestamp: is_full.then(|| it.last_dirty_ms.to_string()),
            action_type: it.action.map(crate::domain::instance::Action::name),
            asg_name: it.asg.as_deref(),
        }
    }
}

impl PortJson {
    fn new(port: Port) -> Self {
        let is_enabled = if port.is_enabled { "true" } else { "false" };
        Self { number: port.number, is_enabled }
    }
}

impl<'a> DataCenterJson<'a> {
    fn new(data_center: &'a DataCenter) -> Self {
        let DataCenter { class, name, metadata } = data_center;
        Self { class, name, metadata: Some(metadata).filter(|it| !it.is_empty()) }
    }
}

impl LeaseJson {
    fn new(instance: &Instance, times: &LeaseTimes) -> Self {
        Self {
            renewal_interval_in_secs: instance.renewal_interval_seconds,
            duration_in_secs: instance.lease_seconds,
            registration_timestamp: times.registered_ms,
            last_renewal_timestamp: times.renewed_ms,
            eviction_timestamp: times.ended_ms,
            service_up_timestamp: times.service_up_ms,
        }
    }
}
