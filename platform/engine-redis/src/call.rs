//! Calls of the server: commands, pipelines and scripts.

use crate::{connection::RedisConnection, error::lacks_script};
use redis::{Cmd, Pipeline, RedisResult, Script, ToRedisArgs, Value};

/// Script with its text; the server is sent its digest, and the text where it does not know that.
#[derive(Debug)]
pub(crate) struct ScriptText {
    text: &'static str,
    digest: String,
}

impl ScriptText {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, digest: Script::new(text).get_hash().to_owned() }
    }

    /// Call of the script with these keys.
    pub(crate) fn call(&self, keys: &[&str]) -> RedisCall {
        let begun = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(keys.len()).arg(keys);
            command
        };
        let (by_digest, with_text) = (begun("EVALSHA", &self.digest), begun("EVAL", self.text));
        RedisCall { request: CallRequest::Script(by_digest, with_text), is_repeatable: true }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
enum CallRequest {
    Command(Cmd),
    /// Script by its digest, and with its text.
    Script(Cmd, Cmd),
    Pipeline(Pipeline),
}

/// Call of the server.
#[derive(Clone, Debug)]
pub(crate) struct RedisCall {
    request: CallRequest,
    /// Whether it has no further effect the second time.
    pub(crate) is_repeatable: bool,
}

impl RedisCall {
    pub(crate) fn command(command: Cmd) -> Self {
        Self { request: CallRequest::Command(command), is_repeatable: true }
    }

    /// Commands whose keys have one tag; sent once.
    pub(crate) fn pipeline(pipeline: Pipeline) -> Self {
        Self { request: CallRequest::Pipeline(pipeline), is_repeatable: false }
    }

    pub(crate) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        match &mut self.request {
            CallRequest::Command(command) => {
                command.arg(argument);
            }
            CallRequest::Script(by_digest, with_text) => {
                by_digest.arg(&argument);
                with_text.arg(argument);
            }
            CallRequest::Pipeline(_) => unreachable!("a pipeline has its arguments"),
        }
        self
    }

    /// The same, which is sent once.
    pub(crate) fn once(self) -> Self {
        Self { is_repeatable: false, ..self }
    }

    pub(crate) async fn send(&self, connection: &mut RedisConnection) -> RedisResult<Value> {
        match &self.request {
            CallRequest::Command(command) => connection.send(command).await,
            CallRequest::Script(by_digest, with_text) => match connection.send(by_digest).await {
                Err(error) if lacks_script(&error) => connection.send(with_text).await,
                answer => answer,
            },
            CallRequest::Pipeline(pipeline) => connection.send_all(pipeline).await,
        }
    }
}
