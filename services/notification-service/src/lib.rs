//! Notification service: customers are told by mail what became of their orders, once.
//!
//! It follows the order service's feed, so no order waits for it; a mail is written from the order when it is delivered, so that the
//! service keeps nothing about people.

mod adapters;
mod application;
mod domain;

#[cfg(test)]
mod tests;

use adapters::{
    channel::channel,
    consumer::{GROUP, NotificationRequests},
    http,
    maintenance::maintenance,
    settings::NotificationSettings,
};
use application::{
    channel::MailChannel,
    letter::Templates,
    notifications::{NOTIFICATIONS, Notifications},
    operate::Operate,
    sender::{Counters, Sender},
};
use contracts::{
    notification::SERVICE as NAME,
    order::{self, OrderDetails},
};
use domain::{decision::Window, notification::StateName};
use messaging::parking_routes;
use runtime::{BuildContext, BuildError, BuiltService, Module};
use std::sync::Arc;
use telemetry::{Criticality, Metrics};

/// The notification service.
pub const MODULE: Module = Module {
    name: NAME,
    summary: "mails to customers about their orders",
    calls: &[order::SERVICE],
    follows: &[order::SERVICE],
    instances: runtime::InstanceModel::OneActive,
    settings: Some(::settings::Section::of::<NotificationSettings>(NAME)),
    events: None,
    plaintext: None,
    collections: &[&NOTIFICATIONS],
    projected: &[],
    maintenance: |offline| Ok(maintenance(offline)),
    build: |context| Box::pin(build(context)),
};

async fn build(context: BuildContext) -> Result<BuiltService, BuildError> {
    let settings: NotificationSettings = context.settings()?;
    let operate = Operate {
        notifications: Arc::new(Notifications::new(Arc::clone(&context.storage.documents))),
        orders: context.contract::<dyn OrderDetails>()?,
        channel: channel(&settings).map_err(BuildError::Other)?,
        templates: Arc::new(Templates(settings.look())),
        mail_time_max: settings.policy().mail_time_max,
        ids: context.ids.clone(),
    };
    let routes = http::routes(operate.clone());
    let Some(channel) = operate.channel.clone() else {
        // Nothing is followed, so that it costs no order anything.
        operate.notifications.tell_nothing().await?;
        return Ok(context.serve(routes.merge(parking_routes(NAME, context.storage.clone()))));
    };
    tell(&context, &settings, &operate, channel).await?;
    Ok(context.serve(routes))
}

/// Starts the consumer and the sender.
async fn tell(
    context: &BuildContext,
    settings: &NotificationSettings,
    operate: &Operate,
    channel: MailChannel,
) -> Result<(), BuildError> {
    let (metrics, ids) = (&context.metrics, context.ids.clone());
    let help = "Events that were too old to be told to anybody";
    let requests = NotificationRequests {
        window: Window {
            told_from: operate.notifications.told_from(ids.now()).await?,
            tell_within: settings.tell_within(),
        },
        ids: ids.clone(),
        too_old: metrics.counter("notifications_too_old", help, &[]),
    };
    context.consume(GROUP, &context.storage, Arc::new(requests))?;
    let component = context.health.component("mail to customers", Criticality::Optional);
    component.up();
    let sender = Sender {
        notifications: Arc::clone(&operate.notifications),
        orders: Arc::clone(&operate.orders),
        channel,
        templates: Arc::clone(&operate.templates),
        policy: settings.policy(),
        ids,
        component,
        counters: counters(metrics),
    };
    context.tasks.spawn_until_shutdown(sender.run());
    Ok(())
}

fn counters(metrics: &Metrics) -> Counters {
    let counter = |state: StateName| {
        let labels = [("state", state.as_str())];
        (
            state,
            metrics.counter("notifications", "Notifications by the state they reached", &labels),
        )
    };
    Counters(StateName::ALL.map(counter).into())
}
