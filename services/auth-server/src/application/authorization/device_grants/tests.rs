use super::*;
use engine_memory::MemoryEngine;
use kernel::{ManualClock, SeededRandomness};
use proptest::prelude::*;

fn devices() -> (DeviceGrants, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
    let storage = MemoryEngine::new().service("auth-server");
    (DeviceGrants { values: storage.key_value, intervals: storage.losable, ids }, clock)
}

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

async fn begun(devices: &DeviceGrants) -> DeviceCodes {
    let scopes = vec!["openid".to_owned()];
    devices.begin(&client("tv"), Timestamp::UNIX_EPOCH, scopes).await.unwrap()
}

async fn polled(devices: &DeviceGrants, codes: &DeviceCodes, id: &str) -> String {
    match devices.poll(&codes.device_code, &client(id)).await {
        Ok(code) => code,
        Err(refusal) => format!("{refusal:?}"),
    }
}

#[tokio::test]
async fn a_device_is_told_what_a_person_decided() {
    let (devices, clock) = devices();
    let codes = begun(&devices).await;
    assert_eq!(polled(&devices, &codes, "tv").await, "Pending");
    let waiting = devices.find(&codes.user_code).await.unwrap().unwrap();
    assert!(devices.allow(&waiting.digest, "the code".to_owned()).await.unwrap());
    assert!(!devices.deny(&waiting.digest).await.unwrap(), "it is decided");
    assert_eq!(devices.find(&codes.user_code).await.unwrap(), None);
    clock.advance(Duration::from_secs(5));
    assert_eq!(polled(&devices, &codes, "other").await, "Invalid");
    assert_eq!(polled(&devices, &codes, "tv").await, "the code");
    clock.advance(Duration::from_secs(5));
    assert_eq!(polled(&devices, &codes, "tv").await, "the code", "it could not be redeemed");
}

#[tokio::test]
async fn a_device_that_is_denied_or_late_is_told_so() {
    let (devices, clock) = devices();
    let (denied, late) = (begun(&devices).await, begun(&devices).await);
    let waiting = devices.find(&denied.user_code).await.unwrap().unwrap();
    devices.deny(&waiting.digest).await.unwrap();
    assert_eq!(polled(&devices, &denied, "tv").await, "Denied");
    clock.advance(LIFETIME);
    assert_eq!(polled(&devices, &late, "tv").await, "Expired");
    assert_eq!(devices.find(&late.user_code).await.unwrap(), None);
    clock.advance(REMEMBERED);
    assert_eq!(polled(&devices, &late, "tv").await, "Invalid");
}

#[tokio::test]
async fn a_device_that_does_not_wait_waits_longer() {
    let (devices, clock) = devices();
    let codes = begun(&devices).await;
    assert_eq!(polled(&devices, &codes, "tv").await, "Pending");
    clock.advance(Duration::from_secs(4));
    assert_eq!(polled(&devices, &codes, "tv").await, "SlowDown");
    clock.advance(Duration::from_secs(1));
    assert_eq!(polled(&devices, &codes, "tv").await, "Pending");
    clock.advance(Duration::from_secs(9));
    assert_eq!(polled(&devices, &codes, "tv").await, "SlowDown", "ten seconds now");
    clock.advance(Duration::from_secs(1));
    assert_eq!(polled(&devices, &codes, "tv").await, "Pending");
}

#[test]
fn a_user_code_is_read_as_people_type_it() {
    for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b.c_d-f ghjk"] {
        assert_eq!(user_code(typed).as_deref(), Some("BCDFGHJK"), "{typed}");
    }
    for wrong in
        ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "ßCDFGHJK", "BCDFGHJKBCDFGHJK"]
    {
        assert_eq!(user_code(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_code_of_its_letters_or_none(typed in "\\PC{0,30}") {
        if let Some(code) = user_code(&typed) {
            prop_assert!(code.len() == USER_CODE_LENGTH && user_code(&code) == Some(code.clone()));
        }
    }
}
