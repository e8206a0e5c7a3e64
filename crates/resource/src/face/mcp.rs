//! The guard in front of a server of the Model Context Protocol, with scopes for each tool.
//!
//! The protocol's authorization is based on RFC 9728 and RFC 6750: a request without a token is answered with the URL
//! of the resource's metadata and the scopes to request, and a call of a tool beyond the token's scopes with 403 and
//! the scopes that are needed. The tool is named in the body, so this layer reads the JSON-RPC messages of a POST
//! before the server does.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Either, Full, Limited};
use protocol::Scopes;
use serde::Deserialize;
use serde_json::Value;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::challenge::Denied;
use crate::face::guard::Guard;
use crate::face::layer::{Require, ResponseAdditions, take_ready, turn_away};
use crate::face::token::Token;
use crate::limits::MCP_MESSAGE_BYTES_MAX;
use crate::reason::Reason;

/// The method by which a tool is called.
const CALL: &str = "tools/call";

impl Guard {
    /// A layer for an MCP server over streamable HTTP: every request needs an accepted token, and each tool the scopes
    /// set by [`Mcp::tool`]. Serve the metadata too ([`Guard::metadata_service`]): clients start there.
    pub fn mcp(&self) -> Mcp {
        let others = Scopes::default();
        Mcp { require: self.layer().asking(others.clone()), tools: Arc::default(), others }
    }
}

/// A layer that requires scopes for each tool. Cheap to clone.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct Mcp {
    require: Require,
    tools: Arc<HashMap<String, Scopes>>,
    others: Scopes,
}

impl Mcp {
    /// The scopes that a call of this tool needs, separated by spaces, all of them, in addition to those that every
    /// request needs. An invalid scope disables the tool.
    pub fn tool(mut self, name: &str, scopes: &str) -> Self {
        Arc::make_mut(&mut self.tools).insert(name.to_owned(), read(scopes));
        self
    }

    /// The scopes for tools that have none of their own; none by default. Refusals for want of a token name these, in
    /// addition to those that every request needs.
    pub fn other_tools(mut self, scopes: &str) -> Self {
        self.others = read(scopes);
        self.require = self.require.asking(self.others.clone());
        self
    }

    /// Passes the request on, with what the response must carry, or refuses it.
    async fn admit<B>(&self, head: &mut Parts, body: B) -> Result<(Admitted<B>, ResponseAdditions), Denied>
    where
        B: Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let additions = self.require.admit(head).await?;
        if head.method != Method::POST {
            return Ok((Admitted::Untouched(body), additions));
        }
        let guard = self.require.guard();
        let unreadable = || guard.deny(Reason::MessageUnreadable, &Scopes::default());
        if head.headers.contains_key(CONTENT_ENCODING) {
            return Err(unreadable());
        }
        let whole = Limited::new(body, MCP_MESSAGE_BYTES_MAX).collect().await.map_err(|error| {
            tracing::debug!(error = %error, "the message was not read to its end");
            unreadable()
        })?;
        let whole = whole.to_bytes();
        let token = Token::of(&head.extensions)?;
        for call in calls(&whole).map_err(|()| unreadable())? {
            let needed = self.tools.get(&call).unwrap_or(&self.others);
            if !needed.is_subset(token.scopes()) {
                return Err(guard.deny(Reason::ScopeInsufficient, &self.worth_asking(&token, needed)));
            }
        }
        Ok((Admitted::Read(whole), additions))
    }

    /// The missing scopes, those of this server that the token has, and those that every request needs: clients
    /// request exactly what the challenge names, and would lose the rest.
    fn worth_asking(&self, token: &Token, needed: &Scopes) -> Scopes {
        let known = |scope: &&str| {
            self.others.contains(scope) || self.tools.values().any(|scopes| scopes.contains(scope))
        };
        let required = token.required();
        let held = token.scopes().iter().filter(known);
        required.iter().chain(held).chain(needed.iter()).collect()
    }
}

/// A body that this layer did not have to read, or has read.
enum Admitted<B> {
    Untouched(B),
    Read(Bytes),
}

fn read(scopes: &str) -> Scopes {
    Scopes::parse(scopes).unwrap_or_else(|error| {
        tracing::error!(scopes, %error, "a tool requires an invalid scope");
        Scopes::stored(scopes)
    })
}

/// The relevant members of one JSON-RPC message. A duplicate member is refused, since the server might read the other
/// one.
#[derive(Deserialize)]
struct Message {
    method: Option<Value>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    name: Option<Value>,
}

/// The tools that these messages call: one message, or an array of them (as in the protocol's version 2025-03-26).
fn calls(text: &[u8]) -> Result<Vec<String>, ()> {
    let is_batch = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let messages: Vec<Message> = match is_batch {
        true => serde_json::from_slice(text),
        false => serde_json::from_slice(text).map(|message| vec![message]),
    }
    .map_err(|error| tracing::debug!(%error, "the message is not JSON-RPC"))?;
    let calling = |message: &Message| message.method.as_ref().is_some_and(|method| method == CALL);
    messages.into_iter().filter(calling).map(name).collect()
}

fn name(call: Message) -> Result<String, ()> {
    match call.params.and_then(|params| params.name) {
        Some(Value::String(name)) => Ok(name),
        Some(_) | None => Err(()),
    }
}

impl<S> Layer<S> for Mcp {
    type Service = GuardedMcp<S>;

    fn layer(&self, inner: S) -> GuardedMcp<S> {
        GuardedMcp { rule: self.clone(), inner }
    }
}

/// An MCP server behind a guard.
#[derive(Clone, Debug)]
pub struct GuardedMcp<S> {
    rule: Mcp,
    inner: S,
}

impl<S, B, A> Service<Request<B>> for GuardedMcp<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + From<Bytes> + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Either<A, Full<Bytes>>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = take_ready(&mut self.inner);
        let rule = self.rule.clone();
        async move {
            let (mut head, body) = request.into_parts();
            let (body, additions) = match rule.admit(&mut head, body).await {
                Ok((Admitted::Untouched(body), additions)) => (body, additions),
                Ok((Admitted::Read(whole), additions)) => (whole.into(), additions),
                Err(denied) => return Ok(turn_away(&denied, &head).map(Either::Right)),
            };
            Ok(additions.reach(inner, Request::from_parts(head, body)).await?.map(Either::Left))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(text: &str) -> Result<Vec<String>, ()> {
        calls(text.as_bytes())
    }

    #[test]
    fn the_tool_of_a_call_is_read_and_other_messages_call_none() {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete","arguments":{"name":"x"}}}"#;
        assert_eq!(called(call), Ok(vec!["delete".to_owned()]));
        assert_eq!(called(&format!(" [{call},{call}]")), Ok(vec!["delete".to_owned(); 2]));
        for other in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"delete"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"method":"tools/call"}}"#,
            "[]",
        ] {
            assert_eq!(called(other), Ok(Vec::new()), "{other}");
        }
    }

    #[test]
    fn escapes_do_not_hide_a_tool() {
        let call = r#"{"\u006dethod":"tools\/call","params":{"n\u0061me":"d\u0065lete"}}"#;
        assert_eq!(called(call), Ok(vec!["delete".to_owned()]));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for text in [
            "",
            "x",
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"delete"}}"#,
            r#"{"method":"tools/call","params":{"name":"list","name":"delete"}}"#,
            r#"{"method":"tools/call","params":{"name":"list"},"params":{"name":"delete"}}"#,
            r#"{"method":"tools/call","params":{"name":["delete"]}}"#,
            r#"{"method":"tools/call","params":{}}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":"tools/call","params":{"name":"list"}} {"method":"tools/call"}"#,
            "\u{feff}{}",
        ] {
            assert_eq!(called(text), Err(()), "{text}");
        }
    }
}
