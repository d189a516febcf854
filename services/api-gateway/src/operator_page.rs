//! Landing page of the operator edge: what this edge is, where to go on, and how the components of the process are.

use crate::{
    fleet_view::{self, MemberView},
    sign_in::{SIGN_IN, SIGN_OUT},
};
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use maud::{DOCTYPE, Markup, html};
use telemetry::{HealthReport, HealthStatus, health_details::LAG_MS};

/// Content security policy of the pages: their style sheet, and the form that signs out.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Path of the style sheet.
pub(crate) const STYLE_PATH: &str = "/operator.css";

/// Style sheet of the page.
pub(crate) const STYLE: &str = include_str!("../assets/operator.css");

/// Where operators find what, as headings with paths and what they are.
const PLACES: &[(&str, &[(&str, &str)])] = &[
    (
        "Interfaces",
        &[
            ("/docs", "the API of this edge, to read and to try (Swagger UI)"),
            ("/openapi.json", "the same as an OpenAPI document, for programs"),
            ("/health", "health of the components, for probes"),
            ("/metrics", "metrics, for Prometheus"),
        ],
    ),
    (
        "Daily business",
        &[
            ("/api/v1/orders", "orders, newest first"),
            ("/api/v1/products", "products"),
            ("/api/v1/stock", "stock"),
            (
                "/api/v1/notifications",
                "mails to customers about their orders, and whether they arrived",
            ),
        ],
    ),
    (
        "When something is stuck",
        &[
            ("/api/v1/sagas", "sagas that have not ended: checkouts, cancellations, refunds"),
            (
                "/api/v1/parked/product-service",
                "messages that the product service could not process",
            ),
            ("/api/v1/parked/order-service", "messages that the order service could not process"),
            ("/api/v1/parked/audit-service", "messages that the audit service could not process"),
            (
                "/api/v1/parked/notification-service",
                "messages that the notification service could not process",
            ),
            ("/api/v1/audit", "audit log: who did what, and when"),
        ],
    ),
];

/// Who looks at the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// Anybody: the edge is open.
    Anybody,
    /// Somebody who has not signed in.
    Stranger { can_sign_in: bool },
    /// Somebody with these roles, who may see what operators see or not.
    SignedIn { roles: Vec<String>, is_operator: bool },
}

impl Visitor {
    /// Whether the state of the process is for them.
    pub(crate) fn sees_state(&self) -> bool {
        match self {
            Self::Anybody => true,
            Self::Stranger { .. } => false,
            Self::SignedIn { is_operator, .. } => *is_operator,
        }
    }
}

/// Response with a page.
pub(crate) fn response(page: String) -> Response {
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Page with one sentence, and the way to sign in.
pub(crate) fn message(text: &str) -> String {
    page(&html! {
        p.note { (text) }
        p { a href=(SIGN_IN) { "Sign in" } " · " a href="/" { "Operator edge" } }
    })
}

/// The first page, with this health of the process and of the fleet, which operators alone are told.
pub(crate) fn render(health: &HealthReport, members: &[MemberView], visitor: &Visitor) -> String {
    page(&html! {
        p {
            "Here operators and their programs run the shop: catalogue, prices, stock, orders, refunds, audit. "
            "It is an API; pages for shoppers are at the shop edge."
        }
        (greeting(visitor))
        @if visitor.sees_state() {
            (fleet_view::table(members))
            (status(health))
        }
        @for (heading, places) in PLACES { (list(heading, places)) }
    })
}

fn greeting(visitor: &Visitor) -> Markup {
    html! {
        @match visitor {
            Visitor::Anybody => p.note {
                "This is the demonstration: it asks nobody to sign in, and anyone who can reach this edge can do everything. "
                "It stays on this machine. A shop that is started with --no-demo asks."
            },
            Visitor::Stranger { can_sign_in: true } => p.note {
                a #sign-in href=(SIGN_IN) { "Sign in" }
                " to go on. Programs send a token, as Authorization: Bearer."
            },
            Visitor::Stranger { can_sign_in: false } => p.note {
                "Programs send a token, as Authorization: Bearer. For people to sign in here, set api-gateway.operator_url "
                "to the https address of this edge."
            },
            Visitor::SignedIn { roles, .. } => form method="post" action=(SIGN_OUT) {
                p.note {
                    "You are signed in, with the " (if roles.len() == 1 { "role" } else { "roles" }) ": "
                    (if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }) ". "
                    button #sign-out type="submit" { "Sign out" }
                }
            },
        }
    }
}

fn page(content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { "Operator edge – iCommerce" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                main {
                    h1 { "Operator edge" }
                    (content)
                }
            }
        }
    };
    page.into_string()
}

fn list(heading: &str, places: &[(&str, &str)]) -> Markup {
    html! {
        section {
            h2 { (heading) }
            dl {
                @for (path, text) in places { div { dt { a href=(path) { (path) } } dd { (text) } } }
            }
        }
    }
}

fn status(health: &HealthReport) -> Markup {
    html! {
        section {
            h2 { "State of this process: " (word(health.status)) }
            table {
                thead { tr { th scope="col" { "Component" } th scope="col" { "State" } th scope="col" { "Reason" } th scope="col" { "Behind" } } }
                tbody {
                    @for (name, component) in &health.components {
                        tr {
                            th scope="row" { (name) }
                            td class=(word(component.status)) { (word(component.status)) }
                            td { (component.details.get("message").map_or("", String::as_str)) }
                            td { @if let Some(lag) = component.details.get(LAG_MS) { (lag) " ms" } }
                        }
                    }
                }
            }
        }
    }
}

fn word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Up => "up",
        HealthStatus::Starting => "starting",
        HealthStatus::Down => "down",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{self, SHARED};
    use telemetry::{Criticality, Health};
    use transport::Edge;

    #[test]
    fn every_api_path_of_the_page_is_a_route_of_the_edge() {
        let paths = PLACES.iter().flat_map(|(_, places)| *places).map(|(path, _)| *path);
        for path in paths.filter(|path| path.starts_with("/api")) {
            let mut routes = routes::of(Edge::Operator);
            assert!(
                routes.any(|it| it.path == path && it.methods.contains(&axum::http::Method::GET)),
                "{path}"
            );
        }
        assert!(!SHARED.is_empty());
    }

    #[test]
    fn the_state_of_each_component_is_told_with_its_reason() {
        let health = Health::new();
        health.component("journal", Criticality::Vital).up();
        health.component("feed of <audit>", Criticality::Optional).down("disk & all full");
        let page = render(&health.readiness(), &[], &Visitor::Anybody);
        assert!(page.contains("State of this process: up"), "{page}");
        assert!(page.contains("journal</th><td class=\"up\">up</td><td></td><td></td>"), "{page}");
        let down =
            "feed of &lt;audit&gt;</th><td class=\"down\">down</td><td>disk &amp; all full</td>";
        assert!(page.contains(down), "{page}");
    }

    #[test]
    fn a_stranger_is_told_nothing_of_the_state_and_everybody_where_to_go_on() {
        let health = Health::new();
        health.component("journal", Criticality::Vital).down("disk full");
        let shown = |visitor: &Visitor| render(&health.readiness(), &[], visitor);
        let stranger = shown(&Visitor::Stranger { can_sign_in: true });
        assert!(!stranger.contains("journal") && !stranger.contains("disk full"), "{stranger}");
        assert!(stranger.contains("href=\"/sign-in\""), "{stranger}");
        let remote = shown(&Visitor::Stranger { can_sign_in: false });
        assert!(!remote.contains("href=\"/sign-in\"") && remote.contains("operator_url"));
        let signed_in = |role: &str, is_operator| Visitor::SignedIn {
            roles: vec![role.to_owned()],
            is_operator,
        };
        let customer = shown(&signed_in("customer", false));
        assert!(!customer.contains("journal") && !customer.contains("disk full"), "{customer}");
        assert!(customer.contains("action=\"/sign-out\""), "{customer}");
        let operator = shown(&signed_in("viewer", true));
        assert!(operator.contains("journal") && operator.contains("disk full"), "{operator}");
        assert!(operator.contains("the role: viewer") && operator.contains("action=\"/sign-out\""));
        assert!(shown(&Visitor::Anybody).contains("This is the demonstration"));
        assert!(message("<script>").contains("&lt;script&gt;"));
    }
}
