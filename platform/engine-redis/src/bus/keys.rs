//! Keys of a topic, which have one tag.

use messaging::bus::Topic;

/// Keys of a topic.
#[derive(Clone, Debug)]
pub(super) struct TopicKeys(String);

impl TopicKeys {
    pub(super) fn new(topic: Topic) -> Self {
        Self(format!("{{icommerce:bus:{topic}}}"))
    }

    /// Stream of a partition.
    pub(super) fn stream(&self, partition: u32) -> String {
        format!("{}:{partition}", self.0)
    }

    /// Lease of a partition in a group.
    pub(super) fn lease(&self, group: &str, partition: u32) -> String {
        format!("{}:lease:{group}:{partition}", self.0)
    }

    /// Members of a group, by when their presence ends.
    pub(super) fn members(&self, group: &str) -> String {
        format!("{}:members:{group}", self.0)
    }
}
