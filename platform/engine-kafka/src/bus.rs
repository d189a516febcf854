//! The bus: topics, and the producer of the process.

use crate::{client::ClientLog, member::KafkaMember, options::KafkaOptions, wire};
use async_trait::async_trait;
use futures_util::future::join_all;
use messaging::bus::{Bus, BusError, BusMessage, GroupMember, Topic};
use parking_lot::Mutex;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    config::FromClientConfigAndContext,
    error::KafkaError,
    producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer},
    types::RDKafkaErrorCode,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    sync::Arc,
};

/// Memory for messages that the brokers have not confirmed, in KiB.
const UNCONFIRMED_KIB_MAX: &str = "65536";

/// Message bus on Kafka. Clones share their connections.
#[derive(Clone)]
pub struct KafkaBus {
    shared: Arc<Shared>,
}

struct Shared {
    options: KafkaOptions,
    producer: Mutex<FutureProducer<ClientLog>>,
    admin: AdminClient<ClientLog>,
    /// Topics that are there.
    topics: Mutex<HashSet<Topic>>,
    instances: Arc<Instances>,
}

/// Numbers of the members that a process has in each of its groups, which make their names for static membership.
#[derive(Default)]
pub(crate) struct Instances(Mutex<HashMap<String, BTreeSet<u32>>>);

impl Instances {
    /// The least number that no member of the group has.
    pub(crate) fn take(&self, group: &str) -> u32 {
        let mut groups = self.0.lock();
        let taken = groups.entry(group.to_owned()).or_default();
        let mut number = 0;
        while !taken.insert(number) {
            number += 1;
        }
        number
    }

    pub(crate) fn release(&self, group: &str, number: u32) {
        if let Some(taken) = self.0.lock().get_mut(group) {
            taken.remove(&number);
        }
    }
}

/// Why the brokers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No broker answers.
    #[error("no Kafka broker answers at {brokers}: {reason}")]
    Unreachable {
        /// Hosts and ports.
        brokers: String,
        /// What the client says.
        reason: String,
    },
    /// The brokers refuse user or password.
    #[error("the Kafka broker at {brokers} does not take this user with this password")]
    Credentials {
        /// Hosts and ports.
        brokers: String,
    },
    /// An option that the client does not take.
    #[error("the Kafka client refuses its options: {reason}")]
    Options {
        /// What the client says.
        reason: String,
    },
}

impl KafkaBus {
    /// Connects to the brokers.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]
    pub async fn connect(options: KafkaOptions) -> Result<Self, ConnectError> {
        let refused = |error: KafkaError| ConnectError::Options { reason: error.to_string() };
        let log = ClientLog::default();
        let producer = producer(&options, log.clone()).map_err(refused)?;
        let admin = AdminClient::from_config_and_context(&options.client(), ClientLog::default());
        let admin = admin.map_err(refused)?;
        let (probe, timeout) = (producer.clone(), options.connect_timeout);
        let found = tokio::task::spawn_blocking(move || {
            probe.client().fetch_metadata(None, timeout).map(drop)
        });
        if let Err(error) = found.await.expect("it does not panic") {
            return Err(unreachable(&options, &log, &error));
        }
        let shared = Shared {
            options,
            producer: Mutex::new(producer),
            admin,
            topics: Mutex::default(),
            instances: Arc::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Name of a topic.
    fn topic(&self, topic: Topic) -> String {
        format!("{}.{topic}", self.shared.options.prefix)
    }

    /// Creates the topic, if it is not there.
    async fn ensure(&self, topic: Topic) -> Result<(), BusError> {
        if self.shared.topics.lock().contains(&topic) {
            return Ok(());
        }
        let name = self.topic(topic);
        let partitions = i32::try_from(topic.partitions).expect("there are few partitions");
        // The broker's own default number of copies.
        let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(-1));
        let timeout = Some(self.shared.options.confirm_timeout);
        let options = AdminOptions::new().request_timeout(timeout).operation_timeout(timeout);
        let results = self.shared.admin.create_topics([&new], &options).await;
        match results.map_err(|error| unavailable(&error))?.into_iter().next() {
            Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists)) | Ok(_)) | None => {}
            Some(Err((_, code))) => {
                return Err(BusError::Unavailable(format!(
                    "the topic {name} cannot be made: {code}"
                )));
            }
        }
        self.shared.topics.lock().insert(topic);
        Ok(())
    }

    fn send(&self, topic: &str, message: &BusMessage) -> Result<DeliveryFuture, BusError> {
        let producer = self.shared.producer.lock();
        let mut record = FutureRecord::<str, [u8]>::to(topic)
            .partition(i32::try_from(message.partition).expect("there are few partitions"))
            .headers(wire::headers(message));
        if let Some(event) = &message.event {
            record = record.key(&event.subject).payload(&event.cloud_event);
        }
        producer.send_result(record).map_err(|(error, _)| unavailable(&error))
    }

    /// After a failure: topics may be gone, and a producer that lost track of its order takes nothing any more.
    fn recover(&self, topic: Topic) {
        self.shared.topics.lock().remove(&topic);
        let mut producer = self.shared.producer.lock();
        if let Some((code, reason)) = producer.client().fatal_error() {
            tracing::warn!(%code, reason, "the Kafka producer is replaced");
            match self::producer(&self.shared.options, ClientLog::default()) {
                Ok(new) => *producer = new,
                Err(error) => tracing::error!(%error, "there is no new Kafka producer"),
            }
        }
    }
}

fn producer(
    options: &KafkaOptions,
    log: ClientLog,
) -> Result<FutureProducer<ClientLog>, KafkaError> {
    let mut config: ClientConfig = options.client();
    config.set("enable.idempotence", "true");
    // A batch is handed over at once, so there is nothing to wait for.
    config.set("linger.ms", "0");
    config.set("queue.buffering.max.kbytes", UNCONFIRMED_KIB_MAX);
    config.set("message.timeout.ms", options.confirm_timeout.as_millis().to_string());
    FutureProducer::from_config_and_context(&config, log)
}

fn unreachable(options: &KafkaOptions, log: &ClientLog, error: &KafkaError) -> ConnectError {
    let brokers = options.brokers().to_owned();
    let last = log.last_error();
    let is_refused = last.as_ref().is_some_and(|(last, _)| {
        last.rdkafka_error_code() == Some(RDKafkaErrorCode::Authentication)
    });
    if is_refused {
        return ConnectError::Credentials { brokers };
    }
    let reason = last.map_or_else(|| error.to_string(), |(_, reason)| reason);
    ConnectError::Unreachable { brokers, reason }
}

pub(crate) fn unavailable(error: &KafkaError) -> BusError {
    BusError::Unavailable(error.to_string())
}

#[async_trait]
impl Bus for KafkaBus {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        self.ensure(topic).await?;
        let name = self.topic(topic);
        let mut sent = Vec::with_capacity(messages.len());
        let mut failure = None;
        for message in messages {
            match self.send(&name, message) {
                Ok(delivery) => sent.push(delivery),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        for delivered in join_all(sent).await {
            match delivered {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => failure = Some(unavailable(&error)),
                Err(_) => {
                    failure = Some(BusError::Unavailable("the producer has ended".to_owned()));
                }
            }
        }
        match failure {
            None => Ok(()),
            Some(error) => {
                self.recover(topic);
                Err(error)
            }
        }
    }

    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError> {
        self.ensure(topic).await?;
        let (options, name) = (&self.shared.options, self.topic(topic));
        let group = format!("{}.{group}.{topic}", options.prefix);
        let member = KafkaMember::join(options, &group, &name, &self.shared.instances)?;
        Ok(Box::new(member))
    }
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KafkaBus").field("options", &self.shared.options).finish_non_exhaustive()
    }
}
