//! Page for people: who is registered, and why instances are evicted or not.

use super::{EurekaServer, server_status::explanation};
use crate::{
    application::replication_link::ReplicationLink,
    domain::{
        instance::LeasedInstance,
        registry::{Eviction, HistoryEntry},
        self_preservation::{RENEWAL_SHARE_MIN, SelfPreservation},
        status::InstanceStatus,
    },
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use kernel::Timestamp;
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// Path of the style sheet.
pub(super) const STYLE_PATH: &str = "/eureka/registry.css";

const STYLE: &str = include_str!("../../../assets/registry.css");

/// Content security policy of the pages: their style sheet, and nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Instances that the page lists. The protocol has them all.
const INSTANCES_SHOWN_MAX: usize = 1_000;

/// Page of the registry as it is now.
pub(super) async fn show(State(server): State<Arc<EurekaServer>>) -> Response {
    let (state, eviction, applications) = server.node.change(|registry, now_ms| {
        let applications = registry.applications().into_iter();
        let applications: Vec<_> =
            applications.map(|(app, instances)| (app.to_owned(), instances)).collect();
        (registry.self_preservation(now_ms), registry.last_eviction().copied(), applications)
    });
    page(
        "Registry",
        &html! {
            p {
                "Instances that are registered here. Programs read them in the protocol of Eureka at "
                a href="/eureka/apps" { "/eureka/apps" } ", and follow changes at " code { "/eureka/watch" } "."
            }
            (self_preservation(&state, eviction.as_ref()))
            (instances(&applications))
            @if !server.node.links.is_empty() { (peers(&server.node.links)) }
            p { a href="/lastn" { "The last registrations and cancellations" } }
        },
    )
}

/// Page of the last registrations and cancellations.
pub(super) async fn show_history(State(server): State<Arc<EurekaServer>>) -> Response {
    let (registered, cancelled) = server.node.read(|registry| {
        let (registered, cancelled) = registry.history();
        (registered.clone(), cancelled.clone())
    });
    let list = |heading: &str, entries: &std::collections::VecDeque<HistoryEntry>| {
        html! {
            section {
                h2 { (heading) }
                @if entries.is_empty() { p { "None yet." } } @else {
                    table {
                        thead { tr { th scope="col" { "Time" } th scope="col" { "Application" } th scope="col" { "Instance" } } }
                        tbody {
                            @for HistoryEntry { at_ms, app, id } in entries.iter().rev() {
                                tr { td { (time(*at_ms)) } td { (app) } td { (id) } }
                            }
                        }
                    }
                }
            }
        }
    };
    page(
        "Last registrations and cancellations",
        &html! {
            p { a href="/" { "Registry" } }
            (list("Cancelled or evicted", &cancelled))
            (list("Registered", &registered))
        },
    )
}

/// Style sheet of the pages.
pub(super) async fn style() -> Response {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, css)], STYLE).into_response()
}

fn self_preservation(state: &SelfPreservation, eviction: Option<&Eviction>) -> Markup {
    let verdict = if state.may_evict() { "evicting" } else { "keeping everything" };
    html! {
        section {
            h2 #self-preservation { "Self-preservation: " (verdict) }
            dl.figures {
                div { dt { "Instances" } dd { (state.instances) } }
                div { dt { "Promised heartbeats a minute" } dd { (format!("{:.1}", state.promised_per_minute)) } }
                div { dt { "Threshold: " (format!("{:.0}", RENEWAL_SHARE_MIN * 100.0)) " % of that" } dd { (state.threshold) } }
                div { dt { "Received in the last full minute" } dd { (state.received) } }
            }
            p #explanation { (explanation(state)) }
            @if let Some(Eviction { at_ms, expired, evicted, .. }) = eviction {
                p { "The last run, at " (time(*at_ms)) ", found " (expired) " expired leases and evicted " (evicted) "." }
            }
        }
    }
}

fn instances(applications: &[(String, Vec<LeasedInstance>)]) -> Markup {
    let all = applications.iter().flat_map(|(_, instances)| instances);
    html! {
        section {
            h2 { "Instances" }
            @if applications.is_empty() { p { "None is registered." } } @else {
                div.wide tabindex="0" role="region" aria-label="Instances" {
                    table {
                        thead { tr {
                            th scope="col" { "Application" } th scope="col" { "Instance" } th scope="col" { "Status" }
                            th scope="col" { "Last heartbeat" } th scope="col" { "Lease" }
                        } }
                        tbody { @for leased in all.clone().take(INSTANCES_SHOWN_MAX) { (instance(leased)) } }
                    }
                }
                @if all.clone().count() > INSTANCES_SHOWN_MAX {
                    p.note { "These are the first " (INSTANCES_SHOWN_MAX) ". All of them are at /eureka/apps." }
                }
            }
        }
    }
}

fn instance(leased: &LeasedInstance) -> Markup {
    let LeasedInstance { instance, times } = leased;
    let page = instance.status_page_url.as_deref().filter(|url| is_web_address(url));
    html! {
        tr {
            td { (instance.app) }
            th scope="row" {
                @match page {
                    Some(url) => a href=(url) rel="noopener noreferrer" { (instance.id) },
                    None => (instance.id),
                }
            }
            td class=(class(instance.status)) {
                (instance.status.name())
                @if instance.overridden != InstanceStatus::Unknown { " (set by an operator)" }
            }
            td { (time(times.renewed_ms)) }
            td { (instance.lease_seconds) " s" }
        }
    }
}

fn peers(links: &[Arc<ReplicationLink>]) -> Markup {
    html! {
        section {
            h2 { "Peers" }
            table {
                thead { tr {
                    th scope="col" { "Address" } th scope="col" { "State" } th scope="col" { "Last answer" }
                    th scope="col" { "Changes that wait" } th scope="col" { "Dropped" }
                } }
                tbody {
                    @for link in links {
                        @let state = link.state();
                        @let (waiting, dropped) = link.backlog();
                        tr {
                            th scope="row" { (link.address()) }
                            @match &state.failure {
                                _ if state.is_self => td { "this node itself" },
                                Some(reason) => td.down { (reason) },
                                None => td { @if state.answered_ms.is_some() { "answers" } @else { "not asked yet" } },
                            }
                            td { @if let Some(at_ms) = state.answered_ms { (time(at_ms)) } }
                            td { (waiting) }
                            td { (dropped) }
                        }
                    }
                }
            }
        }
    }
}

fn class(status: InstanceStatus) -> &'static str {
    match status {
        InstanceStatus::Up => "up",
        InstanceStatus::Down => "down",
        _ => "starting",
    }
}

/// Whether an address that an instance names may be a link: no other scheme is one that a page should open.
fn is_web_address(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn time(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn page(title: &str, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " – iCommerce" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    let mut response = Response::new(Body::from(page.into_string()));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
