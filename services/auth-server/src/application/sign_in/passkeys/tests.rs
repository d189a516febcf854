//! Records of passkeys, and what the account says of them.

use super::*;
use crate::{
    adapters::settings::AuthSettings, application::accounts::new_password::Password,
    provider::Provider,
};
use engine_memory::MemoryEngine;
use identifiers::Email;
use kernel::{ManualClock, SeededRandomness};

/// Provider with an account.
async fn provider() -> (Arc<Provider>, AccountId) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    let storage = MemoryEngine::new().service("auth-server");
    let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
    let (email, password) =
        (Email::parse("ada@example.com"), Password::choose("correct horse battery", ""));
    let id = provider.accounts.sign_up(&email.unwrap(), &password.unwrap()).await.unwrap();
    (provider, id)
}

fn record(account: AccountId) -> PasskeyRecord {
    PasskeyRecord {
        account,
        credential: base64url_encode([1; 16]),
        public_key: String::new(),
        sign_count: 1,
        is_backup_eligible: false,
        is_backed_up: false,
        added: Timestamp::UNIX_EPOCH,
    }
}

/// Writes a record, with the event that says so or without.
async fn write(provider: &Provider, record: &PasskeyRecord, with_event: bool) {
    let (write, passkey) = (put(record).unwrap(), credential_digest(&record.credential));
    let written = if with_event {
        let add = |account: &Account| account.add_passkey(&passkey, Timestamp::UNIX_EPOCH);
        let added = provider.accounts.change(record.account, add, &[write]).await.unwrap();
        added.commit().clone()
    } else {
        provider.passkeys.documents.write(vec![write]).await.unwrap()
    };
    written.wait().await.unwrap();
}

#[tokio::test]
async fn a_record_alone_is_no_passkey() {
    let (provider, id) = provider().await;
    write(&provider, &record(id), false).await;
    assert!(provider.passkeys.of(id).await.unwrap().is_empty());
    write(&provider, &record(id), true).await;
    assert_eq!(provider.passkeys.of(id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn records_end_with_the_account_and_with_a_password_set_by_a_link() {
    let (provider, id) = provider().await;
    let records = async || {
        records(&*provider.passkeys.documents, "by_account", &id.to_string()).await.unwrap()
    };
    write(&provider, &record(id), true).await;
    let number = provider.accounts.offer_reset(id, |_| Vec::new()).await.unwrap();
    let link = provider.accounts.handles.issue(
        crate::application::keys::handle::Purpose::SetUp,
        id.into(),
        number,
    );
    let (email, password) = (
        Email::parse("ada@example.com").unwrap(),
        Password::choose("another horse battery", "").unwrap(),
    );
    assert_eq!(records().await.len(), 1);
    provider.accounts.set_up(&link, &email, &password, Vec::new()).await.unwrap();
    assert!(records().await.is_empty());
    write(&provider, &record(id), true).await;
    provider.accounts.delete(id, None).await.unwrap();
    assert!(records().await.is_empty());
}
