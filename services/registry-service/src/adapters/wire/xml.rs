//! XML as the original server writes it, with `XStream`'s names: `_` is `__`, and `$` is `_-`.

use super::{Applications, Detail, Document};
use crate::domain::instance::{LeasedInstance, Port};
use std::{collections::BTreeMap, fmt::Display, fmt::Write};

pub(super) fn render(document: &Document, detail: Detail) -> Vec<u8> {
    let mut out = XmlWriter { text: String::new(), detail };
    match document {
        Document::Applications(Applications { version, hash_code, apps }) => {
            out.within("applications", |out| {
                out.element("versions__delta", version);
                out.element("apps__hashcode", hash_code);
                for (name, instances) in apps {
                    out.application(name, instances);
                }
            });
        }
        Document::Application { name, instances } => out.application(name, instances),
        Document::Instance(leased) => out.instance(leased),
    }
    out.text.into_bytes()
}

/// Writer of XML.
struct XmlWriter {
    text: String,
    detail: Detail,
}

impl XmlWriter {
    fn within(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.write(format_args!("<{name}>"));
        content(self);
        self.write(format_args!("</{name}>"));
    }

    fn element(&mut self, name: &str, value: impl Display) {
        self.within(name, |out| escape(&value.to_string(), &mut out.text));
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.element(name, value);
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
    }

    fn application(&mut self, name: &str, instances: &[LeasedInstance]) {
        self.within("application", |out| {
            out.element("name", name);
            for leased in instances {
                out.instance(leased);
            }
        });
    }

    fn instance(&mut self, leased: &LeasedInstance) {
        let it = &*leased.instance;
        let is_full = self.detail == Detail::Full;
        self.within("instance", |out| {
            out.element("instanceId", &it.id);
            out.element("hostName", &it.host);
            out.element("app", &it.app);
            out.element("ipAddr", &it.ip);
            if is_full {
                out.optional("sid", it.sid.as_deref());
            }
            out.element("status", it.status.name());
            if is_full {
                out.element("overriddenstatus", it.overridden.name());
            }
            out.port("port", it.port);
            out.port("securePort", it.secure_port);
            if is_full {
                out.element("countryId", it.country_id);
            }
            out.data_center(leased);
            if is_full {
                out.details(leased);
            }
            out.optional("vipAddress", it.vip.as_deref());
            out.optional("secureVipAddress", it.secure_vip.as_deref());
            if is_full {
                out.element("isCoordinatingDiscoveryServer", it.is_coordinating_server);
            }
            out.element("lastUpdatedTimestamp", it.last_updated_ms);
            if is_full {
                out.element("lastDirtyTimestamp", it.last_dirty_ms);
            }
            out.optional("actionType", it.action.map(crate::domain::instance::Action::name));
            out.optional("asgName", it.asg.as_deref());
        });
    }

    /// Lease, metadata and addresses, which the compact form leaves out.
    fn details(&mut self, leased: &LeasedInstance) {
        let LeasedInstance { instance: it, times } = leased;
        self.within("leaseInfo", |out| {
            out.element("renewalIntervalInSecs", it.renewal_interval_seconds);
            out.element("durationInSecs", it.lease_seconds);
            out.element("registrationTimestamp", times.registered_ms);
            out.element("lastRenewalTimestamp", times.renewed_ms);
            out.element("evictionTimestamp", times.ended_ms);
            out.element("serviceUpTimestamp", times.service_up_ms);
        });
        if it.metadata.is_empty() {
            self.write(format_args!(r#"<metadata class="java.util.Collections$EmptyMap"/>"#));
        } else {
            self.map("metadata", &it.metadata);
        }
        self.optional("appGroupName", it.app_group.as_deref());
        self.optional("homePageUrl", it.home_page_url.as_deref());
        self.optional("statusPageUrl", it.status_page_url.as_deref());
        self.optional("healthCheckUrl", it.health_check_url.as_deref());
        self.optional("secureHealthCheckUrl", it.secure_health_check_url.as_deref());
    }

    fn port(&mut self, name: &str, port: Port) {
        let Port { number, is_enabled } = port;
        self.write(format_args!(r#"<{name} enabled="{is_enabled}">{number}</{name}>"#));
    }

    fn data_center(&mut self, leased: &LeasedInstance) {
        let data_center = &leased.instance.data_center;
        self.write(format_args!(r#"<dataCenterInfo class=""#));
        escape(&data_center.class, &mut self.text);
        self.write(format_args!(r#"">"#));
        self.element("name", &data_center.name);
        if !data_center.metadata.is_empty() {
            self.map("metadata", &data_center.metadata);
        }
        self.write(format_args!("</dataCenterInfo>"));
    }

    fn map(&mut self, name: &str, entries: &BTreeMap<String, String>) {
        self.within(name, |out| {
            for (key, value) in entries.iter().filter(|(key, _)| is_element_name(key)) {
                out.element(&escaped_name(key), value);
            }
        });
    }
}

/// Name of an element for a key.
fn escaped_name(key: &str) -> String {
    key.replace('_', "__").replace('$', "_-")
}

/// Whether a key can be the name of an element. One that cannot would make the whole document unreadable; JSON has it.
fn is_element_name(key: &str) -> bool {
    let is_start = |sign: char| sign.is_alphabetic() || sign == '_' || sign == '$';
    let is_part =
        |sign: char| is_start(sign) || sign.is_alphanumeric() || sign == '.' || sign == '-';
    key.starts_with(is_start) && key.chars().all(is_part)
}

/// Text with XML's own signs escaped, and without the control characters that no XML can have.
fn escape(text: &str, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(sign),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => {}
            sign => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_xstream_does() {
        assert_eq!(escaped_name("a_b$c"), "a__b_-c");
        assert!(is_element_name("management.port") && is_element_name("_a"));
        for key in ["", "1a", "a b", "a<b", "-a", "@class"] {
            assert!(!is_element_name(key), "{key:?}");
        }
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        escape("<a href=\"b\">&\u{0}\u{7}ü", &mut out);
        assert_eq!(out, "&lt;a href=&quot;b&quot;&gt;&amp;ü");
    }
}
