//! Icons: strokes of one width on a grid of 24.

use maud::{Markup, PreEscaped, Render, html};

/// An icon, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Search,
    Cart,
    Menu,
    Close,
    Open,
    Filters,
    Parcel,
    Return,
    Shield,
    Few,
    Tick,
    Cross,
    Back,
    Wait,
}

impl Icon {
    fn strokes(self) -> &'static str {
        match self {
            Self::Search => r#"<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>"#,
            Self::Cart => {
                r#"<path d="M2.5 4h2.6l2.3 10.6a1.8 1.8 0 0 0 1.8 1.4h7.9a1.8 1.8 0 0 0 1.8-1.4L20.5 8H6"/><circle cx="9.5" cy="19.8" r="1.3"/><circle cx="16.8" cy="19.8" r="1.3"/>"#
            }
            Self::Menu => r#"<path d="M4 7h16M4 12h16M4 17h16"/>"#,
            Self::Close => r#"<path d="m6 6 12 12M18 6 6 18"/>"#,
            Self::Open => r#"<path d="m6 9.5 6 6 6-6"/>"#,
            Self::Filters => {
                r#"<path d="M3.5 8h9m5 0h3M3.5 16h3m5 0h9"/><circle cx="15" cy="8" r="2.4"/><circle cx="9" cy="16" r="2.4"/>"#
            }
            Self::Parcel => {
                r#"<path d="M2.5 6h11.500v10.500h-11.500zM14 10h4l3.500 3.300v3.200H14"/><circle cx="7" cy="17.500" r="1.900"/><circle cx="17.500" cy="17.500" r="1.900"/>"#
            }
            Self::Return => {
                r#"<path d="M4 9.500h11a5.200 5.200 0 0 1 0 10.400h-4M4 9.500 8.200 5.300M4 9.500l4.200 4.200"/>"#
            }
            Self::Shield => {
                r#"<path d="M12 3.300 5 5.900v5.600c0 4.200 2.800 7.300 7 9.200 4.200-1.900 7-5 7-9.200V5.900z"/><path d="m9 11.900 2.200 2.200 3.900-4.200"/>"#
            }
            Self::Few => r#"<path d="M13 3 5.500 13.300H11L10.200 21l8-10.600h-6z"/>"#,
            Self::Tick => r#"<path d="m5 12.500 4.500 4.500L19 7"/>"#,
            Self::Cross => {
                r#"<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500v5.500m0 3.300v.2"/>"#
            }
            Self::Back => r#"<path d="M20 12H4.500m6-6-6 6 6 6"/>"#,
            Self::Wait => r#"<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5.200l3.400 2"/>"#,
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        html! {
            svg.i viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(self.strokes())) }
        }
    }
}

/// The mark of the shop.
pub(crate) fn mark() -> Markup {
    html! {
        svg.mark-sign viewBox="0 0 32 32" aria-hidden="true" {
            path fill="currentColor" d="M16 2 27 14h-6l7 8h-9v8h-6v-8H4l7-8H5z" {}
        }
    }
}
