//! Account pages (`/account`): what a customer who is signed in has in the shop. Password, e-mail address and sessions are looked after on
//! the pages of the auth server.

mod addresses;
mod arrival;
mod claims;
mod orders;
mod stranger;
mod wish_list;

pub(crate) use addresses::{
    choose_default as choose_default_address, edit as edit_address, new as new_address,
    remove as remove_address, save as save_address, show as show_addresses,
};
pub(crate) use arrival::show as arrive;
pub(crate) use claims::{redeem as redeem_claim, request as request_claim, show as show_claim};
pub(crate) use orders::show;
pub(crate) use stranger::signed_out;
pub(crate) use wish_list::{
    add as add_wish, buy as buy_wish, remove as remove_wish, show as show_wish_list,
};

use crate::{
    app_state::AppState,
    components::layout::{self, Indexing, LayoutData, PageMeta},
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};

/// Path of the account.
const ACCOUNT: &str = "/account";

/// Section of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Orders,
    WishList,
    Addresses,
}

impl Section {
    const ALL: [Self; 3] = [Self::Orders, Self::WishList, Self::Addresses];

    fn path(self) -> &'static str {
        match self {
            Self::Orders => ACCOUNT,
            Self::WishList => wish_list::WISH_LIST,
            Self::Addresses => addresses::ADDRESSES,
        }
    }

    fn name(self, context: &RequestContext) -> &'static str {
        let messages = &context.locale.messages.account;
        match self {
            Self::Orders => messages.orders,
            Self::WishList => messages.wish_list,
            Self::Addresses => messages.addresses,
        }
    }
}

/// Address of the sign-in, after which people arrive with their cart at this path.
pub(crate) fn sign_in_address(return_to: &str) -> String {
    let with = |path: &str, name: &str, value: &str| {
        let mut query = Serializer::new(String::new());
        [path, "?", &query.append_pair(name, value).finish()].concat()
    };
    with("/sign-in", "return_to", &with("/account/arrival", "to", return_to))
}

/// Page of a section.
async fn render(
    state: &AppState,
    context: &RequestContext,
    section: Section,
    body: &Markup,
) -> Response {
    render_titled(state, context, section, section.name(context), body).await
}

/// Page of a section under a heading of its own.
async fn render_titled(
    state: &AppState,
    context: &RequestContext,
    section: Section,
    name: &str,
    body: &Markup,
) -> Response {
    let layout = LayoutData::load(state, context).await;
    let messages = &context.locale.messages.account;
    let title = [messages.title, ": ", name].concat();
    let meta = PageMeta { title: &title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let main = html! {
        main.wrap.account #main {
            (sections(context, section))
            div.account-body { h1 { (name) } (body) }
        }
    };
    PageResponse::private(state, context).html(layout::page(state, context, &layout, &meta, &main))
}

/// Navigation between the sections, the pages of the auth server, and the way out.
fn sections(context: &RequestContext, current: Section) -> Markup {
    let messages = &context.locale.messages.account;
    html! {
        nav.account-sections aria-label=(messages.sections) {
            ul role="list" {
                @for section in Section::ALL {
                    li { a href=(section.path()) aria-current=[(section == current).then_some("page")] { (section.name(context)) } }
                }
                li { a href="/auth/account" { (messages.profile) } }
                li { a href="/auth/account/consents" { (messages.consents) } }
            }
            form action="/sign-out" method="post" { button.text-button #sign-out type="submit" { (messages.sign_out) } }
        }
    }
}
