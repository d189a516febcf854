//! Command-line tests: every misuse is reported with one line and an exit code, and does no damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod accounts;
mod backups;
mod browser;
mod bus;
#[cfg(feature = "postgres")]
mod database_backups;
mod engine_settings;
mod flood;
mod former_folder;
mod imports;
mod mails;
mod maintenance;
mod mongodb;
#[cfg(feature = "postgres")]
mod moves;
mod output;
mod personal_data;
mod plaintext;
#[cfg(feature = "postgres")]
mod postgres;
mod program;
mod provider;
mod reach;
#[cfg(feature = "redis")]
mod redis;
mod registry;
mod restored;
#[cfg(all(
    feature = "kafka",
    feature = "mongodb",
    feature = "postgres",
    feature = "rabbitmq",
    feature = "redis"
))]
mod server_health;
mod sign_in;
#[cfg(all(feature = "postgres", feature = "rabbitmq", feature = "redis"))]
mod tls;
mod tls_client;
mod tls_fleet;
mod tls_listeners;
mod tls_tokens;
mod usage;

use program::{assert_fails, icommerce, shopper_get, start_shop, stop_shop};
use std::{net::TcpListener, os::unix::fs::PermissionsExt, process::Command};
use tempfile::TempDir;

#[test]
fn a_wrong_option_is_named() {
    let folder = TempDir::new().unwrap();
    assert!(assert_fails(icommerce(folder.path()).arg("--lisen=1"), 2).contains("--listen"));
    assert!(
        assert_fails(icommerce(folder.path()).arg("--services=cart"), 2)
            .contains("shopping-cart-service")
    );
    assert!(
        assert_fails(icommerce(folder.path()).arg("--service-listen=nowhere"), 2)
            .contains("nowhere")
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut mail = icommerce(&folder.path().join("data"));
    let mail = assert_fails(mail.args(["--no-demo", "--mail-folder"]).arg(&file), 3);
    assert!(mail.starts_with("icommerce: --mail-folder: mail cannot be delivered"), "{mail}");
    assert!(
        assert_fails(icommerce(folder.path()).arg("--peers=nowhere"), 2)
            .starts_with("icommerce: --peers: ")
    );
    assert!(
        assert_fails(icommerce(folder.path()).env("ICOMMERCE_DRAIN_TIMEOUT_MS", "soon"), 2)
            .contains("soon")
    );
    assert!(
        assert_fails(icommerce(folder.path()).arg("--config=/nothing/here.toml"), 2)
            .contains("/nothing/here.toml")
    );
}

#[test]
fn a_value_that_no_shop_can_work_with_is_refused_with_its_key() {
    let folder = TempDir::new().unwrap();
    for (variable, value, key) in [
        ("ORDER_SERVICE__HOLD_MINUTES", "0", "order-service.hold_minutes"),
        ("ORDER_SERVICE__HOLD_MINUTES", "1000000000", "order-service.hold_minutes"),
        ("API_GATEWAY__SHOP_REQUESTS_MAX", "0", "api-gateway.shop_requests_max"),
        ("API_GATEWAY__DEADLINE_MS", "0", "api-gateway.deadline_ms"),
        ("PAYMENT_SERVICE__RESOLVE_EVERY_MS", "0", "payment-service.resolve_every_ms"),
        ("STOREFRONT__HUE", "360", "storefront.hue"),
        ("STOREFRONT__COUNTRY", "Mars", "storefront.country"),
        ("AUDIT_SERVICE__RETENTION_DAYS__VISIT", "36501", "audit-service.retention_days.visit"),
        ("SHOPPING_CART_SERVICE__TAX_RATES", "DE=99", "shopping-cart-service.tax_rates"),
        ("SHOPPING_CART_SERVICE__COUNTRY", "Mars", "shopping-cart-service.country"),
        ("SHOPPING_CART_SERVICE__CURRENCY", "euro", "shopping-cart-service.currency"),
        ("SHOPPING_CART_SERVICE__SHIPPING_METHODS", "x", "shopping-cart-service.shipping_methods"),
        ("PRODUCT_SERVICE__PRIOR_PRICE__DAYS", "0", "product-service.prior_price.days"),
        ("ORDER_SERVICE__CAPTURE", "never", "order-service.capture"),
        ("LOG", "xml", "log"),
    ] {
        let mut command = icommerce(folder.path());
        let sentence = assert_fails(command.env(format!("ICOMMERCE_{variable}"), value), 2);
        assert!(sentence.contains(&format!("`{key}`")) && sentence.contains(value), "{sentence}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was opened");
}

#[test]
fn a_folder_that_lost_its_data_is_not_taken_for_a_new_one() {
    for name in ["icommerce.000001.log", "bulk.000001.log"] {
        let folder = TempDir::new().unwrap();
        let icommerce = || icommerce(folder.path());
        let (first, _) = start_shop(icommerce().arg("--no-demo"));
        stop_shop(first);
        let file = folder.path().join(name);
        let kept = std::fs::read(&file).unwrap();
        let missing = format!("{name} is missing or empty");
        std::fs::write(&file, "").unwrap();
        assert!(assert_fails(&mut icommerce(), 3).contains(&missing));
        std::fs::remove_file(&file).unwrap();
        for arguments in [&[][..], &["check"], &["rebuild", "order-service"]] {
            let sentence = assert_fails(icommerce().args(arguments), 3);
            assert!(sentence.contains(&missing), "{arguments:?}: {sentence}");
        }
        assert!(!file.exists());
        std::fs::write(&file, kept).unwrap();
        let (second, _) = start_shop(icommerce().arg("--no-demo"));
        stop_shop(second);
    }
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_opened() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(&data).args(["--listen", &address, "--operator-listen=127.0.0.1:0"]);
    let typed = assert_fails(&mut command, 3);
    assert!(typed.starts_with(&format!("icommerce: --listen: {address}")), "{typed}");
    let mut of_settings = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    of_settings.arg("--data").arg(&data).arg("--operator-listen=127.0.0.1:0");
    let of_settings = assert_fails(of_settings.env("ICOMMERCE_LISTEN", &address), 3);
    assert!(of_settings.starts_with(&format!("icommerce: listen: {address}")), "{of_settings}");
    // A process without an edge serves others at the address of the shop edge.
    let mut alone = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    alone.arg("--data").arg(&data).args(["--services=order-service", "--listen", &address]);
    let alone = assert_fails(&mut alone, 3);
    assert!(alone.starts_with(&format!("icommerce: --listen: {address}")), "{alone}");
    assert!(!data.exists());
}

#[test]
fn a_service_listener_beyond_loopback_needs_the_secret_of_the_fleet() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let fleet = |secret: &str| {
        let file = folder.path().join("secret");
        std::fs::write(&file, secret).unwrap();
        let mut command = icommerce(&data);
        command.arg("--service-listen=127.0.0.1:0").env("ICOMMERCE_FLEET__SECRET_FILE", file);
        command
    };
    let open = assert_fails(icommerce(&data).arg("--service-listen=0.0.0.0:0"), 2);
    assert!(open.contains("fleet.secret_file") && open.contains("0.0.0.0"), "{open}");
    let short = assert_fails(&mut fleet("short\n"), 2);
    assert!(short.contains("16 bytes") && !short.contains("short\n"), "{short}");
    let missing = icommerce(&data).env("ICOMMERCE_FLEET__SECRET_FILE", "/nothing/here").output();
    assert_eq!(missing.unwrap().status.code(), Some(3));
    assert!(!data.exists());
    let (child, _) = start_shop(fleet("a secret of more than 16 bytes").arg("--no-demo"));
    stop_shop(child);
}

#[test]
fn an_unwritable_folder_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    assert_fails(&mut icommerce(&file), 3);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");
    // Root may write anywhere, so this half only applies to other users.
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_err() {
        assert_fails(&mut icommerce(&closed), 3);
    }
}

#[test]
fn a_folder_in_use_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let (first, _) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    assert!(assert_fails(&mut icommerce(folder.path()), 3).contains("another running"));
    stop_shop(first);
}

#[test]
fn a_second_start_finds_the_same_data() {
    let folder = TempDir::new().unwrap();
    let count = |address: &str| {
        let page = shopper_get(address, "/api/v1/products?limit=1");
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        page["total"].as_u64().unwrap()
    };
    let (first, [shop, _]) = start_shop(&mut icommerce(folder.path()));
    let products = count(&shop);
    assert!(products >= 60, "{products}");
    stop_shop(first);
    let (second, [shop, _]) = start_shop(&mut icommerce(folder.path()));
    assert_eq!(count(&shop), products);
    stop_shop(second);
}

#[test]
fn a_newer_format_is_rejected_and_left_unchanged() {
    let folder = TempDir::new().unwrap();
    let (first, _) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    stop_shop(first);
    let file = folder.path().join("icommerce.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The application's format number is the user version, four bytes at offset 60 of the file format.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(&file, &bytes).unwrap();
    assert!(assert_fails(&mut icommerce(folder.path()), 3).contains("later release"));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn help_lists_the_commands_and_tables_list_services_and_settings() {
    let folder = TempDir::new().unwrap();
    let shown = |argument: &str| {
        let output = icommerce(folder.path()).arg(argument).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    for word in
        ["--data", "--no-demo", "import", "replay", "rebuild", "check", "events", "Exit codes"]
    {
        assert!(shown("--help").contains(word), "{word}");
    }
    assert!(shown("services").contains("order-service"));
    assert!(shown("settings").contains("operator_listen"));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "read-only commands create no files"
    );
}
