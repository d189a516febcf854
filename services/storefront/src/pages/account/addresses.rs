//! Address book of the customer (`/account/addresses`): the list, and the form of one address.

use super::{Section, render, render_titled, sign_in_address};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        address::{address, one_line},
        icon::Icon,
    },
    form_fields::FormFields,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::see_other,
    pages::checkout::{AddressFields, AddressForm, FormErrors, address_errors},
    request_context::RequestContext,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use contracts::{
    codes::ADDRESS_LIMIT,
    order::{AddressBook, AddressToStore, StoredAddress},
    shared::AddressId,
};
use http::StatusCode;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;
use transport::CallError;

/// Path of the list.
pub(super) const ADDRESSES: &str = "/account/addresses";

/// Address as filled in, with the defaults that it becomes.
struct AddressEntryForm {
    id: AddressId,
    is_new: bool,
    address: AddressForm,
    default_delivery: bool,
    default_billing: bool,
}

/// `GET /account/addresses`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    match state.orders.addresses().await {
        Ok(book) => Ok(list_page(&state, &context, &book, None).await),
        Err(error) => refused(&context, error),
    }
}

/// `GET /account/addresses/new`
pub(crate) async fn new(State(state): State<Arc<AppState>>, context: RequestContext) -> PageResult {
    let book = match state.orders.addresses().await {
        Ok(book) => book,
        Err(error) => return refused(&context, error),
    };
    if book.is_full() {
        return Ok(see_other(&context, ADDRESSES, CartCookie::Unchanged));
    }
    let address = AddressForm::read(&FormFields::default(), "", &state.settings.country);
    // The first one is both in any case.
    let is_first = book.items.is_empty();
    let form = AddressEntryForm {
        id: state.ids.next(),
        is_new: true,
        address,
        default_delivery: is_first,
        default_billing: is_first,
    };
    Ok(form_page(&state, &context, &form, &FormErrors::new()).await)
}

/// `GET /account/addresses/{id}`
pub(crate) async fn edit(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    Path(id): Path<String>,
) -> PageResult {
    let id = parsed(&id)?;
    let book = match state.orders.addresses().await {
        Ok(book) => book,
        Err(error) => return refused(&context, error),
    };
    // Whoever reloads the address of a form that was sent, or of an address that is gone, finds the list.
    let Some(stored) = book.find(id) else {
        return Ok(see_other(&context, ADDRESSES, CartCookie::Unchanged));
    };
    let form = AddressEntryForm {
        id,
        is_new: false,
        address: AddressForm::of(&stored.address),
        default_delivery: stored.default_delivery,
        default_billing: stored.default_billing,
    };
    Ok(form_page(&state, &context, &form, &FormErrors::new()).await)
}

/// `POST /account/addresses/{id}`
pub(crate) async fn save(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    Path(id): Path<String>,
    fields: FormFields,
) -> PageResult {
    if context.customer.is_none() {
        return Ok(to_sign_in(&context));
    }
    let form = AddressEntryForm {
        id: parsed(&id)?,
        is_new: fields.has("new"),
        address: AddressForm::read(&fields, "", &state.settings.country),
        default_delivery: fields.has("default_delivery"),
        default_billing: fields.has("default_billing"),
    };
    if fields.has("update") {
        return Ok(form_page(&state, &context, &form, &FormErrors::new()).await);
    }
    let countries = &state.cached_catalogue.delivery().await.countries;
    let address = form.address.to_address();
    let errors = address_errors(&address, "", context.locale.messages, countries);
    if !errors.is_empty() {
        return Ok(form_page(&state, &context, &form, &errors).await);
    }
    let AddressEntryForm { default_delivery, default_billing, .. } = form;
    let to_store = AddressToStore { address, default_delivery, default_billing };
    let stored = state.orders.store_address(form.id, &to_store).await;
    changed(&state, &context, stored).await
}

/// `POST /account/addresses/{id}/default`
pub(crate) async fn choose_default(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    Path(id): Path<String>,
    fields: FormFields,
) -> PageResult {
    let id = parsed(&id)?;
    let book = match state.orders.addresses().await {
        Ok(book) => book,
        Err(error) => return refused(&context, error),
    };
    let stored = book.find(id).ok_or(PageError::NotFound)?;
    let is_wanted = |wanted| fields.text("use") == Some(wanted);
    let to_store = AddressToStore {
        address: stored.address.clone(),
        default_delivery: is_wanted("delivery"),
        default_billing: is_wanted("billing"),
    };
    let stored = state.orders.store_address(id, &to_store).await;
    changed(&state, &context, stored).await
}

/// `POST /account/addresses/{id}/remove`
pub(crate) async fn remove(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    Path(id): Path<String>,
    _: FormFields,
) -> PageResult {
    let removed = state.orders.remove_address(parsed(&id)?).await;
    changed(&state, &context, removed).await
}

fn parsed(id: &str) -> Result<AddressId, PageError> {
    id.parse().map_err(|_| PageError::NotFound)
}

/// Response to a change: the list, or why nothing was changed.
async fn changed(
    state: &AppState,
    context: &RequestContext,
    result: Result<AddressBook, CallError>,
) -> PageResult {
    match result {
        Ok(_) => Ok(see_other(context, ADDRESSES, CartCookie::Unchanged)),
        Err(error) if error.problem(&ADDRESS_LIMIT).is_some() => {
            let book = state.orders.addresses().await?;
            let reason = full(context, &book);
            let page = list_page(state, context, &book, Some(&reason)).await;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => refused(context, error),
    }
}

/// Response to a refusal: the sign-in for a stranger.
fn refused(context: &RequestContext, error: CallError) -> PageResult {
    if error.problem(&codes::UNAUTHENTICATED).is_some() {
        return Ok(to_sign_in(context));
    }
    Err(error.into())
}

fn to_sign_in(context: &RequestContext) -> Response {
    see_other(context, &sign_in_address(ADDRESSES), CartCookie::Unchanged)
}

fn full(context: &RequestContext, book: &AddressBook) -> String {
    let count = book.addresses_max.to_string();
    interpolate(context.locale.messages.account.addresses_full, &[("n", &count)])
}

async fn list_page(
    state: &AppState,
    context: &RequestContext,
    book: &AddressBook,
    reason: Option<&str>,
) -> Response {
    let messages = &context.locale.messages.account;
    let countries = &state.cached_catalogue.delivery().await.countries;
    let country = |code: &str| {
        let known = countries.iter().find(|country| country.code == code);
        known.map_or(code, |country| context.locale.messages.country(country)).to_owned()
    };
    let body = html! {
        @if let Some(reason) = reason { p.notice.bad role="alert" { (Icon::Alert) span { (reason) } } }
        @if book.items.is_empty() { p.quiet { (messages.no_addresses) } }
        @else {
            ul.address-list role="list" {
                @for stored in &book.items { (row(context, stored, &country(&stored.address.country))) }
            }
        }
        @if book.is_full() {
            @if reason.is_none() { p.quiet { (full(context, book)) } }
        } @else {
            p { a.button #add-address href="/account/addresses/new" { (messages.add_address) } }
        }
    };
    render(state, context, Section::Addresses, &body).await
}

fn row(context: &RequestContext, stored: &StoredAddress, country: &str) -> Markup {
    let messages = context.locale.messages;
    let own = &messages.account;
    let line = one_line(&stored.address);
    let named = |text: &str| interpolate(text, &[("address", &line)]);
    let path = format!("{ADDRESSES}/{}", stored.id);
    let defaults = [
        (stored.default_delivery, own.default_delivery, own.make_delivery, "delivery"),
        (stored.default_billing, own.default_billing, own.make_billing, "billing"),
    ];
    html! {
        li {
            div {
                (address(&stored.address, country))
                @for (_, name, ..) in defaults.iter().filter(|(is_default, ..)| *is_default) { p.order-state.done { (name) } }
            }
            div.address-ways {
                a.link-line href=(path) aria-label=(named(own.edit_what)) { (own.edit) }
                @for (_, _, label, wanted) in defaults.iter().filter(|(is_default, ..)| !is_default) {
                    form action={ (path) "/default" } method="post" data-once {
                        input type="hidden" name="use" value=(wanted);
                        button.text-button type="submit" aria-label={ (label) ": " (line) } { (label) }
                    }
                }
                form action={ (path) "/remove" } method="post" data-once {
                    button.text-button type="submit" aria-label=(named(own.remove_what)) { (messages.cart.remove) }
                }
            }
        }
    }
}

async fn form_page(
    state: &AppState,
    context: &RequestContext,
    form: &AddressEntryForm,
    errors: &FormErrors,
) -> Response {
    let messages = context.locale.messages;
    let own = &messages.account;
    let countries = &state.cached_catalogue.delivery().await.countries;
    let fields =
        AddressFields { messages, address: &form.address, errors, prefix: "", section: "shipping" };
    let body = html! {
        form.address-form action={ (ADDRESSES) "/" (form.id) } method="post" novalidate data-once {
            // The first button is the one that Enter presses.
            button.vh type="submit" tabindex="-1" aria-hidden="true" {}
            @if form.is_new { input type="hidden" name="new" value="1"; }
            @if !errors.is_empty() {
                div.errors #errors role="alert" tabindex="-1" autofocus {
                    h2 { (context.locale.plural(&messages.checkout.fix_fields, errors.len() as u64)) }
                    ul { @for (name, text) in errors { li { a href={ "#" (name) } { (text) } } } }
                }
            }
            (fields.country(countries))
            noscript { button.button.quiet-button name="update" value="1" { (messages.checkout.change_country) } }
            div.address-fields data-part="address" { (fields.fields()) }
            @for (name, label, is_chosen) in [
                ("default_delivery", own.default_delivery, form.default_delivery),
                ("default_billing", own.default_billing, form.default_billing),
            ] {
                label.tick { input id=(name) type="checkbox" name=(name) checked[is_chosen]; span { (label) } }
            }
            p.ways { button.button.large #save-address type="submit" { (own.save_address) } }
        }
        p { a.link-line href=(ADDRESSES) { (own.back_to_addresses) } }
    };
    let name = match (errors.is_empty(), form.is_new) {
        (false, _) => own.address_error_title,
        (true, true) => own.add_address,
        (true, false) => own.edit_address,
    };
    let page = render_titled(state, context, Section::Addresses, name, &body).await;
    if errors.is_empty() { page } else { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() }
}
