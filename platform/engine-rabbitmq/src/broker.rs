//! Connections to the broker: one to publish on, so that a broker that slows down publishers does not slow down consumers, and one to
//! consume on. Each is made anew when it is lost.

use crate::{
    RabbitOptions,
    error::{BrokerError, unavailable},
    message,
    names::{exchange, routing_key},
};
use lapin::{
    Channel, Confirmation, Connection, ConnectionProperties, Error, ExchangeKind,
    options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions},
    tcp::{OwnedIdentity, OwnedTLSConfig},
    types::FieldTable,
};
use messaging::bus::{BusError, BusMessage, Topic};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;

/// Code of a channel that is closed as it should be.
pub(crate) const CLOSED: u16 = 200;

/// Connections to the broker.
#[derive(Debug)]
pub(crate) struct RabbitBroker {
    options: RabbitOptions,
    pub(crate) server: String,
    tls: OwnedTLSConfig,
    publishing: tokio::sync::Mutex<Option<Arc<Connection>>>,
    consuming: tokio::sync::Mutex<Option<Arc<Connection>>>,
    /// Channel of each topic, on which one batch is published at a time.
    channels: Mutex<HashMap<Topic, Arc<PublishingChannel>>>,
}

type PublishingChannel = tokio::sync::Mutex<Option<Channel>>;

impl RabbitBroker {
    pub(crate) async fn open(options: RabbitOptions) -> Result<Self, BrokerError> {
        // One of the process; another part of it may have been first.
        let _ = ring::default_provider().install_default();
        let content = options.tls.read()?;
        let identity = content.client.map(|(pem, key)| OwnedIdentity::PKCS8 { pem, key });
        // The driver trusts the public authorities besides.
        let cert_chain = content.certificate_authorities;
        let cert_chain = cert_chain.map(|pem| String::from_utf8_lossy(&pem).into_owned());
        let tls = OwnedTLSConfig { identity, cert_chain };
        let server = options.server();
        let broker = Self {
            options,
            server,
            tls,
            publishing: tokio::sync::Mutex::default(),
            consuming: tokio::sync::Mutex::default(),
            channels: Mutex::default(),
        };
        match timeout(broker.options.connect_timeout, broker.connect()).await {
            Ok(Ok(connection)) => *broker.publishing.lock().await = Some(Arc::new(connection)),
            Ok(Err(error)) => {
                return Err(BrokerError::new(broker.server.clone(), &error).probed().await);
            }
            Err(_) => {
                let (server, reason) = (broker.server, "it does not answer in time".to_owned());
                return Err(BrokerError::Unreachable { server, reason }.probed().await);
            }
        }
        Ok(broker)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let properties = ConnectionProperties::default().with_connection_name("icommerce".into());
        let runtime = lapin::runtime::default_runtime()?;
        let (uri, tls) = (self.options.uri.clone(), self.tls.clone());
        Connection::connect_uri_with_config(uri, properties, tls, runtime).await
    }

    /// Channel of its own on a connection, which is made where there is none.
    async fn channel(
        &self,
        connection: &tokio::sync::Mutex<Option<Arc<Connection>>>,
    ) -> Result<Channel, BusError> {
        let silent = |_| unavailable(&self.server, "it does not answer in time");
        let lost = |error| unavailable(&self.server, error);
        let connected = async {
            let mut current = connection.lock().await;
            match &*current {
                Some(connected) if connected.status().connected() => Ok(Arc::clone(connected)),
                _ => {
                    let connected = Arc::new(self.connect().await?);
                    *current = Some(Arc::clone(&connected));
                    Ok(connected)
                }
            }
        };
        let within = self.options.connect_timeout;
        let connected = timeout(within, connected).await.map_err(silent)?.map_err(lost)?;
        let channel = timeout(within, connected.create_channel()).await;
        if channel.is_err() {
            // A broker that is silent may have forgotten this connection; another one may have taken its place meanwhile.
            let mut current = connection.lock().await;
            current.take_if(|current| Arc::ptr_eq(current, &connected));
        }
        channel.map_err(silent)?.map_err(lost)
    }

    /// Asks the broker whether it is there, on the connections that are in use.
    pub(crate) async fn ping(&self) -> Result<(), BusError> {
        self.ping_on(&self.publishing).await?;
        if self.consuming.lock().await.is_some() {
            self.ping_on(&self.consuming).await?;
        }
        Ok(())
    }

    async fn ping_on(
        &self,
        connection: &tokio::sync::Mutex<Option<Arc<Connection>>>,
    ) -> Result<(), BusError> {
        let channel = self.channel(connection).await?;
        let closed = channel.close(CLOSED, "OK".into()).await;
        closed.map_err(|error| unavailable(&self.server, error))
    }

    /// Channel to consume on.
    pub(crate) async fn consuming_channel(&self) -> Result<Channel, BusError> {
        self.channel(&self.consuming).await
    }

    /// Publishes messages, and waits until the broker has confirmed all of them.
    pub(crate) async fn publish(
        &self,
        topic: Topic,
        messages: &[BusMessage],
    ) -> Result<(), BusError> {
        let channel = Arc::clone(self.channels.lock().entry(topic).or_default());
        let mut channel = channel.lock().await;
        // Whatever ends this early, a drop included, leaves no channel with confirms of another batch.
        let open = match channel.take() {
            Some(open) if open.status().connected() => open,
            _ => self.publishing_channel(topic).await?,
        };
        let published = self.publish_on(&open, topic, messages);
        match timeout(self.options.confirm_timeout, published).await {
            Ok(Ok(())) => {
                *channel = Some(open);
                Ok(())
            }
            Ok(Err(reason)) => Err(unavailable(&self.server, reason)),
            // The next batch has a channel of its own, and a connection of its own if that cannot be opened any more.
            Err(_) => Err(unavailable(&self.server, "it does not confirm in time")),
        }
    }

    async fn publishing_channel(&self, topic: Topic) -> Result<Channel, BusError> {
        let channel = self.channel(&self.publishing).await?;
        let prepared = async {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            declare_exchange(&channel, topic).await
        };
        match timeout(self.options.confirm_timeout, prepared).await {
            Ok(prepared) => prepared.map_err(|error| unavailable(&self.server, error))?,
            Err(_) => return Err(unavailable(&self.server, "it does not answer in time")),
        }
        Ok(channel)
    }

    async fn publish_on(
        &self,
        channel: &Channel,
        topic: Topic,
        messages: &[BusMessage],
    ) -> Result<(), String> {
        let mut confirms = Vec::with_capacity(messages.len());
        for message in messages {
            let body = message.event.as_ref().map_or(&[][..], |event| &event.cloud_event);
            let published = channel.basic_publish(
                exchange(topic),
                routing_key(message.partition),
                BasicPublishOptions::default(),
                body,
                message::properties(message),
            );
            confirms.push(published.await.map_err(|error| error.to_string())?);
        }
        for confirm in confirms {
            match confirm.await.map_err(|error| error.to_string())? {
                Confirmation::Ack(_) => {}
                Confirmation::Nack(_) => return Err("it did not take a message".to_owned()),
                Confirmation::NotRequested => return Err("it does not confirm".to_owned()),
            }
        }
        Ok(())
    }
}

/// Declares the exchange of a topic.
pub(crate) async fn declare_exchange(channel: &Channel, topic: Topic) -> Result<(), Error> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let arguments = FieldTable::default();
    channel.exchange_declare(exchange(topic), ExchangeKind::Direct, options, arguments).await
}
