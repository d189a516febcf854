//! Lenient reader of instances: numbers may be texts and texts numbers, members may be missing, unknown ones are ignored.

use super::{Format, xml_reader};
use crate::domain::{
    instance::{DataCenter, Instance, OWN_DATA_CENTER, Port, RENEWAL_INTERVAL_SECONDS},
    status::InstanceStatus,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Bytes of the metadata of an instance, keys and values together.
pub(crate) const METADATA_BYTES_MAX: usize = 64 * 1024;
/// Bytes of any other text of an instance.
pub(crate) const TEXT_BYTES_MAX: usize = 2_048;
/// Longest lease and longest interval of heartbeats, in seconds.
const SECONDS_MAX: u64 = 86_400;
/// Class of data centres other than Amazon's.
const OWN_CLASS: &str = "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo";
/// Class of Amazon's data centres.
const AMAZON_CLASS: &str = "com.netflix.appinfo.AmazonInfo";
/// Value of `sid` that says nothing.
const NO_SID: &str = "na";
/// Key of metadata by which a Java writer names its class.
const CLASS_KEY: &str = "@class";

/// Reason why a registration is refused, in the words of the original.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidInstance {
    #[error("cannot parse request body")]
    Unreadable,
    #[error("Missing instanceId")]
    MissingId,
    #[error("Missing hostname")]
    MissingHost,
    #[error("Missing ip address")]
    MissingIp,
    #[error("Missing appName")]
    MissingApp,
    #[error("Mismatched appName, expecting {expected} but was {given}")]
    OtherApp { expected: String, given: String },
    #[error("Missing dataCenterInfo")]
    MissingDataCenter,
    #[error("Missing dataCenterInfo Name")]
    MissingDataCenterName,
    #[error("metadata has more than {METADATA_BYTES_MAX} bytes")]
    LargeMetadata,
    #[error("{0} has more than {TEXT_BYTES_MAX} bytes")]
    LongText(&'static str),
}

/// Instance that registers for an application, from its document.
pub(crate) fn read_instance(
    body: &[u8],
    format: Format,
    app: &str,
    lease_seconds: u32,
) -> Result<Instance, InvalidInstance> {
    let root = parse(body, format).ok_or(InvalidInstance::Unreadable)?;
    let member = root.get("instance").ok_or(InvalidInstance::Unreadable)?;
    let value = member.as_array().and_then(|list| list.first()).unwrap_or(member);
    from_value(value, Some(app), lease_seconds)
}

/// Instances of all applications of a document; those that are invalid are left out.
pub(crate) fn read_applications(body: &[u8], lease_seconds: u32) -> Option<Vec<Instance>> {
    let root = parse(body, Format::Json)?;
    let applications = one_or_many(root.get("applications")?.get("application"));
    let instances = applications.iter().flat_map(|app| one_or_many(app.get("instance")));
    Some(instances.filter_map(|value| from_value(value, None, lease_seconds).ok()).collect())
}

fn parse(body: &[u8], format: Format) -> Option<Value> {
    match format {
        Format::Json => serde_json::from_slice(body).ok(),
        Format::Xml => xml_reader::parse(std::str::from_utf8(body).ok()?),
    }
}

fn one_or_many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// Instance from its JSON object, for this application or that which it names.
pub(super) fn from_value(
    value: &Value,
    app: Option<&str>,
    lease_seconds: u32,
) -> Result<Instance, InvalidInstance> {
    let members = Members(value.as_object().ok_or(InvalidInstance::Unreadable)?);
    let data_center = members.0.get("dataCenterInfo").filter(|it| !it.is_null());
    let host = members.text("hostName");
    let id = members.text("instanceId").or_else(|| {
        let unique = data_center.and_then(|it| it.get("metadata")?.get("instance-id"));
        unique.and_then(text_of).or_else(|| host.clone())
    });
    let id = id.ok_or(InvalidInstance::MissingId)?;
    let host = host.ok_or(InvalidInstance::MissingHost)?;
    let ip = members.text("ipAddr").ok_or(InvalidInstance::MissingIp)?;
    let given = members.text("app").ok_or(InvalidInstance::MissingApp)?;
    if let Some(expected) = app.filter(|app| !app.eq_ignore_ascii_case(&given)) {
        let expected = expected.to_owned();
        return Err(InvalidInstance::OtherApp { expected, given });
    }
    let data_center = data_center_of(data_center.ok_or(InvalidInstance::MissingDataCenter)?)?;
    let metadata = map_of(members.0.get("metadata"));
    check_metadata(&metadata)?;
    let lease = members.0.get("leaseInfo").and_then(Value::as_object).map(Members);
    let seconds = |name: &str, default: u32| {
        let given = lease.as_ref().and_then(|lease| lease.number(name)).filter(|it| *it > 0);
        given.map_or(default, |it| u32::try_from(it.min(SECONDS_MAX)).unwrap_or(default))
    };
    let overridden = members.status("overriddenStatus");
    let instance = Instance {
        id,
        app: given.to_uppercase(),
        host,
        ip,
        sid: members.text("sid").filter(|sid| sid != NO_SID),
        status: members.status("status").unwrap_or(InstanceStatus::Up),
        overridden: overridden
            .or_else(|| members.status("overriddenstatus"))
            .unwrap_or(InstanceStatus::Unknown),
        port: port_of(members.0.get("port"), Port { number: 7001, is_enabled: true }),
        secure_port: port_of(members.0.get("securePort"), Port { number: 7002, is_enabled: false }),
        country_id: members.0.get("countryId").and_then(integer_of).unwrap_or(1),
        data_center,
        renewal_interval_seconds: seconds("renewalIntervalInSecs", RENEWAL_INTERVAL_SECONDS),
        lease_seconds: seconds("durationInSecs", lease_seconds),
        metadata,
        app_group: members.text("appGroupName"),
        home_page_url: members.text("homePageUrl"),
        status_page_url: members.text("statusPageUrl"),
        health_check_url: members.text("healthCheckUrl"),
        secure_health_check_url: members.text("secureHealthCheckUrl"),
        vip: members.text("vipAddress"),
        secure_vip: members.text("secureVipAddress"),
        is_coordinating_server: members.0.get("isCoordinatingDiscoveryServer").is_some_and(is_true),
        last_updated_ms: members.number("lastUpdatedTimestamp").unwrap_or_default(),
        last_dirty_ms: members.number("lastDirtyTimestamp").unwrap_or_default(),
        action: None,
        asg: members.text("asgName"),
    };
    check_texts(&instance)?;
    Ok(instance)
}

/// Refuses metadata beyond its limit.
pub(crate) fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), InvalidInstance> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > METADATA_BYTES_MAX { Err(InvalidInstance::LargeMetadata) } else { Ok(()) }
}

fn check_texts(it: &Instance) -> Result<(), InvalidInstance> {
    let optional =
        |text: &'static str, value: &Option<String>| (text, value.as_ref().map_or(0, String::len));
    let lengths = [
        ("instanceId", it.id.len()),
        ("app", it.app.len()),
        ("hostName", it.host.len()),
        ("ipAddr", it.ip.len()),
        ("dataCenterInfo", it.data_center.class.len().max(it.data_center.name.len())),
        optional("sid", &it.sid),
        optional("appGroupName", &it.app_group),
        optional("homePageUrl", &it.home_page_url),
        optional("statusPageUrl", &it.status_page_url),
        optional("healthCheckUrl", &it.health_check_url),
        optional("secureHealthCheckUrl", &it.secure_health_check_url),
        optional("vipAddress", &it.vip),
        optional("secureVipAddress", &it.secure_vip),
        optional("asgName", &it.asg),
    ];
    match lengths.into_iter().find(|(_, bytes)| *bytes > TEXT_BYTES_MAX) {
        Some((name, _)) => Err(InvalidInstance::LongText(name)),
        None => check_metadata(&it.data_center.metadata),
    }
}

fn data_center_of(value: &Value) -> Result<DataCenter, InvalidInstance> {
    let members = Members(value.as_object().ok_or(InvalidInstance::MissingDataCenter)?);
    let name = members.text("name").ok_or(InvalidInstance::MissingDataCenterName)?;
    let default = if name == OWN_DATA_CENTER { OWN_CLASS } else { AMAZON_CLASS };
    let class = members.text(CLASS_KEY).unwrap_or_else(|| default.to_owned());
    Ok(DataCenter { class, name, metadata: map_of(members.0.get("metadata")) })
}

fn port_of(value: Option<&Value>, default: Port) -> Port {
    let Some(value) = value else { return default };
    let (number, enabled) = match value.as_object() {
        Some(members) => (members.get("$"), members.get("@enabled")),
        None => (Some(value), None),
    };
    let number = number.and_then(integer_of).and_then(|number| u16::try_from(number).ok());
    Port {
        number: number.unwrap_or(default.number),
        is_enabled: enabled.map_or(default.is_enabled, is_true),
    }
}

/// Map of texts. What is neither text nor number nor truth value is left out.
fn map_of(value: Option<&Value>) -> BTreeMap<String, String> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    let entries = entries.filter(|(key, _)| *key != CLASS_KEY);
    entries.filter_map(|(key, value)| Some((key.clone(), scalar_of(value)?))).collect()
}

/// Members of an object, read leniently.
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    /// Text that is not blank.
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(text_of)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(integer_of).and_then(|number| u64::try_from(number).ok())
    }

    /// Status of this name; one that nobody knows is `Unknown`.
    fn status(&self, name: &str) -> Option<InstanceStatus> {
        let name = self.text(name)?.to_uppercase();
        Some(InstanceStatus::parse(&name).unwrap_or(InstanceStatus::Unknown))
    }
}

fn scalar_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    scalar_of(value).filter(|text| !text.trim().is_empty())
}

fn integer_of(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true)
        || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}
