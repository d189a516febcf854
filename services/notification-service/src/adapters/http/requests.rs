//! Requests of operators, as types of the domain; and the problems for what use cases refuse.

use crate::{
    application::{
        letter::Language,
        operate::{NotificationFilter, OperateError},
    },
    domain::{decision::Kind, notification::StateName},
};
use contracts::{codes, notification::NotificationQuery};
use identifiers::Email;
use kernel::{Problem, codes as general};

/// Filter of a query.
pub(super) fn filter(query: &NotificationQuery) -> Result<NotificationFilter, Problem> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let state = given(&query.state).map(|text| state(&text)).transpose()?;
    let order = given(&query.order_id).map(|text| {
        let wrong = |_| Problem::input(general::INVALID_QUERY, "order_id", "is no id of an order");
        text.parse().map_err(wrong)
    });
    Ok(NotificationFilter { state, order: order.transpose()? })
}

fn state(text: &str) -> Result<StateName, Problem> {
    let known = StateName::ALL.into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| {
        let message = "expected pending, sending, delivered, failed or suppressed";
        Problem::input(general::INVALID_QUERY, "state", message)
    })
}

/// List name bound into cursors: a cursor of one filter is invalid for another.
pub(super) fn list_name(filter: &NotificationFilter) -> String {
    let state = filter.state.map_or("", StateName::as_str);
    let order = filter.order.map(|order| order.to_string()).unwrap_or_default();
    format!("notifications {state} {order}")
}

/// Kind of a template.
pub(super) fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::of_name(name).ok_or_else(|| Problem::not_found("template", name))
}

/// Language of a request.
pub(super) fn language(tag: Option<String>) -> Result<Option<Language>, Problem> {
    let known = |tag: String| {
        let known = Language::from_tag(&tag);
        known.ok_or_else(|| Problem::field("language", "expected en or de"))
    };
    tag.map(known).transpose()
}

/// Recipient of a test mail.
pub(super) fn recipient(text: &str) -> Result<String, Problem> {
    let email = Email::parse(text).map_err(|error| Problem::field("to", error.to_string()))?;
    Ok(email.to_string())
}

impl From<OperateError> for Problem {
    fn from(error: OperateError) -> Self {
        match error {
            OperateError::Unknown(what) => {
                Self::of(general::NOT_FOUND, format!("there is no such {what}"))
            }
            OperateError::NoChannel => Self::of(codes::NO_MAIL, OperateError::NoChannel),
            OperateError::Erased => Self::of(codes::CUSTOMER_ERASED, OperateError::Erased),
            OperateError::Mail(reason) => Self::of(codes::MAIL_NOT_SENT, reason),
            OperateError::Storage(error) => error.into(),
            OperateError::Orders(error) => error.into(),
        }
    }
}
