//! Sign-ins of people and the tokens of the clients that act for them.

use super::{TOKEN_PATH, register};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    load_generator::{Sample, Workload, generate_load},
    numbers::float,
    process::DataFolder,
    report::Row,
    scenarios::{compare_with_baseline, row},
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};
use tokio::time::Instant;

const PASSWORD: &str = "correct-horse-battery-staple";
const BACK: &str = "https://app.example/back";
/// Code verifier of PKCE, and its challenge (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// People who sign in at the same time: each password keeps a core busy, and an account has one attempt at a time.
const USERS: usize = 4;

/// Refresh tokens that are exchanged for the next one, each of a grant of its own.
pub(super) async fn refresh(config: &RunConfig) -> Result<Row, String> {
    let data = DataFolder::new(&config.program)?;
    data.begin()?;
    let authorization = register(&data, "app", &["--redirect", BACK, "--trusted"])?;
    add_person(&data, 0)?;
    let shop = data.serve()?;
    let mut connection = HttpConnection::connect(&shop.shop).await?;
    let session = SignInForm::open(&mut connection, 0).await?.submit(&mut connection).await?;
    let mut grants = HashMap::new();
    // One more, of the client that records the responses.
    for client in (0..config.clients).chain([usize::MAX]) {
        grants.insert(client, grant(&mut connection, &session, &authorization).await?);
    }
    let grants = Rc::new(RefCell::new(grants));
    let workload =
        || RefreshTokens { authorization: authorization.clone(), grants: Rc::clone(&grants) };
    compare_with_baseline(row("refresh, durable", "token", config), config, shop, workload).await
}

/// Sign-ins with a password, by as many people as keep the machine busy.
pub(super) async fn sign_in(config: &RunConfig) -> Result<Row, String> {
    let config = &RunConfig { clients: USERS, ..config.clone() };
    let data = DataFolder::new(&config.program)?;
    data.begin()?;
    for person in 0..USERS {
        add_person(&data, person)?;
    }
    let shop = data.serve()?;
    let mut connection = HttpConnection::connect(&shop.shop).await?;
    let mut forms = Vec::new();
    for person in 0..USERS {
        forms.push(SignInForm::open(&mut connection, person).await?);
    }
    let measured = generate_load(config, &shop, SignIns(forms)).await?;
    let cpu_seconds = measured.used.cpu.as_secs_f64().max(f64::MIN_POSITIVE);
    let for_core = float(measured.iterations) / cpu_seconds;
    let row = row("sign-in with a password, argon2id", "sign-in", config);
    Ok(row.with_shop(&measured).with("sign-ins for a second of a core", for_core, ""))
}

fn email(person: usize) -> String {
    format!("person-{person}@example.com")
}

fn add_person(data: &DataFolder, person: usize) -> Result<(), String> {
    data.run(&["auth", "user", "add", &email(person), "--password-stdin"], PASSWORD).map(drop)
}

/// Sign-in form of a browser, which may be submitted again and again.
struct SignInForm {
    cookie: String,
    form: String,
}

impl SignInForm {
    async fn open(connection: &mut HttpConnection, person: usize) -> Result<Self, String> {
        let page = connection.request("GET", "/auth/account", None, "").await?;
        let cookie = cookies(page.headers("set-cookie"));
        let text = std::str::from_utf8(page.body).map_err(|error| error.to_string())?;
        let (_, rest) =
            text.split_once(r#"name="form" value=""#).ok_or("the sign-in page has no form")?;
        let sealed = rest.split('"').next().unwrap_or_default();
        let email = email(person).replace('@', "%40");
        Ok(Self { cookie, form: format!("form={sealed}&email={email}&password={PASSWORD}") })
    }

    /// Signs in; the cookies of the session.
    async fn submit(&self, connection: &mut HttpConnection) -> Result<String, String> {
        let headers = [("cookie", self.cookie.as_str())];
        let response = connection.submit_form("/auth/sign-in", &headers, &self.form).await?;
        response.expect_status(303)?;
        Ok(cookies(response.headers("set-cookie")))
    }
}

/// Value of the header `Cookie` after these of `Set-Cookie`.
fn cookies<'a>(set: impl Iterator<Item = &'a str>) -> String {
    let pairs = set.filter_map(|line| line.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// Refresh token of a new grant of somebody who is signed in.
async fn grant(
    connection: &mut HttpConnection,
    session: &str,
    authorization: &str,
) -> Result<String, String> {
    let form = format!(
        "client_id=app&response_type=code&scope=openid+offline_access&redirect_uri={BACK}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let response = connection.submit_form("/auth/authorize", &[("cookie", session)], &form).await?;
    response.expect_status(303)?;
    let location = response.headers("location").next().unwrap_or_default();
    let (_, rest) = location.split_once("code=").ok_or(format!("no code: {location}"))?;
    let code = rest.split('&').next().unwrap_or_default();
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={BACK}&code_verifier={VERIFIER}"
    );
    let headers = [("authorization", authorization)];
    refresh_token(&connection.submit_form(TOKEN_PATH, &headers, &form).await?)
}

/// Refresh token of a response of the token endpoint.
fn refresh_token(response: &crate::http_connection::HttpResponse<'_>) -> Result<String, String> {
    response.expect_status(200)?;
    let text = std::str::from_utf8(response.body).map_err(|error| error.to_string())?;
    let (_, rest) = text.split_once(r#""refresh_token":""#).ok_or("there is no refresh token")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// Workload: the refresh token of a client is exchanged for the next one.
struct RefreshTokens {
    authorization: String,
    grants: Rc<RefCell<HashMap<usize, String>>>,
}

impl Workload for RefreshTokens {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        _: u64,
    ) -> Result<Sample, String> {
        let client = if self.grants.borrow().contains_key(&client) { client } else { usize::MAX };
        let current = self.grants.borrow().get(&client).cloned().ok_or("a client has no grant")?;
        let form = format!("grant_type=refresh_token&refresh_token={current}");
        let headers = [("authorization", self.authorization.as_str())];
        let started_at = Instant::now();
        let next = refresh_token(&connection.submit_form(TOKEN_PATH, &headers, &form).await?)?;
        let took = started_at.elapsed();
        self.grants.borrow_mut().insert(client, next);
        Ok(Sample { kind: "refresh", took })
    }
}

/// Workload: somebody signs in.
struct SignIns(Vec<SignInForm>);

impl Workload for SignIns {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        _: u64,
    ) -> Result<Sample, String> {
        let form = self.0.get(client).ok_or("there are more clients than people")?;
        let started_at = Instant::now();
        form.submit(connection).await?;
        Ok(Sample { kind: "sign-in", took: started_at.elapsed() })
    }
}
