//! Landing page of the operator edge: what this edge is, where to go on, and how the components of the process are.

use bytes::Bytes;
use maud::{DOCTYPE, Markup, html};
use telemetry::{HealthReport, HealthStatus};

/// Content security policy of the page: its style sheet, and nothing else.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

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
            ("/api/v1/audit", "audit log: who did what, and when"),
        ],
    ),
];

/// The page, with this health of the process.
pub(crate) fn render(health: &HealthReport) -> Bytes {
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
                    p {
                        "Here operators and their programs run the shop: catalogue, prices, stock, orders, refunds, audit. "
                        "It is an API; pages for shoppers are at the shop edge."
                    }
                    p.note {
                        "Anyone who can reach this edge can do everything. Keep it on this machine or in a private network, "
                        "behind authentication of your own."
                    }
                    (status(health))
                    @for (heading, places) in PLACES { (list(heading, places)) }
                }
            }
        }
    };
    page.into_string().into()
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
                thead { tr { th scope="col" { "Component" } th scope="col" { "State" } th scope="col" { "Reason" } } }
                tbody {
                    @for (name, component) in &health.components {
                        tr {
                            th scope="row" { (name) }
                            td class=(word(component.status)) { (word(component.status)) }
                            td { (component.details.get("message").map_or("", String::as_str)) }
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
        let page = String::from_utf8(render(&health.readiness()).to_vec()).unwrap();
        assert!(page.contains("State of this process: up"), "{page}");
        assert!(page.contains("journal</th><td class=\"up\">up</td><td></td>"), "{page}");
        let down =
            "feed of &lt;audit&gt;</th><td class=\"down\">down</td><td>disk &amp; all full</td>";
        assert!(page.contains(down), "{page}");
    }
}
