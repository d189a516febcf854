//! Pages that the merchant writes: legal notice, terms, privacy, right of withdrawal. A page without a text does not
//! exist, and nothing links to it.

use crate::{
    app_state::AppState,
    components::layout::{self, LayoutData, PageMeta},
    messages::LayoutMessages,
    page_error::{PageError, PageResult},
    page_response::PageResponse,
    request_context::RequestContext,
    settings::StorefrontSettings,
};
use axum::extract::State;
use maud::{Markup, html};
use std::sync::Arc;

/// Page that the merchant writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MerchantPage {
    Imprint,
    Terms,
    Privacy,
    Withdrawal,
}

impl MerchantPage {
    const ALL: [Self; 4] = [Self::Imprint, Self::Terms, Self::Privacy, Self::Withdrawal];

    /// Pages that have a text.
    pub(crate) fn written(settings: &StorefrontSettings) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|page| !page.text(settings).is_empty())
    }

    /// Path of the page.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Imprint => "/imprint",
            Self::Terms => "/terms",
            Self::Privacy => "/privacy",
            Self::Withdrawal => "/withdrawal",
        }
    }

    pub(crate) fn title(self, messages: &LayoutMessages) -> &'static str {
        match self {
            Self::Imprint => messages.imprint,
            Self::Terms => messages.terms,
            Self::Privacy => messages.privacy,
            Self::Withdrawal => messages.withdrawal,
        }
    }

    /// Name of the setting with the text, which translations name instead of the whole text.
    fn setting(self) -> &'static str {
        match self {
            Self::Imprint => "pages.imprint",
            Self::Terms => "pages.terms",
            Self::Privacy => "pages.privacy",
            Self::Withdrawal => "pages.withdrawal",
        }
    }

    fn text(self, settings: &StorefrontSettings) -> &str {
        let texts = &settings.pages;
        let text = match self {
            Self::Imprint => &texts.imprint,
            Self::Terms => &texts.terms,
            Self::Privacy => &texts.privacy,
            Self::Withdrawal => &texts.withdrawal,
        };
        text.trim()
    }
}

/// `GET /imprint`, `/terms`, `/privacy` and `/withdrawal`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let path = context.uri.path();
    let page = MerchantPage::written(&state.settings).find(|page| page.path() == path);
    let page = page.ok_or(PageError::NotFound)?;
    let layout = LayoutData::load(&state, &context).await;
    let title = page.title(&context.locale.messages.layout);
    let translation = context.locale.translation(page.setting());
    let original = page.text(&state.settings);
    let lang = if translation.is_none() { context.locale.lang_of(original) } else { None };
    let main = html! {
        main.wrap.prose #main {
            h1 { (title) }
            div lang=[lang] { (paragraphs(translation.unwrap_or(original))) }
        }
    };
    let meta = PageMeta { title, canonical: Some(page.path().to_owned()), ..PageMeta::default() };
    Ok(PageResponse::public(&state, &context)
        .html(layout::page(&state, &context, &layout, &meta, &main)))
}

/// Paragraphs and headings of a text.
fn paragraphs(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    html! {
        @for block in blocks {
            @match block.strip_prefix("# ") {
                Some(heading) => h2 { (heading) },
                None => p { @for (number, line) in block.lines().enumerate() { @if number > 0 { br; } (line) } },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_headings_and_paragraphs_and_never_markup() {
        let html = |text: &str| paragraphs(text).into_string();
        assert_eq!(
            html("One\nTwo\n\n# Head\n\nThree"),
            "<p>One<br>Two</p><h2>Head</h2><p>Three</p>"
        );
        assert_eq!(html("A\r\n\r\nB\n\n\n\n"), "<p>A</p><p>B</p>");
        assert_eq!(html("<b>&</b>"), "<p>&lt;b&gt;&amp;&lt;/b&gt;</p>");
        assert_eq!(html(""), "");
    }
}
