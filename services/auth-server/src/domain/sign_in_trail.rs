//! Trail of sign-ins: those of a day, or of a part of it, as far as there is room. Strangers make some of these events, so that their
//! number has a limit, and one of their own: failures never push out what people did.

use super::events::SignInEvent;

/// Most failures and lockouts of one trail.
pub(crate) const FAILURES_MAX: u32 = 5_000;
/// Most other events of one trail.
pub(crate) const SIGN_INS_MAX: u32 = 50_000;

/// Trail of sign-ins: how many events it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignInTrail {
    failures: u32,
    sign_ins: u32,
}

impl SignInTrail {
    /// The event, if there is room for it.
    pub(crate) fn record(trail: Option<&Self>, event: &SignInEvent) -> Vec<SignInEvent> {
        let trail = trail.copied().unwrap_or_default();
        let has_room = if is_failure(event) {
            trail.failures < FAILURES_MAX
        } else {
            trail.sign_ins < SIGN_INS_MAX
        };
        if has_room { vec![event.clone()] } else { Vec::new() }
    }

    /// State with one more event.
    pub(crate) fn apply(trail: Option<&Self>, event: &SignInEvent) -> Self {
        let trail = trail.copied().unwrap_or_default();
        if is_failure(event) {
            Self { failures: trail.failures.saturating_add(1), ..trail }
        } else {
            Self { sign_ins: trail.sign_ins.saturating_add(1), ..trail }
        }
    }
}

fn is_failure(event: &SignInEvent) -> bool {
    matches!(event, SignInEvent::SignInFailed { .. } | SignInEvent::LockedOut { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use identifiers::AccountId;
    use kernel::{Timestamp, Uuid};

    #[test]
    fn failures_have_a_limit_and_leave_room_for_sign_ins() {
        let at = Timestamp::UNIX_EPOCH;
        let failed = SignInEvent::SignInFailed { account: None, at };
        let signed_in = SignInEvent::SignedIn { account: AccountId(Uuid::from_u128(1)), at };
        let mut trail = None;
        for _ in 0..FAILURES_MAX {
            assert_eq!(SignInTrail::record(trail.as_ref(), &failed).len(), 1);
            trail = Some(SignInTrail::apply(trail.as_ref(), &failed));
        }
        let locked_out = SignInEvent::LockedOut { account: None, at };
        for event in [&failed, &locked_out] {
            assert!(SignInTrail::record(trail.as_ref(), event).is_empty());
        }
        assert_eq!(SignInTrail::record(trail.as_ref(), &signed_in), [signed_in]);
        let full = SignInTrail { sign_ins: SIGN_INS_MAX, failures: 0 };
        let signed_out = SignInEvent::SignedOut { account: AccountId(Uuid::from_u128(1)), at };
        assert!(SignInTrail::record(Some(&full), &signed_out).is_empty());
    }
}
