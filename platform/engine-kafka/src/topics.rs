//! Topics of a shop: made with their partitions, and compared with those that are there already.

use crate::{bus::unavailable, client::ClientLog, options::KafkaOptions};
use messaging::bus::{BusError, Topic};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication},
    producer::{FutureProducer, Producer},
    types::RDKafkaErrorCode,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Pause before the brokers are asked again for a topic that they do not know yet.
const UNKNOWN_PAUSE: Duration = Duration::from_millis(100);

/// Topic as the brokers have it.
#[derive(Clone, Debug)]
pub(crate) struct FoundTopic {
    /// How many partitions it has.
    pub(crate) present: u32,
    /// Why it does not have as many as it should.
    pub(crate) lacking: Option<String>,
}

/// Makes the topic, if it is not there, and adds the partitions that it lacks: somebody may have made it by hand, or a broker that
/// makes topics by itself.
pub(crate) async fn ensure(
    (admin, producer): (&AdminClient<ClientLog>, &FutureProducer<ClientLog>),
    options: &KafkaOptions,
    (topic, name): (Topic, &str),
) -> Result<FoundTopic, BusError> {
    let partitions = i32::try_from(topic.partitions).expect("there are few partitions");
    // The broker's own default number of copies.
    let new = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
    let timeout = Some(options.confirm_timeout);
    let admin_options = AdminOptions::new().request_timeout(timeout).operation_timeout(timeout);
    let results = admin.create_topics([&new], &admin_options).await;
    match results.map_err(|error| unavailable(&error))?.into_iter().next() {
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
        Some(Ok(_)) | None => {
            return Ok(FoundTopic { present: topic.partitions, lacking: None });
        }
        Some(Err((_, code))) => {
            return Err(BusError::Unavailable(format!("the topic {name} cannot be made: {code}")));
        }
    }
    let present = present(producer, options, name).await?;
    if present >= topic.partitions {
        return Ok(FoundTopic { present, lacking: None });
    }
    tracing::warn!(topic = name, present, "partitions that a topic lacks are added");
    let more = NewPartitions::new(name, topic.partitions as usize);
    let results = admin.create_partitions([&more], &admin_options).await;
    let answer = results.map_err(|error| unavailable(&error))?.into_iter().next();
    let Some(Err((_, refused))) = answer else {
        // The producer knows those alone that it has asked for.
        self::present(producer, options, name).await?;
        return Ok(FoundTopic { present: topic.partitions, lacking: None });
    };
    // Another process may have added them meanwhile.
    let present = self::present(producer, options, name).await?;
    if present >= topic.partitions {
        return Ok(FoundTopic { present, lacking: None });
    }
    let wanted = topic.partitions;
    let lacking = format!(
        "the topic {name} has {present} of {wanted} partitions, and the broker adds none: {refused}; add them, or delete the topic"
    );
    Ok(FoundTopic { present, lacking: Some(lacking) })
}

/// Number of partitions that the brokers name, once they know the topic: another process, or another member of this one, may be
/// making it.
async fn present(
    producer: &FutureProducer<ClientLog>,
    options: &KafkaOptions,
    name: &str,
) -> Result<u32, BusError> {
    let until = Instant::now() + options.confirm_timeout;
    loop {
        match named(producer, options, name).await? {
            Some(count) => return Ok(count),
            None if Instant::now() < until => sleep(UNKNOWN_PAUSE).await,
            None => {
                return Err(BusError::Unavailable(format!(
                    "the brokers do not know the topic {name}, although it is there already"
                )));
            }
        }
    }
}

/// Number of partitions that the brokers name; `None` for a topic that they do not know.
async fn named(
    producer: &FutureProducer<ClientLog>,
    options: &KafkaOptions,
    name: &str,
) -> Result<Option<u32>, BusError> {
    let (producer, timeout, topic) = (producer.clone(), options.confirm_timeout, name.to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        let metadata = producer.client().fetch_metadata(Some(&topic), timeout)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        Ok(found.map_or(0, |found| found.partitions().len()))
    });
    let count = asked.await.expect("it does not panic").map_err(|error| unavailable(&error))?;
    Ok(u32::try_from(count).ok().filter(|count| *count > 0))
}

/// The partitions that a member has besides one of its own, because the topic lacks them: nothing comes by them, and their
/// consumers read the feed. So each has one consumer, as if it were there.
pub(crate) fn with_lacking(partition: i32, present: u32, wanted: u32) -> Vec<i32> {
    let Ok(first) = u32::try_from(partition) else { return Vec::new() };
    let all = (first..wanted).step_by(present.max(1) as usize);
    all.filter_map(|number| i32::try_from(number).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_that_a_topic_lacks_belongs_to_one_that_it_has() {
        for present in 1..=12_i32 {
            let mut all: Vec<i32> = (0..present)
                .flat_map(|number| with_lacking(number, present.cast_unsigned(), 8))
                .collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7], "{present}");
        }
    }
}
