//! The bus: topics, and the producer of the process.

use crate::{
    client::ClientLog,
    member::{JoinedTopic, KafkaMember},
    options::KafkaOptions,
    topics::{self, FoundTopic},
    wire,
};
use async_trait::async_trait;
use futures_util::future::join_all;
use kernel::one_line;
use messaging::bus::{Bus, BusError, BusMessage, GroupMember, Topic};
use parking_lot::Mutex;
use rdkafka::{
    ClientConfig,
    admin::AdminClient,
    config::FromClientConfigAndContext,
    error::KafkaError,
    producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer},
    types::RDKafkaErrorCode,
};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};
use tls_files::{TlsFileError, is_tls_alert, other_answer, takes_connections};

/// Memory for messages that the brokers have not confirmed, in KiB.
const UNCONFIRMED_KIB_MAX: &str = "65536";

/// How long the brokers may take to answer a ping.
const PING_ANSWERED_WITHIN: Duration = Duration::from_millis(2_500);
/// Reason why a broker that takes connections is of no use, where the client has none.
const NO_HINT: &str = "it asks for a user and a password, or for TLS, or speaks another protocol";

/// What OpenSSL says of a certificate that it refuses.
const UNTRUSTED: &str = "certificate verify failed";

/// Message bus on Kafka. Clones share their connections.
#[derive(Clone)]
pub struct KafkaBus {
    shared: Arc<Shared>,
}

struct Shared {
    options: KafkaOptions,
    producer: Mutex<FutureProducer<ClientLog>>,
    admin: AdminClient<ClientLog>,
    /// Topics that are there, with all of their partitions.
    topics: Mutex<HashMap<Topic, FoundTopic>>,
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
    /// Something that takes connections, but does not answer as it is asked to.
    #[error("what takes connections at {brokers} does not answer as Kafka is asked to: {reason}")]
    Unexpected {
        /// Hosts and ports.
        brokers: String,
        /// What the client says, as far as it can be told.
        reason: String,
    },
    /// The brokers refuse user or password.
    #[error("the Kafka broker at {brokers} does not take this user with this password")]
    Credentials {
        /// Hosts and ports.
        brokers: String,
    },
    /// File of TLS that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// Broker whose certificate no known authority has signed, or which is of another name.
    #[error("the certificate of the Kafka broker at {brokers} is not trusted: {reason}")]
    Untrusted {
        /// Hosts and ports.
        brokers: String,
        /// What the client says.
        reason: String,
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
        // The client would read them as well, and say less about what is wrong.
        options.tls.read()?;
        let refused =
            |error: KafkaError| ConnectError::Options { reason: one_line(&error.to_string()) };
        let log = ClientLog::default();
        let producer = producer(&options, log.clone()).map_err(refused)?;
        let admin = AdminClient::from_config_and_context(&options.client(), ClientLog::default());
        let admin = admin.map_err(refused)?;
        let (probe, timeout) = (producer.clone(), options.connect_timeout);
        let found = tokio::task::spawn_blocking(move || {
            probe.client().fetch_metadata(None, timeout).map(drop)
        });
        if let Err(error) = found.await.expect("it does not panic") {
            return Err(match unreachable(&options, &log, &error) {
                ConnectError::Unreachable { brokers, reason: said }
                    if takes_connections(&brokers).await =>
                {
                    let reason = if is_tls_alert(&said) {
                        other_answer(&said)
                    } else {
                        log.hint().unwrap_or_else(|| NO_HINT.to_owned())
                    };
                    ConnectError::Unexpected { brokers, reason }
                }
                error => error,
            });
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

    /// Makes the topic, if it is not there; how the brokers have it.
    async fn ensure(&self, topic: Topic) -> Result<FoundTopic, BusError> {
        if let Some(found) = self.shared.topics.lock().get(&topic) {
            return Ok(found.clone());
        }
        let name = self.topic(topic);
        let producer = self.shared.producer.lock().clone();
        let clients = (&self.shared.admin, &producer);
        let found = topics::ensure(clients, &self.shared.options, (topic, &name)).await?;
        // One that lacks partitions is looked at again with the next batch.
        if found.lacking.is_none() {
            self.shared.topics.lock().insert(topic, found.clone());
        }
        Ok(found)
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
    let reason = one_line(&last.map_or_else(|| error.to_string(), |(_, reason)| reason));
    if reason.contains(UNTRUSTED) {
        return ConnectError::Untrusted { brokers, reason };
    }
    ConnectError::Unreachable { brokers, reason }
}

pub(crate) fn unavailable(error: &KafkaError) -> BusError {
    BusError::Unavailable(one_line(&error.to_string()))
}

#[async_trait]
impl Bus for KafkaBus {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        if let Some(reason) = self.ensure(topic).await?.lacking {
            return Err(BusError::Unavailable(reason));
        }
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
        let present = self.ensure(topic).await?.present;
        let (options, name) = (&self.shared.options, self.topic(topic));
        let group = format!("{}.{group}.{topic}", options.prefix);
        let joined = JoinedTopic { name, present, wanted: topic.partitions };
        let member = KafkaMember::join(options, &group, &joined, &self.shared.instances)?;
        Ok(Box::new(member))
    }

    async fn ping(&self) -> Result<(), BusError> {
        let producer = self.shared.producer.lock().clone();
        // Of one topic, where there is one: an answer about all of a large cluster is long.
        let known = self.shared.topics.lock().keys().next().map(|topic| self.topic(*topic));
        let asked = tokio::task::spawn_blocking(move || {
            producer.client().fetch_metadata(known.as_deref(), PING_ANSWERED_WITHIN).map(drop)
        });
        match asked.await {
            Ok(answer) => answer.map_err(|error| {
                let (brokers, reason) = (self.shared.options.brokers(), error.to_string());
                BusError::Unavailable(one_line(&format!("Kafka at {brokers}: {reason}")))
            }),
            Err(error) => Err(BusError::Unavailable(error.to_string())),
        }
    }
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KafkaBus").field("options", &self.shared.options).finish_non_exhaustive()
    }
}
