//! Status of an instance, and the count of instances by status, from which the hash of a registry is made.

use std::fmt::Write;

/// Status of an instance. The variants are in the alphabetical order of their names, which that of the hash is as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum InstanceStatus {
    Down,
    OutOfService,
    Starting,
    Unknown,
    Up,
}

impl InstanceStatus {
    pub(crate) const ALL: [Self; 5] =
        [Self::Down, Self::OutOfService, Self::Starting, Self::Unknown, Self::Up];

    /// Its name in the protocol.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::OutOfService => "OUT_OF_SERVICE",
            Self::Starting => "STARTING",
            Self::Unknown => "UNKNOWN",
            Self::Up => "UP",
        }
    }

    /// Status with exactly this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Count of instances by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatusCounts([u32; InstanceStatus::ALL.len()]);

impl StatusCounts {
    pub(crate) fn add(&mut self, status: InstanceStatus) {
        *self.count_mut(status) += 1;
    }

    pub(crate) fn remove(&mut self, status: InstanceStatus) {
        let count = self.count_mut(status);
        *count = count.saturating_sub(1);
    }

    fn count_mut(&mut self, status: InstanceStatus) -> &mut u32 {
        let [down, out_of_service, starting, unknown, up] = &mut self.0;
        match status {
            InstanceStatus::Down => down,
            InstanceStatus::OutOfService => out_of_service,
            InstanceStatus::Starting => starting,
            InstanceStatus::Unknown => unknown,
            InstanceStatus::Up => up,
        }
    }

    /// Statuses that some instance has, with their counts, in alphabetical order.
    pub(crate) fn present(&self) -> impl Iterator<Item = (InstanceStatus, u32)> {
        InstanceStatus::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Hash of a registry with these counts (`apps__hashcode`), such as `DOWN_1_UP_5_`. A client compares it with its own after each
    /// delta, and fetches everything if they differ.
    pub(crate) fn hash_code(&self) -> String {
        self.present().fold(String::new(), |mut hash, (status, count)| {
            // Writing to a string does not fail.
            let _ = write!(hash, "{}_{count}_", status.name());
            hash
        })
    }
}

impl FromIterator<InstanceStatus> for StatusCounts {
    fn from_iter<I: IntoIterator<Item = InstanceStatus>>(statuses: I) -> Self {
        let mut counts = Self::default();
        statuses.into_iter().for_each(|status| counts.add(status));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_counts_statuses_in_alphabetical_order() {
        use InstanceStatus::{Down, OutOfService, Up};
        let of = |statuses: &[InstanceStatus]| {
            statuses.iter().copied().collect::<StatusCounts>().hash_code()
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[Up, Up]), "UP_2_");
        assert_eq!(of(&[Up, Down, Up, OutOfService]), "DOWN_1_OUT_OF_SERVICE_1_UP_2_");
    }

    #[test]
    fn statuses_are_sorted_as_their_names_are() {
        let names = InstanceStatus::ALL.map(InstanceStatus::name);
        assert!(names.is_sorted() && InstanceStatus::ALL.is_sorted());
        for status in InstanceStatus::ALL {
            assert_eq!(InstanceStatus::parse(status.name()), Some(status));
        }
        assert_eq!(InstanceStatus::parse("up"), None);
    }
}
