//! SVG icons: strokes of one width on a 24 by 24 grid.

use maud::{Markup, PreEscaped, Render, html};

/// Icon of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Search,
    Cart,
    Person,
    Menu,
    Close,
    Chevron,
    Filters,
    Van,
    Return,
    Shield,
    Bolt,
    Check,
    Alert,
    Back,
    Clock,
    Picture,
}

impl Icon {
    fn strokes(self) -> &'static str {
        match self {
            Self::Search => r#"<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>"#,
            Self::Cart => {
                r#"<path d="M2.5 4h2.6l2.3 10.6a1.8 1.8 0 0 0 1.8 1.4h7.9a1.8 1.8 0 0 0 1.8-1.4L20.5 8H6"/><circle cx="9.5" cy="19.8" r="1.3"/><circle cx="16.8" cy="19.8" r="1.3"/>"#
            }
            Self::Person => {
                r#"<circle cx="12" cy="8.2" r="3.7"/><path d="M4.8 20c.6-3.9 3.4-6 7.2-6s6.6 2.1 7.2 6"/>"#
            }
            Self::Menu => r#"<path d="M4 7h16M4 12h16M4 17h16"/>"#,
            Self::Close => r#"<path d="m6 6 12 12M18 6 6 18"/>"#,
            Self::Chevron => r#"<path d="m6 9.5 6 6 6-6"/>"#,
            Self::Filters => {
                r#"<path d="M3.5 8h9m5 0h3M3.5 16h3m5 0h9"/><circle cx="15" cy="8" r="2.4"/><circle cx="9" cy="16" r="2.4"/>"#
            }
            Self::Van => {
                r#"<path d="M2.5 6h11.5v10.5h-11.5zM14 10h4l3.5 3.3v3.2H14"/><circle cx="7" cy="17.5" r="1.9"/><circle cx="17.5" cy="17.5" r="1.9"/>"#
            }
            Self::Return => {
                r#"<path d="M4 9.5h11a5.2 5.2 0 0 1 0 10.4h-4M4 9.5 8.2 5.3M4 9.5l4.2 4.2"/>"#
            }
            Self::Shield => {
                r#"<path d="M12 3.3 5 5.9v5.6c0 4.2 2.8 7.3 7 9.2 4.2-1.9 7-5 7-9.2V5.9z"/><path d="m9 11.9 2.2 2.2 3.9-4.2"/>"#
            }
            Self::Bolt => r#"<path d="M13 3 5.5 13.3H11L10.2 21l8-10.6h-6z"/>"#,
            Self::Check => r#"<path d="m5 12.5 4.5 4.5L19 7"/>"#,
            Self::Alert => r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5v5.5m0 3.3v.2"/>"#,
            Self::Back => r#"<path d="M20 12H4.5m6-6-6 6 6 6"/>"#,
            Self::Picture => {
                r#"<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><circle cx="9" cy="10" r="1.7"/><path d="m4 17.5 5-4.5 3.5 3 3-3 5 4.5"/>"#
            }
            Self::Clock => r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.4 2"/>"#,
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
