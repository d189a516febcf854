use super::*;
use crate::domain::{client, events::ClientPolicy};
use engine_memory::MemoryEngine;
use kernel::{ManualClock, SeededRandomness, Timestamp, Uuid};

fn notices() -> (LogoutNotices, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
    let documents = MemoryEngine::new().service("auth-server").documents;
    (LogoutNotices::new(documents, ids), clock)
}

/// Registration of a client that wants to be told.
pub(crate) fn registration() -> Registration {
    let back_channel_logout_uri = Some("https://app.example/logout".to_owned());
    let policy = ClientPolicy { back_channel_logout_uri, ..ClientPolicy::default() };
    Registration { policy, ..client::tests::registration() }
}

pub(crate) fn participant(client: &str, session: &str) -> Participant {
    Participant {
        client: ClientId::parse(client).unwrap(),
        account: AccountId(Uuid::from_u128(1)),
        session: session.to_owned(),
    }
}

#[tokio::test]
async fn every_client_of_a_session_is_told_however_many_there_are() {
    let (notices, _) = notices();
    for number in 0..250 {
        let participant = participant(&format!("app-{number}"), "s");
        notices.remember(&registration(), participant).await.unwrap();
    }
    notices.remember(&registration(), participant("app", "other")).await.unwrap();
    notices.announce("s").await.unwrap();
    assert_eq!(notices.due(1_000).await.unwrap().len(), 250);
    notices.announce("s").await.unwrap();
    assert_eq!(notices.due(1_000).await.unwrap().len(), 250, "once");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_up_no_other() {
    let (notices, clock) = notices();
    for number in 0..8 {
        let unreadable = put(&format!("a-{number}"), "{".into(), 0);
        notices.write(unreadable).await.unwrap();
    }
    notices.remember(&registration(), participant("app", "s")).await.unwrap();
    clock.advance(Duration::from_secs(1));
    notices.announce("s").await.unwrap();
    assert_eq!(notices.due(8).await.unwrap(), [], "the oldest ones");
    let due = notices.due(8).await.unwrap();
    assert_eq!(due.len(), 1, "they are put off");
    assert_eq!(due[0].1.participant, participant("app", "s"));
}
