//! View of the fleet for operators: which process owns which services, which stand by, and how far consumers are behind.

use bytes::Bytes;
use futures_util::future::join_all;
use maud::{Markup, html};
use runtime::FleetMember;
use std::collections::BTreeMap;
use telemetry::{
    HealthReport, HealthStatus,
    health_details::{LAG_MS, LEASE, LEASE_STATE, STANDBY},
};
use transport::Request;

/// Path of the health of a process at its service listener.
const HEALTH_PATH: &str = "/health";
/// Most processes that are asked for a view.
const MEMBERS_MAX: usize = 256;

/// Process of the fleet, as it is now.
#[derive(Clone, Debug)]
pub(crate) struct MemberView {
    services: Vec<&'static str>,
    address: String,
    state: MemberState,
}

/// What a process says of itself.
#[derive(Clone, Debug)]
enum MemberState {
    /// It owns its services, or serves services that all their processes serve.
    Serving(HealthReport),
    /// Another process owns its services.
    StandingBy,
    /// It does not say anything, with the reason.
    Silent(String),
}

/// Asks all processes of the fleet at once how they are. That takes as long as one of them may take.
pub(crate) async fn look(members: &[FleetMember]) -> Vec<MemberView> {
    join_all(members.iter().take(MEMBERS_MAX).map(async |member| MemberView {
        services: member.services.clone(),
        address: member.address.clone(),
        state: ask(member).await,
    }))
    .await
}

async fn ask(member: &FleetMember) -> MemberState {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = HEALTH_PATH.parse().expect("it is a path");
    let response = match member.channel.send(request).await {
        Ok(response) => response,
        Err(error) => return MemberState::Silent(error.to_string()),
    };
    let Ok(report) = serde_json::from_slice::<HealthReport>(response.body()) else {
        return MemberState::Silent(format!("it answers {}, and not how it is", response.status()));
    };
    let lease = report.components.get(LEASE).and_then(|lease| lease.details.get(LEASE_STATE));
    match lease.map(String::as_str) {
        Some(STANDBY) => MemberState::StandingBy,
        _ => MemberState::Serving(report),
    }
}

/// Table of the processes, sorted by their services; nothing where there is no fleet.
pub(crate) fn table(members: &[MemberView]) -> Markup {
    let mut members: Vec<&MemberView> = members.iter().collect();
    members.sort_by(|a, b| (&a.services, &a.address).cmp(&(&b.services, &b.address)));
    html! {
        @if !members.is_empty() {
            section {
                h2 #fleet { "Fleet" }
                table {
                    thead { tr {
                        th scope="col" { "Services" } th scope="col" { "Process" } th scope="col" { "State" }
                        th scope="col" { "Consumers behind" }
                    } }
                    tbody { @for member in members { (row(member)) } }
                }
            }
        }
    }
}

fn row(member: &MemberView) -> Markup {
    let (class, state) = match &member.state {
        MemberState::Serving(report) => match report.status {
            HealthStatus::Up => ("up", if is_owner(report) { "owner" } else { "serves" }),
            HealthStatus::Starting => ("starting", "starting"),
            HealthStatus::Down => ("down", "down"),
        },
        MemberState::StandingBy => ("standby", "stands by"),
        MemberState::Silent(_) => ("down", "does not answer"),
    };
    html! {
        tr {
            th scope="row" { (member.services.join(", ")) }
            td { (member.address) }
            td class=(class) {
                (state)
                @match &member.state {
                    MemberState::Serving(report) => @for reason in reasons(report) { br; (reason) },
                    MemberState::Silent(reason) => { br; (reason) },
                    MemberState::StandingBy => {},
                }
            }
            td {
                @if let MemberState::Serving(report) = &member.state {
                    @for (consumer, lag) in &lags(report) { (consumer) ": " (lag) " ms" br; }
                }
            }
        }
    }
}

fn is_owner(report: &HealthReport) -> bool {
    report.components.contains_key(LEASE)
}

/// Components that are not up, with why.
fn reasons(report: &HealthReport) -> impl Iterator<Item = String> {
    let not_up = report.components.iter().filter(|(_, it)| it.status != HealthStatus::Up);
    not_up.map(|(name, component)| match component.details.get("message") {
        Some(message) => format!("{name}: {message}"),
        None => name.clone(),
    })
}

/// Lag of each consumer, in milliseconds: the longest of its partitions.
fn lags(report: &HealthReport) -> BTreeMap<&str, u64> {
    let mut lags = BTreeMap::new();
    for (name, component) in &report.components {
        let Some(lag) = component.details.get(LAG_MS).and_then(|lag| lag.parse().ok()) else {
            continue;
        };
        let longest: &mut u64 = lags.entry(consumer(name)).or_insert(lag);
        *longest = lag.max(*longest);
    }
    lags
}

/// Name of a consumer, from the component of it or of one of its partitions.
fn consumer(component: &str) -> &str {
    let name = component.strip_prefix("feed ").unwrap_or(component);
    match name.rsplit_once('.') {
        Some((consumer, partition)) if partition.contains("-of-") => consumer,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use serde_json::json;
    use transport::{Channel, Response, Transport, TransportError};

    /// Process that answers with this body, or not at all.
    struct Process(Option<String>);

    #[async_trait]
    impl Transport for Process {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            assert_eq!(request.uri().path(), "/health");
            match &self.0 {
                Some(body) => Ok(Response::new(body.clone().into())),
                None => {
                    Err(TransportError::Unreachable { service: "member", reason: "<gone>".into() })
                }
            }
        }
    }

    fn member(
        services: &[&'static str],
        port: u16,
        body: Option<serde_json::Value>,
    ) -> FleetMember {
        FleetMember {
            services: services.to_vec(),
            address: format!("http://10.0.0.1:{port}"),
            channel: Channel::new(Process(body.map(|body| body.to_string()))),
        }
    }

    #[tokio::test]
    async fn each_process_is_shown_with_its_state_and_the_lag_of_its_consumers() {
        let owner = json!({"status": "DOWN", "components": {
            "lease": {"status": "UP", "details": {"state": "owner"}},
            "feed orders.inventory-service.0-of-2": {"status": "UP", "details": {"lag_ms": "3"}},
            "feed orders.inventory-service.1-of-2": {"status": "UP", "details": {"lag_ms": "21"}},
            "journal": {"status": "DOWN", "details": {"message": "disk & all full"}},
        }});
        let up = json!({"status": "UP", "components": {}});
        let standby = json!({"status": "UP", "components": {
            "lease": {"status": "UP", "details": {"state": "standby"}},
        }});
        let leased = json!({"status": "UP", "components": {
            "lease": {"status": "UP", "details": {"state": "owner"}},
        }});
        let members = [
            member(&["order-service"], 9305, Some(owner)),
            member(&["order-service"], 9405, Some(standby)),
            member(&["payment-service"], 9302, Some(leased)),
            member(&["storefront"], 9309, Some(up)),
            member(&["product-service"], 9303, None),
        ];
        let page = table(&look(&members).await).into_string();
        let row = |port: u16| {
            let (_, row) = page.split_once(&format!("<td>http://10.0.0.1:{port}</td>")).unwrap();
            row.split("</tr>").next().unwrap().to_owned()
        };
        assert!(row(9305).contains("down<br>journal: disk &amp; all full"), "{page}");
        assert!(row(9305).contains("orders.inventory-service: 21 ms"), "{page}");
        assert!(row(9405).contains(">stands by<"), "{page}");
        assert!(row(9302).contains(">owner<"), "{page}");
        assert!(row(9309).contains(">serves<"), "{page}");
        assert!(
            row(9303).contains("does not answer<br>") && row(9303).contains("&lt;gone&gt;"),
            "{page}"
        );
        assert!(table(&[]).into_string().is_empty());
    }
}
