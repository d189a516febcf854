//! Use cases of operators: look at notifications, have one delivered again, preview a template, send a test mail.

use super::{
    channel::MailChannel,
    kind_to_tell::kind_to_tell,
    letter::{Language, Templates},
    notifications::{ListPosition, Notifications, position_of},
    sample_order::sample_order,
};
use crate::domain::{
    decision::Kind,
    notification::{Notification, StateName},
};
use contracts::{
    notification::Letter,
    order::{Order, OrderDetails},
    shared::{NotificationId, OrderId},
};
use kernel::{Ids, Problem};
use mail::{MailError, MailMessage};
use rpc::CallError;
use std::{fmt, sync::Arc, time::Duration};
use storage::StorageError;
use tokio::time::timeout;

/// What operators can do.
#[derive(Clone)]
pub(crate) struct Operate {
    pub(crate) notifications: Arc<Notifications>,
    pub(crate) orders: Arc<dyn OrderDetails>,
    /// The channel; without one, nobody is told anything.
    pub(crate) channel: Option<MailChannel>,
    pub(crate) templates: Arc<Templates>,
    pub(crate) mail_time_max: Duration,
    pub(crate) ids: Ids,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperateError {
    /// There is none.
    #[error("there is no {0}")]
    Unknown(&'static str),
    /// Nobody delivers mail.
    #[error("the shop sends no mail: set notification-service.smtp.url, or --mail-folder")]
    NoChannel,
    /// The customer of the order was erased.
    #[error("the customer was erased")]
    Erased,
    /// The mail server did not take a mail.
    #[error("{0}")]
    Mail(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Orders(#[from] CallError),
}

/// Filter of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct NotificationFilter {
    pub(crate) state: Option<StateName>,
    pub(crate) order: Option<OrderId>,
}

impl Operate {
    /// Page of notifications, the last changed first, and where the next page begins.
    pub(crate) async fn list(
        &self,
        filter: &NotificationFilter,
        after: Option<&ListPosition>,
        limit: usize,
    ) -> Result<(Vec<Notification>, Option<ListPosition>), OperateError> {
        let states = filter.state.as_ref().map_or(&StateName::ALL[..], std::slice::from_ref);
        let mut found = match filter.order {
            Some(order) => self.of_order(order, states, after).await?,
            None => self.notifications.list(states, after, limit + 1).await?,
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(position_of);
        Ok((found, next))
    }

    async fn of_order(
        &self,
        order: OrderId,
        states: &[StateName],
        after: Option<&ListPosition>,
    ) -> Result<Vec<Notification>, StorageError> {
        let mut found = self.notifications.of_order(order).await?;
        found.retain(|one| states.contains(&one.state.name()));
        found.retain(|one| after.is_none_or(|after| position_of(one) < *after));
        found.sort_by_key(|one| std::cmp::Reverse(position_of(one)));
        Ok(found)
    }

    /// A notification.
    pub(crate) async fn read(&self, id: NotificationId) -> Result<Notification, OperateError> {
        let found = self.notifications.find(id).await?;
        found.ok_or(OperateError::Unknown("notification"))
    }

    /// Has a notification delivered again; one that is under way is left as it is.
    pub(crate) async fn redeliver(&self, id: NotificationId) -> Result<Notification, OperateError> {
        if self.channel.is_none() {
            return Err(OperateError::NoChannel);
        }
        let found = self.read(id).await?;
        if self.order(found.order).await?.customer_erased {
            return Err(OperateError::Erased);
        }
        let again = self.notifications.redeliver(id, self.ids.now()).await?;
        again.ok_or(OperateError::Unknown("notification"))
    }

    /// What a notification says, with whom it goes to: written again from the order, as the mail itself was.
    pub(crate) async fn letter(
        &self,
        id: NotificationId,
    ) -> Result<(String, Letter), OperateError> {
        let found = self.read(id).await?;
        let as_of = (found.kind == Kind::OrderRefunded).then_some(found.event_at);
        let order = self.orders.order_details(found.order, as_of).await?;
        let order = order.ok_or(OperateError::Unknown("order"))?;
        if order.customer_erased {
            return Err(OperateError::Erased);
        }
        let kind = kind_to_tell(found.kind, &order).unwrap_or(found.kind);
        Ok((order.email.clone(), self.templates.write(kind, &order, None)))
    }

    /// A template, with an order or an invented one.
    pub(crate) async fn preview(
        &self,
        kind: Kind,
        order: Option<OrderId>,
        language: Option<Language>,
    ) -> Result<Letter, OperateError> {
        let order = match order {
            Some(id) => self.order(id).await?,
            None => sample_order(),
        };
        Ok(self.templates.write(kind, &order, language))
    }

    /// Sends a template with an invented order, now.
    pub(crate) async fn send_test(
        &self,
        kind: Kind,
        to: String,
        language: Option<Language>,
    ) -> Result<Letter, OperateError> {
        let channel = self.channel.as_ref().ok_or(OperateError::NoChannel)?;
        let letter = self.templates.write(kind, &sample_order(), language);
        let message = MailMessage {
            id: self.ids.next::<NotificationId>().into(),
            date: self.ids.now(),
            from: channel.from.clone(),
            from_name: self.templates.shop_name().to_owned(),
            to,
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
            link: None,
        };
        match timeout(self.mail_time_max, channel.mailer.send(&message)).await {
            Ok(Ok(())) => Ok(letter),
            Ok(Err(MailError::Invalid(reason))) => Err(Problem::field("to", reason).into()),
            Ok(Err(MailError::Refused(reason) | MailError::Unavailable(reason))) => {
                Err(OperateError::Mail(reason))
            }
            Err(_) => Err(OperateError::Mail("the delivery took too long".to_owned())),
        }
    }

    async fn order(&self, id: OrderId) -> Result<Order, OperateError> {
        let order = self.orders.order_details(id, None).await?;
        order.ok_or(OperateError::Unknown("order"))
    }
}

impl From<Problem> for OperateError {
    fn from(problem: Problem) -> Self {
        Self::Orders(problem.into())
    }
}

impl fmt::Debug for Operate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Operate").field("channel", &self.channel).finish_non_exhaustive()
    }
}
