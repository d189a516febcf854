//! Choice of a language (`POST /language`): a form in the footer of every page, which works without a script.

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    form_fields::FormFields,
    language_cookie,
    locale::Language,
    page_error::{PageError, PageResult},
    page_response::see_other,
    request_context::RequestContext,
};
use axum::extract::State;
use http::header;
use std::sync::Arc;

/// `POST /language`
pub(crate) async fn choose(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let language = fields.text("language").and_then(Language::from_tag);
    let language = language.filter(|it| state.settings.available_languages().contains(it));
    let language = language.ok_or(PageError::NotFound)?;
    let back = fields.text("back").filter(|path| is_path(path)).unwrap_or("/");
    let mut response = see_other(&context, back, CartCookie::Unchanged);
    let cookie = language_cookie::set_cookie(language, context.scheme);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Whether a text is a path of this shop: a browser takes two slashes for another host, and a backslash for a slash.
pub(crate) fn is_path(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_leads_to_another_host() {
        for path in ["/", "/p/lamp?colour=Brick&plug=EU", "/c/kitchen/pots%20and%20pans"] {
            assert!(is_path(path), "{path}");
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\\b",
            "/a b",
            "/a\t//b",
        ] {
            assert!(!is_path(other), "{other}");
        }
    }
}
