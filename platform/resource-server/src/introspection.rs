//! Introspection of tokens (RFC 7662): an issuer is asked about a token that only it can read. One question for all who wait for its
//! answer, within a deadline; none for a token that was refused just now, and none while the issuer does not answer.

use crate::{TokenError, verified_tokens::TokenDigest};
use async_trait::async_trait;
use jose::Claims;
use kernel::{Clock, Timestamp, security_checks::holds};
use parking_lot::Mutex;
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};
use transport::{BreakerPermit, CircuitBreaker};

/// Longest time for one answer, and for a turn to ask.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Questions to one issuer at the same time.
const QUESTIONS_MAX: usize = 32;
/// Time for which a refused token is refused again without a question.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// Most refused tokens that are remembered; beyond, the first one is forgotten.
const REFUSED_MAX: usize = 4_096;
/// Failures in a row after which the issuer is not asked for a while.
const FAILURES_MAX: u32 = 5;
/// That while, at first and at most.
const BREAKER_PAUSE: Duration = Duration::from_secs(2);
const BREAKER_PAUSE_MAX: Duration = Duration::from_secs(30);

/// The issuer cannot be asked, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IntrospectionError(pub String);

/// Whoever answers questions about tokens.
#[async_trait]
pub trait Introspector: fmt::Debug + Send + Sync {
    /// The answer, as JSON.
    ///
    /// # Errors
    ///
    /// [`IntrospectionError`].
    async fn introspect(&self, token: &str) -> Result<Vec<u8>, IntrospectionError>;
}

/// Introspection at an issuer.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// Whoever answers.
    pub introspector: Arc<dyn Introspector>,
    /// Longest time for which an answer is believed: so long a token counts after it was revoked.
    pub max_age: Duration,
    /// Whether the issuer is asked about its JWTs as well, in place of a look at its keys.
    pub of_jwts: bool,
}

type IntrospectionAnswer = Result<Arc<Claims>, TokenError>;

/// Introspection with what is known of the answers.
#[derive(Debug)]
pub(crate) struct IntrospectionCache {
    pub(crate) introspection: Introspection,
    clock: Arc<dyn Clock>,
    refused: Mutex<RefusedTokens>,
    /// Questions in flight, with their answers to come.
    asking: Mutex<HashMap<TokenDigest, watch::Receiver<Option<IntrospectionAnswer>>>>,
    turns: Semaphore,
    breaker: CircuitBreaker,
}

#[derive(Debug, Default)]
struct RefusedTokens {
    until: HashMap<TokenDigest, Timestamp>,
    /// Digests in the order in which they came.
    order: VecDeque<TokenDigest>,
}

impl IntrospectionCache {
    pub(crate) fn new(introspection: Introspection, clock: Arc<dyn Clock>) -> Self {
        Self {
            introspection,
            clock,
            refused: Mutex::default(),
            asking: Mutex::default(),
            turns: Semaphore::new(QUESTIONS_MAX),
            breaker: CircuitBreaker::new(FAILURES_MAX, BREAKER_PAUSE, BREAKER_PAUSE_MAX),
        }
    }

    /// What the issuer says of an active token.
    pub(crate) async fn claims(&self, token: &str, digest: TokenDigest) -> IntrospectionAnswer {
        loop {
            if self.refused.lock().has(&digest, self.clock.now()) {
                return Err(TokenError::Inactive);
            }
            let question = {
                let mut asking = self.asking.lock();
                let in_flight = asking.get(&digest).filter(|it| it.has_changed().is_ok());
                if let Some(answer) = in_flight {
                    Err(answer.clone())
                } else {
                    let (sender, answer) = watch::channel(None);
                    asking.insert(digest, answer);
                    Ok(sender)
                }
            };
            match question {
                Ok(sender) => {
                    let _in_flight = QuestionInFlight { cache: self, digest };
                    let answer = self.ask(token, digest).await;
                    sender.send_replace(Some(answer.clone()));
                    return answer;
                }
                Err(mut answer) => {
                    // Whoever asked may have been given up; then it is the turn of another.
                    let answered = answer.wait_for(Option::is_some).await;
                    if let Some(answer) = answered.ok().and_then(|it| it.clone()) {
                        return answer;
                    }
                }
            }
        }
    }

    async fn ask(&self, token: &str, digest: TokenDigest) -> IntrospectionAnswer {
        let unavailable = TokenError::Unavailable;
        let turn = timeout(ANSWER_TIME_MAX, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| unavailable)?.map_err(|_| unavailable)?;
        let permit = self.breaker.try_acquire().ok_or(unavailable)?;
        let mut permit = Permit { breaker: &self.breaker, permit: Some(permit) };
        let answer = timeout(ANSWER_TIME_MAX, self.introspection.introspector.introspect(token));
        let answer = answer
            .await
            .unwrap_or_else(|_| Err(IntrospectionError("its answer takes too long".to_owned())));
        let answer = answer.and_then(|json| {
            let claims = Claims::parse(&json);
            claims.map_err(|_| IntrospectionError("its answer is no JSON object".to_owned()))
        });
        let claims = match answer {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, "an issuer of tokens does not say what one of them is worth");
                permit.failed();
                return Err(unavailable);
            }
        };
        permit.succeeded();
        let is_active = claims.get("active") == Some(&Value::Bool(true));
        if !holds("introspected_active", is_active) {
            self.refused.lock().insert(digest, self.clock.now());
            return Err(TokenError::Inactive);
        }
        Ok(Arc::new(claims))
    }
}

impl RefusedTokens {
    fn has(&self, digest: &TokenDigest, now: Timestamp) -> bool {
        self.until.get(digest).is_some_and(|until| now < *until)
    }

    fn insert(&mut self, digest: TokenDigest, now: Timestamp) {
        let until = now.checked_add(REFUSED_FOR).unwrap_or(Timestamp::MAX);
        if self.until.insert(digest, until).is_none() {
            self.order.push_back(digest);
        }
        while self.order.len() > REFUSED_MAX {
            let Some(first) = self.order.pop_front() else { return };
            self.until.remove(&first);
        }
    }
}

/// Question in flight, until it is answered or given up.
struct QuestionInFlight<'a> {
    cache: &'a IntrospectionCache,
    digest: TokenDigest,
}

impl Drop for QuestionInFlight<'_> {
    fn drop(&mut self) {
        self.cache.asking.lock().remove(&self.digest);
    }
}

/// Permit of the breaker, which is given back when the question is given up.
struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    permit: Option<BreakerPermit>,
}

impl Permit<'_> {
    fn succeeded(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.breaker.record_success(permit);
        }
    }

    fn failed(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.breaker.record_failure(permit);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.breaker.release(permit);
        }
    }
}
