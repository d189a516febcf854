//! Documents to the byte, as the readers of Java clients expect them.

use crate::fixture::{Fixture, START_MS, instance};
use axum::body::Body;
use flate2::read::GzDecoder;
use http::Method;
use serde_json::json;
use std::io::Read;

const JSON: &str = r#"{"instanceId":"10.0.0.5:orders:8080","hostName":"10.0.0.5","app":"ORDERS","ipAddr":"10.0.0.5","status":"UP","overriddenStatus":"UNKNOWN","port":{"$":8080,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"countryId":1,"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1760000000000,"lastRenewalTimestamp":1760000030000,"evictionTimestamp":0,"serviceUpTimestamp":1760000000000},"metadata":{"management.port":"8080"},"homePageUrl":"http://10.0.0.5:8080/","statusPageUrl":"http://10.0.0.5:8080/actuator/info","healthCheckUrl":"http://10.0.0.5:8080/actuator/health","vipAddress":"orders","secureVipAddress":"orders","isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"1760000000000","lastDirtyTimestamp":"100","actionType":"ADDED"}"#;

const COMPACT: &str = r#"{"instanceId":"10.0.0.5:orders:8080","hostName":"10.0.0.5","app":"ORDERS","ipAddr":"10.0.0.5","status":"UP","port":{"$":8080,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"vipAddress":"orders","secureVipAddress":"orders","lastUpdatedTimestamp":"1760000000000","actionType":"ADDED"}"#;

const XML: &str = r#"<instance><instanceId>10.0.0.5:orders:8080</instanceId><hostName>10.0.0.5</hostName><app>ORDERS</app><ipAddr>10.0.0.5</ipAddr><status>UP</status><overriddenstatus>UNKNOWN</overriddenstatus><port enabled="true">8080</port><securePort enabled="false">443</securePort><countryId>1</countryId><dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo><leaseInfo><renewalIntervalInSecs>30</renewalIntervalInSecs><durationInSecs>90</durationInSecs><registrationTimestamp>1760000000000</registrationTimestamp><lastRenewalTimestamp>1760000030000</lastRenewalTimestamp><evictionTimestamp>0</evictionTimestamp><serviceUpTimestamp>1760000000000</serviceUpTimestamp></leaseInfo><metadata><management.port>8080</management.port></metadata><homePageUrl>http://10.0.0.5:8080/</homePageUrl><statusPageUrl>http://10.0.0.5:8080/actuator/info</statusPageUrl><healthCheckUrl>http://10.0.0.5:8080/actuator/health</healthCheckUrl><vipAddress>orders</vipAddress><secureVipAddress>orders</secureVipAddress><isCoordinatingDiscoveryServer>false</isCoordinatingDiscoveryServer><lastUpdatedTimestamp>1760000000000</lastUpdatedTimestamp><lastDirtyTimestamp>100</lastDirtyTimestamp><actionType>ADDED</actionType></instance>"#;

/// Registry with one instance, half a minute after it registered, at its first heartbeat.
async fn with_one() -> Fixture {
    assert_eq!(START_MS, 1_760_000_000_000);
    let fixture = Fixture::start().await;
    fixture.register(&instance("ORDERS", "10.0.0.5:orders:8080", 100)).await;
    fixture.advance_ms(30_000);
    let path = "/eureka/apps/ORDERS/10.0.0.5:orders:8080";
    assert_eq!(fixture.status(Method::PUT, path).await, 200);
    fixture
}

async fn get(fixture: &Fixture, path: &str, headers: &[(&str, &str)]) -> String {
    let answer = fixture.exchange(Method::GET, path, headers, Body::empty()).await;
    assert_eq!(answer.status, 200, "{path}");
    let is_json = headers.iter().any(|(name, value)| *name == "accept" && value.contains("json"));
    let content_type = if is_json { "application/json" } else { "application/xml" };
    assert_eq!(answer.header("content-type"), content_type, "{path}");
    answer.text().to_owned()
}

#[tokio::test]
async fn json_has_the_names_and_the_order_of_the_original() {
    let fixture = with_one().await;
    let json = [("accept", "application/json")];
    let compact = [("accept", "application/json"), ("x-eureka-accept", "compact")];
    let applications = |version: u32, instance: &str| {
        format!(
            r#"{{"applications":{{"versions__delta":"{version}","apps__hashcode":"UP_1_","application":[{{"name":"ORDERS","instance":[{instance}]}}]}}}}"#
        )
    };
    assert_eq!(get(&fixture, "/eureka/apps", &json).await, applications(1, JSON));
    assert_eq!(get(&fixture, "/eureka/apps/delta", &json).await, applications(1, JSON));
    assert_eq!(get(&fixture, "/eureka/apps", &compact).await, applications(1, COMPACT));
    let application = format!(r#"{{"application":{{"name":"ORDERS","instance":[{JSON}]}}}}"#);
    assert_eq!(get(&fixture, "/eureka/apps/ORDERS", &json).await, application);
    let one = format!(r#"{{"instance":{JSON}}}"#);
    assert_eq!(get(&fixture, "/eureka/instances/10.0.0.5:orders:8080", &json).await, one);
}

#[tokio::test]
async fn xml_is_what_everybody_gets_who_does_not_ask_for_json() {
    let fixture = with_one().await;
    let applications = format!(
        "<applications><versions__delta>1</versions__delta><apps__hashcode>UP_1_</apps__hashcode><application><name>ORDERS</name>{XML}</application></applications>"
    );
    for headers in [&[][..], &[("accept", "*/*")], &[("accept", "application/xml")]] {
        assert_eq!(get(&fixture, "/eureka/v2/apps/", headers).await, applications);
    }
    assert_eq!(get(&fixture, "/eureka/apps/ORDERS/10.0.0.5:orders:8080", &[]).await, XML);
    let compact = get(&fixture, "/eureka/apps/ORDERS", &[("x-eureka-accept", "compact")]).await;
    assert!(!compact.contains("leaseInfo") && !compact.contains("metadata"), "{compact}");
}

#[tokio::test]
async fn an_empty_registry_has_an_empty_list() {
    let fixture = Fixture::start().await;
    let expected =
        r#"{"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}}"#;
    assert_eq!(get(&fixture, "/eureka/apps/", &[("accept", "application/json")]).await, expected);
}

#[tokio::test]
async fn an_xml_registration_is_what_its_json_says() {
    let fixture = with_one().await;
    let before = fixture.get("/eureka/apps/ORDERS/10.0.0.5:orders:8080").await.json();
    let headers = [("content-type", "application/xml")];
    let answer = fixture.exchange(Method::POST, "/eureka/apps/ORDERS", &headers, XML).await;
    assert_eq!(answer.status, 204);
    let mut after = fixture.get("/eureka/apps/ORDERS/10.0.0.5:orders:8080").await.json();
    for (member, value) in [
        ("lastUpdatedTimestamp", before["instance"]["lastUpdatedTimestamp"].clone()),
        ("leaseInfo", before["instance"]["leaseInfo"].clone()),
    ] {
        after["instance"][member] = value;
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn lists_are_gzipped_for_who_takes_that() {
    let fixture = with_one().await;
    for path in ["/eureka/apps", "/eureka/apps/delta"] {
        let headers = [("accept", "application/json"), ("accept-encoding", "gzip, x-gzip")];
        let answer = fixture.exchange(Method::GET, path, &headers, Body::empty()).await;
        assert_eq!(answer.header("content-encoding"), "gzip");
        assert_eq!(answer.header("content-type"), "application/json");
        let mut text = String::new();
        GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, fixture.get(path).await.text());
    }
}

#[tokio::test]
async fn what_other_clients_send_is_understood() {
    let fixture = Fixture::start().await;
    let sparse = json!({"instance": [{
        "app": "py", "hostName": "h", "ipAddr": "1.2.3.4", "status": "SLEEPING",
        "port": {"$": "9000", "@enabled": true}, "securePort": null,
        "dataCenterInfo": {"name": "MyOwn"}, "lastDirtyTimestamp": "77",
        "metadata": {"@class": "java.util.Collections$EmptyMap", "n": 5}, "whatever": [1],
    }]});
    let body = sparse.to_string();
    assert_eq!(fixture.exchange(Method::POST, "/eureka/apps/PY", &[], body).await.status, 204);
    let instance = &fixture.get("/eureka/apps/PY/h").await.json()["instance"];
    assert_eq!(
        (&instance["status"], &instance["lastDirtyTimestamp"]),
        (&json!("UNKNOWN"), &json!("77"))
    );
    assert_eq!(instance["port"], json!({"$": 9000, "@enabled": "true"}));
    assert_eq!(instance["metadata"], json!({"n": "5"}));
    assert_eq!(instance["leaseInfo"]["durationInSecs"], 90);
    let class = &instance["dataCenterInfo"]["@class"];
    assert_eq!(class, "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo");
}

#[tokio::test]
async fn amazons_data_centre_is_kept() {
    let fixture = Fixture::start().await;
    let mut body = instance("ORDERS", "", 1);
    let amazon = json!({
        "@class": "com.netflix.appinfo.AmazonInfo", "name": "Amazon",
        "metadata": {"instance-id": "i-1", "ami-id": "ami-2"},
    });
    body["instance"]["dataCenterInfo"] = amazon.clone();
    fixture.register(&body).await;
    let instance = &fixture.get("/eureka/apps/ORDERS/i-1").await.json()["instance"];
    assert_eq!(instance["dataCenterInfo"], amazon);
}

#[tokio::test]
async fn the_status_of_the_server_answers_in_both_formats() {
    let fixture = Fixture::start().await;
    fixture.advance_ms(3_725_000);
    let json = fixture.get("/eureka/status").await.json();
    assert_eq!(json["status"]["generalStats"]["server-uptime"], "01:02:05");
    let xml = get(&fixture, "/eureka/status", &[]).await;
    assert!(xml.starts_with("<com.netflix.eureka.util.StatusInfo>"), "{xml}");
}
