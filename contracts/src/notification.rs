//! Contract of the notification service: what customers are told about their orders, for operators.

use crate::shared::{NotificationId, OrderId};
use kernel::{Cursor, PageLimit, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service's name in the module table.
pub const SERVICE: &str = "notification-service";

/// Kind of a notification: what it tells. Each has a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// The order is confirmed.
    OrderConfirmed,
    /// The customer is to transfer the money before the order is confirmed.
    PaymentDue,
    /// The payment failed or did not arrive, and the order was cancelled for it.
    PaymentFailed,
    /// The goods have left, or can be collected.
    OrderShipped,
    /// Money was given back.
    OrderRefunded,
    /// The order was cancelled.
    OrderCancelled,
}

/// State of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    /// Waits for an attempt, the first or another one.
    Pending,
    /// An attempt is under way.
    Sending,
    /// The mail server has accepted it, or it is in the mail folder.
    Delivered,
    /// It could not be delivered, and is not tried again by itself.
    Failed,
    /// Nobody is to be told: the log says why.
    Suppressed,
}

/// Notification: what a customer is told about an order. It has no contact details; those are in the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Identity.
    pub id: NotificationId,
    /// The order it is about.
    pub order_id: OrderId,
    /// What it tells.
    pub kind: NotificationKind,
    /// State.
    pub state: NotificationState,
    /// Attempts of delivery so far, of the present copy.
    pub attempts: u32,
    /// How often an operator had it delivered again.
    pub copy: u32,
    /// The same for all attempts of a copy: the local part of the mail's `Message-ID`.
    pub message_id: NotificationId,
    /// When that happened of which it tells.
    #[schemars(with = "String")]
    pub event_at: Timestamp,
    /// When it reached its present state.
    #[schemars(with = "String")]
    pub changed_at: Timestamp,
    /// When the next attempt is due, of one that waits.
    #[schemars(with = "Option<String>")]
    pub next_attempt_at: Option<Timestamp>,
    /// Log of its states, oldest first; of many, the last.
    pub log: Vec<NotificationLogEntry>,
}

/// Entry of the log of a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationLogEntry {
    /// Time.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The state that it reached.
    pub state: NotificationState,
    /// Reason, such as the answer of the mail server, without addresses.
    pub reason: Option<String>,
}

/// A page of notifications, the last changed first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationPage {
    /// The notifications.
    pub items: Vec<Notification>,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

/// Filter of notifications, and page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationQuery {
    /// `pending`, `sending`, `delivered`, `failed` or `suppressed`; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NotificationState>")]
    pub state: Option<String>,
    /// The order they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<OrderId>")]
    pub order_id: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// Letter as its recipient reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letter {
    /// Subject.
    pub subject: String,
    /// Body as plain text.
    pub text: String,
    /// Body as HTML, a whole document.
    pub html: String,
}

/// Letter, and whom it goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressedLetter {
    /// E-mail address of the recipient.
    pub to: String,
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
}

/// Request to see a template with an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplatePreview {
    /// The language: `en` or `de`; that of the shop when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The order it is about; an invented one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// Request to send a template with an invented order to an address, to see whether mail arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMail {
    /// The address.
    pub to: String,
    /// The language: `en` or `de`; that of the shop when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}
