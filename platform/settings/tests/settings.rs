//! Settings as a service and an operator meet them: layers, errors and dumps.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use serde::{Deserialize, Serialize};
use settings::{
    Allowed, Flag, InvalidSetting, Secret, Section, SectionSettings, Settings, Sources, ValueOrigin,
};
use std::collections::BTreeMap;
use std::io::Write;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessSettings {
    data: String,
    services: Vec<String>,
    workers: Option<u32>,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self { data: "./data".to_owned(), services: Vec::new(), workers: None }
    }
}

impl SectionSettings for ProcessSettings {
    const ALLOWED: &'static [Allowed] = &[Allowed::range("workers", 1, 64)];
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Capture {
    #[default]
    Automatic,
    Manual,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    capture: Capture,
    allow_test: bool,
    attempt_timeout_ms: u32,
    ratio: f64,
    api_key: Secret,
    limits: PaymentLimits,
    aliases: BTreeMap<String, u16>,
    mirror: Option<Mirror>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentLimits {
    body_bytes_max: u64,
    offset: i16,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    address: String,
    token: Secret,
}

impl SectionSettings for Payment {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("attempt_timeout_ms", 0, 60_000),
        Allowed::range("ratio", 0, 1),
        Allowed::range("limits.body_bytes_max", 0, 1 << 40),
        Allowed::range("limits.offset", -32_768, 32_767),
        Allowed::range("aliases.*", 0, 65_535),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        if self.aliases.contains_key("nobody") {
            return Err(InvalidSetting::new("aliases", "expected the names of people"));
        }
        if self.api_key.expose() == "guessed" {
            return Err(InvalidSetting::new("api_key", "expected one that nobody guesses"));
        }
        if self.mirror.as_ref().is_some_and(|mirror| mirror.token.expose() == "guessed") {
            return Err(InvalidSetting::new("mirror", "expected a token that nobody guesses"));
        }
        Ok(())
    }
}

impl SectionSettings for PaymentLimits {
    const ALLOWED: &'static [Allowed] =
        &[Allowed::range("body_bytes_max", 0, 10), Allowed::range("offset", 0, 10)];
}

const SECTIONS: [Section; 2] =
    [Section::top::<ProcessSettings>(), Section::of::<Payment>("payment-service")];

/// Layers of a test: file text, environment, flags.
#[derive(Default)]
struct Layers<'a> {
    file: &'a str,
    environment: &'a [(&'a str, &'a str)],
    flags: &'a [(&'a str, &'a str)],
}

fn load(layers: &Layers<'_>) -> Result<Settings, String> {
    let mut file = tempfile::Builder::new().suffix("-shop.toml").tempfile().unwrap();
    file.write_all(layers.file.as_bytes()).unwrap();
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: layers
            .environment
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        flags: layers
            .flags
            .iter()
            .map(|(key, value)| Flag::new(format!("--{key}"), *key, *value))
            .collect(),
    };
    Settings::load(SECTIONS, &sources).map_err(|error| error.to_string())
}

fn error_of(layers: &Layers<'_>) -> String {
    load(layers).unwrap_err()
}

#[test]
fn each_layer_overrides_the_one_before() {
    let file = "data = '/file'\n[payment-service]\ncapture = 'manual'\nallow_test = true\n";
    let environment =
        [("ICOMMERCE_DATA", "/environment"), ("ICOMMERCE_PAYMENT_SERVICE__CAPTURE", "automatic")];
    let data = |layers: &Layers<'_>| load(layers).unwrap().top::<ProcessSettings>().unwrap().data;

    assert_eq!(data(&Layers::default()), "./data");
    assert_eq!(data(&Layers { file, ..Layers::default() }), "/file");
    assert_eq!(
        data(&Layers { file, environment: &environment, ..Layers::default() }),
        "/environment"
    );
    let all = Layers { file, environment: &environment, flags: &[("data", "/flag")] };
    assert_eq!(data(&all), "/flag");

    let payment: Payment = load(&all).unwrap().section("payment-service").unwrap();
    assert_eq!((payment.capture, payment.allow_test), (Capture::Automatic, true));
}

#[test]
fn text_takes_the_type_that_the_struct_asks_for() {
    let environment = [
        ("ICOMMERCE_SERVICES", "order-service, payment-service"),
        ("ICOMMERCE_WORKERS", "4"),
        ("ICOMMERCE_PAYMENT_SERVICE__ALLOW_TEST", "true"),
        ("ICOMMERCE_PAYMENT_SERVICE__ATTEMPT_TIMEOUT_MS", " 250 "),
        ("ICOMMERCE_PAYMENT_SERVICE__RATIO", "0.5"),
        ("ICOMMERCE_PAYMENT_SERVICE__API_KEY", "12345"),
        ("ICOMMERCE_PAYMENT_SERVICE__LIMITS__BODY_BYTES_MAX", "1024"),
        ("ICOMMERCE_PAYMENT_SERVICE__LIMITS__OFFSET", "-3"),
        ("ICOMMERCE_PAYMENT_SERVICE__ALIASES", "{\"a\": 1}"),
    ];
    let settings = load(&Layers { environment: &environment, ..Layers::default() }).unwrap();
    let process: ProcessSettings = settings.top().unwrap();
    assert_eq!(process.services, ["order-service", "payment-service"]);
    assert_eq!(process.workers, Some(4));
    let payment: Payment = settings.section("payment-service").unwrap();
    assert_eq!((payment.allow_test, payment.attempt_timeout_ms), (true, 250));
    assert!((payment.ratio - 0.5).abs() < f64::EPSILON);
    assert_eq!(payment.api_key.expose(), "12345");
    assert_eq!(payment.limits, PaymentLimits { body_bytes_max: 1024, offset: -3 });
    assert_eq!(payment.aliases, BTreeMap::from([("a".to_owned(), 1)]));

    let many: Vec<String> = (0..12).map(|number| number.to_string()).collect();
    let environment = [("ICOMMERCE_SERVICES", many.join(","))];
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let settings = load(&Layers { environment: &environment, ..Layers::default() }).unwrap();
    assert_eq!(settings.top::<ProcessSettings>().unwrap().services, many);
    let emptied = Layers {
        file: "workers = 3",
        environment: &[("ICOMMERCE_WORKERS", "")],
        ..Layers::default()
    };
    assert_eq!(load(&emptied).unwrap().top::<ProcessSettings>().unwrap().workers, None);
}

#[test]
fn an_error_names_the_key_the_origin_and_what_would_be_right() {
    let cases: &[(Layers<'_>, &[&str])] = &[
        (
            Layers { file: "[payment-service]\nattempt_timeout_ms = 'soon'", ..Layers::default() },
            &[
                "`payment-service.attempt_timeout_ms`",
                "\"soon\"",
                "-shop.toml",
                "expected a whole number",
            ],
        ),
        (
            Layers {
                environment: &[("ICOMMERCE_PAYMENT_SERVICE__CAPTURE", "later")],
                ..Layers::default()
            },
            &["\"later\"", "variable ICOMMERCE_PAYMENT_SERVICE__CAPTURE", "automatic, manual"],
        ),
        (
            Layers { environment: &[("ICOMMERCE_WORKERS", "-1")], ..Layers::default() },
            &["`workers`", "expected a whole number"],
        ),
        (
            Layers { environment: &[("ICOMMERCE_WORKERS", "5000000000")], ..Layers::default() },
            &["`workers`", "from 1 to 64"],
        ),
        (
            Layers { flags: &[("payment-service.allow_test", "yes")], ..Layers::default() },
            &["flag --payment-service.allow_test", "expected true or false"],
        ),
        (Layers { file: "datta = 'x'", ..Layers::default() }, &["`datta`", "did you mean `data`?"]),
        (
            Layers { file: "[payment-servce]\ncapture = 'manual'", ..Layers::default() },
            &["`payment-servce`", "did you mean `payment-service`?"],
        ),
        (
            Layers { file: "[payment-service.limits]\nbody_byte_max = 1", ..Layers::default() },
            &["`payment-service.limits.body_byte_max`", "did you mean `body_bytes_max`?"],
        ),
        (
            Layers {
                environment: &[("ICOMMERCE_PAYMENT_SERVICE_CAPTURE", "manual")],
                ..Layers::default()
            },
            &["did you mean `ICOMMERCE_PAYMENT_SERVICE__CAPTURE`?"],
        ),
        (Layers { flags: &[("dat", "x")], ..Layers::default() }, &["did you mean `data`?"]),
        (Layers { file: "payment-service = 3", ..Layers::default() }, &["write [payment-service]"]),
        (Layers { file: "data = 'x'\ndata = \n", ..Layers::default() }, &["-shop.toml", "line 2"]),
        (
            Layers {
                file: "[payment-service.mirror]\naddress = 'x'\ntokn = 'y'",
                ..Layers::default()
            },
            &["`payment-service.mirror`", "unknown field `tokn`"],
        ),
    ];
    for (layers, words) in cases {
        let sentence = error_of(layers);
        for word in *words {
            assert!(sentence.contains(word), "{word} is missing in: {sentence}");
        }
        assert!(!sentence.contains('\n'), "more than one sentence: {sentence}");
    }
}

#[test]
fn a_dump_shows_origins_and_no_secret() {
    let file =
        "[payment-service]\napi_key = 'hunter2'\nmirror = { address = 'far', token = 'hunter3' }\n";
    let environment =
        [("ICOMMERCE_DATA", "/srv"), ("UNRELATED", "1"), ("ICOMMERCE_SERVICE_HOST", "10.0.0.1")];
    let settings = load(&Layers { file, environment: &environment, ..Layers::default() }).unwrap();
    let dump = settings.dump();
    let of = |key: &str| dump.0.iter().find(|setting| setting.key == key).unwrap();

    assert_eq!(dump.0.len(), 12);
    assert_eq!(of("data").origin, ValueOrigin::Environment("ICOMMERCE_DATA".to_owned()));
    assert_eq!(
        (of("data").value.as_str(), of("data").default.as_str()),
        ("\"/srv\"", "\"./data\"")
    );
    assert_eq!(of("payment-service.capture").origin, ValueOrigin::Default);
    assert_eq!(of("payment-service.api_key").value, "\"***\"");
    assert_eq!(of("payment-service.mirror").value, r#"{"address":"far","token":"***"}"#);
    let payment: Payment = settings.section("payment-service").unwrap();
    let shown = format!("{dump} {settings:?} {payment:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(
        shown
            .contains("data = \"/srv\"  # environment variable ICOMMERCE_DATA; default \"./data\"")
    );
}

#[test]
fn a_secret_of_the_wrong_type_is_not_shown_in_the_error() {
    let sentence =
        error_of(&Layers { file: "[payment-service]\napi_key = 4711", ..Layers::default() });
    assert!(
        sentence.contains("`payment-service.api_key`") && !sentence.contains("4711"),
        "{sentence}"
    );
    let environment = [("ICOMMERCE_PAYMENT_SERVICE__MIRROR", r#"{"address":"a","token":4711}"#)];
    let sentence = error_of(&Layers { environment: &environment, ..Layers::default() });
    assert!(sentence.contains("mirror.token") && !sentence.contains("4711"), "{sentence}");
}

#[test]
fn a_secret_that_its_section_refuses_is_not_shown_in_the_error() {
    for (key, value) in
        [("api_key", "'guessed'"), ("mirror", "{ address = 'a', token = 'guessed' }")]
    {
        let file = &format!("[payment-service]\n{key} = {value}");
        let sentence = error_of(&Layers { file, ..Layers::default() });
        let named = format!("`payment-service.{key}` cannot be ***");
        assert!(sentence.starts_with(&named) && !sentence.contains("guessed"), "{sentence}");
    }
}

#[test]
fn the_environment_may_name_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"data = '/named'").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let from = |path: String| {
        let sources =
            Sources { environment: vec![("ICOMMERCE_CONFIG".into(), path)], ..Sources::default() };
        Settings::load(SECTIONS, &sources)
    };
    assert_eq!(from(path).unwrap().top::<ProcessSettings>().unwrap().data, "/named");
    let missing = from("/nowhere/shop.toml".into()).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/shop.toml cannot be read"), "{missing}");
}

#[test]
fn contradicting_declarations_are_refused() {
    #[derive(Default, Serialize, Deserialize)]
    struct Clash {
        #[serde(rename = "a-b")]
        hyphen: u8,
        a_b: u8,
    }
    impl SectionSettings for Clash {
        const ALLOWED: &'static [Allowed] = &[Allowed::range("*", 0, 255)];
    }
    #[derive(Serialize, Deserialize)]
    struct Published {
        key: Secret,
    }
    impl SectionSettings for Published {
        const ALLOWED: &'static [Allowed] = &[];
    }
    #[derive(Default, Serialize, Deserialize)]
    struct Unlimited {
        outer: Inner,
    }
    #[derive(Default, Serialize, Deserialize)]
    struct Inner {
        ratio: f64,
    }
    impl SectionSettings for Unlimited {
        const ALLOWED: &'static [Allowed] = &[Allowed::range("outer", 0, 1)];
    }
    impl Default for Published {
        fn default() -> Self {
            Self { key: Secret::new("admin") }
        }
    }
    let refused = |sections: Vec<Section>| {
        Settings::load(sections, &Sources::default()).unwrap_err().to_string()
    };
    assert!(refused(vec![Section::of::<Clash>("x")]).contains("share one environment variable"));
    assert!(
        refused(vec![Section::of::<PaymentLimits>("x"), Section::of::<PaymentLimits>("x")])
            .contains("this name")
    );
    assert!(refused(vec![Section::of::<Published>("x")]).contains("leave it empty"));
    let unlimited = refused(vec![Section::of::<Unlimited>("x")]);
    assert!(unlimited.contains("`x.outer.ratio` is a number"), "{unlimited}");
}

#[test]
fn a_value_outside_its_range_is_refused_with_key_value_origin_and_range() {
    let cases = [
        ("payment-service.attempt_timeout_ms", "60001", "from 0 to 60000"),
        ("payment-service.attempt_timeout_ms", " 99999999999999999999999 ", "from 0 to 60000"),
        ("payment-service.attempt_timeout_ms", "-1", "from 0 to 60000"),
        ("payment-service.limits.offset", "-32769", "from -32768 to 32767"),
        ("workers", "0", "from 1 to 64"),
        ("workers", "65", "from 1 to 64"),
    ];
    for (key, value, range) in cases {
        let flag = error_of(&Layers { flags: &[(key, value)], ..Layers::default() });
        let expected = format!("(flag --{key}): expected a whole number {range}");
        assert!(
            flag.contains(&format!("`{key}` cannot be ")) && flag.contains(&expected),
            "{flag}"
        );
        assert!(flag.contains(value.trim()), "{flag}");
    }
    let file = "workers = 0\n";
    let in_file = error_of(&Layers { file, ..Layers::default() });
    assert!(
        in_file.contains("`workers` cannot be 0 (file ") && in_file.contains("1 to 64"),
        "{in_file}"
    );
    for value in ["1", "64"] {
        let layers = Layers { flags: &[("workers", value)], ..Layers::default() };
        let process: ProcessSettings = load(&layers).unwrap().top().unwrap();
        assert_eq!(process.workers.unwrap().to_string(), value);
    }
}

#[test]
fn what_no_range_can_say_is_checked_when_the_settings_are_loaded() {
    let file = "[payment-service]\naliases = { nobody = 1 }\n";
    let error = error_of(&Layers { file, ..Layers::default() });
    assert!(error.contains("`payment-service.aliases` cannot be {\"nobody\":1} (file "), "{error}");
    assert!(error.ends_with("expected the names of people"), "{error}");
}

#[test]
fn a_dump_says_what_is_allowed() {
    let dump = load(&Layers::default()).unwrap().dump();
    let allowed = |key: &str| dump.0.iter().find(|it| it.key == key).unwrap().allowed.clone();
    assert_eq!(allowed("payment-service.limits.offset").unwrap(), "-32768 to 32767");
    assert_eq!(allowed("payment-service.capture").unwrap(), "automatic, manual");
    assert_eq!(allowed("data"), None);
}

#[test]
fn an_undeclared_section_is_an_error() {
    let settings = load(&Layers::default()).unwrap();
    let error = settings.section::<Payment>("payment-services").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no settings section `payment-services`; did you mean `payment-service`?"
    );
}

#[test]
fn presets_replace_the_defaults_all_together_or_not_at_all() {
    let presets = [("data", "/srv/demo"), ("services", "a,b")];
    let loaded = |flags: Vec<Flag>| {
        let sources = Sources { flags, ..Sources::default() };
        Settings::load([Section::top::<ProcessSettings>()], &sources).unwrap()
    };
    let top = |settings: Settings| {
        let ProcessSettings { data, services, .. } = settings.top().unwrap();
        (data, services.join("+"))
    };
    let preset = loaded(Vec::new()).preset("the demonstration", &presets).unwrap();
    assert_eq!(top(preset), ("/srv/demo".to_owned(), "a+b".to_owned()));
    let own = loaded(vec![Flag::new("--services", "services", "c")]);
    assert_eq!(top(own.preset("x", &presets).unwrap()), ("./data".to_owned(), "c".to_owned()));
    let other = loaded(vec![Flag::new("--workers", "workers", "2")]);
    assert_eq!(top(other.preset("x", &presets).unwrap()).0, "/srv/demo");
    let error = loaded(Vec::new()).preset("x", &[("nothing", "1")]).unwrap_err();
    assert!(error.to_string().contains("there is no setting `nothing`"), "{error}");
}
