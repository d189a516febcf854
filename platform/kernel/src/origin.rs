//! Origin of a change: by which edge a request entered and, as far as it is known, who made it.

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

/// Edge by which a request entered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// The public edge.
    Shop,
    /// The operators' edge.
    Operator,
    /// No edge: a call of another service, or a background task.
    #[default]
    Internal,
}

impl Edge {
    /// Name of the edge, as headers and records have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Operator => "operator",
            Self::Internal => "internal",
        }
    }

    /// Edge of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Shop, Self::Operator, Self::Internal].into_iter().find(|edge| edge.as_str() == name)
    }
}

/// Origin of a change: edge, actor, client address and user agent of the request that led to it. It is a record for the
/// audit trail and grants nothing.
///
/// Its text is `edge actor address user-agent`; `-` stands for an absent part, and absent parts at the end are left out.
///
/// ```
/// use kernel::{Edge, Origin};
///
/// let address = "192.0.2.7".parse().ok();
/// let origin = Origin::new(Edge::Operator, Some("operator:ann"), address, Some("curl/8.5 (x86)"));
/// assert_eq!(origin.to_string(), "operator operator:ann 192.0.2.7 curl/8.5 (x86)");
/// assert_eq!(origin.to_string().parse(), Ok(origin));
/// assert_eq!(Origin::of_edge(Edge::Shop).to_string(), "shop");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Edge by which the request entered.
    pub edge: Edge,
    /// Actor, as the edge determined it.
    pub actor: Option<Arc<str>>,
    /// Address of the client.
    pub address: Option<IpAddr>,
    /// User agent that the client named, shortened to [`Origin::USER_AGENT_BYTES_MAX`].
    pub user_agent: Option<Arc<str>>,
}

/// Error of a text that is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the origin of a change")]
pub struct OriginError;

const ABSENT: &str = "-";

impl Origin {
    /// Longest user agent that is kept, in bytes; the rest is cut off.
    pub const USER_AGENT_BYTES_MAX: usize = 100;
    /// Longest actor that is kept, in bytes; the rest is cut off.
    pub const ACTOR_BYTES_MAX: usize = 64;
    /// Longest text of an origin, in bytes: edge, actor, address and user agent, with spaces between.
    pub const TEXT_BYTES_MAX: usize =
        8 + Self::ACTOR_BYTES_MAX + 45 + Self::USER_AGENT_BYTES_MAX + 3;

    /// Origin with these parts, as far as they are known. Everything but printable ASCII is replaced by `?`.
    pub fn new(
        edge: Edge,
        actor: Option<&str>,
        address: Option<IpAddr>,
        user_agent: Option<&str>,
    ) -> Self {
        let actor = actor.and_then(|actor| {
            printable(actor, Self::ACTOR_BYTES_MAX).map(|it| Arc::from(it.replace(' ', "_")))
        });
        let user_agent = user_agent
            .and_then(|agent| printable(agent, Self::USER_AGENT_BYTES_MAX).map(Arc::from));
        Self { edge, actor, address, user_agent }
    }

    /// Origin of which only the edge is known, or may be kept.
    pub fn of_edge(edge: Edge) -> Self {
        Self { edge, actor: None, address: None, user_agent: None }
    }
}

/// Text of at most `bytes_max` printable ASCII characters; `None` when nothing is left or it would stand for nothing.
fn printable(text: &str, bytes_max: usize) -> Option<String> {
    let kept = text.trim().chars().take(bytes_max);
    let kept = kept.map(|it| if it.is_ascii_graphic() || it == ' ' { it } else { '?' });
    let kept: String = kept.collect();
    let kept = kept.trim_end();
    (!kept.is_empty() && kept != ABSENT).then(|| kept.to_owned())
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.edge.as_str())?;
        let Self { actor, address, user_agent, .. } = self;
        if actor.is_none() && address.is_none() && user_agent.is_none() {
            return Ok(());
        }
        write!(out, " {}", actor.as_deref().unwrap_or(ABSENT))?;
        match address {
            Some(address) => write!(out, " {address}")?,
            None if user_agent.is_none() => return Ok(()),
            None => write!(out, " {ABSENT}")?,
        }
        user_agent.as_ref().map_or(Ok(()), |agent| write!(out, " {agent}"))
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let mut parts = text.splitn(4, ' ');
        let edge = parts.next().and_then(Edge::parse).ok_or(OriginError)?;
        let mut next = || parts.next().filter(|part| *part != ABSENT);
        let (actor, address, user_agent) = (next(), next(), next());
        let address = address.map(str::parse).transpose().map_err(|_| OriginError)?;
        Ok(Self {
            edge,
            actor: actor.map(Arc::from),
            address,
            user_agent: user_agent.map(Arc::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_is_read_back_from_its_text() {
        let (v4, v6) = ("192.0.2.7".parse().ok(), "2001:db8::7".parse().ok());
        for origin in [
            Origin::of_edge(Edge::Internal),
            Origin::of_edge(Edge::Shop),
            Origin::new(Edge::Operator, Some("ann"), None, None),
            Origin::new(Edge::Operator, None, v4, None),
            Origin::new(Edge::Operator, None, None, Some("Mozilla/5.0 (X11; Linux)")),
            Origin::new(Edge::Operator, Some("ann lee"), v6, Some("a b  c")),
        ] {
            assert_eq!(origin.to_string().parse(), Ok(origin));
        }
    }

    #[test]
    fn what_a_client_says_is_shortened_and_printable() {
        let long = "ä".repeat(5_000);
        let address = "2001:db8:1111:2222:3333:4444:5555:6666".parse().ok();
        let origin = Origin::new(Edge::Operator, Some(&long), address, Some(&long));
        let text = origin.to_string();
        assert!(text.len() <= Origin::TEXT_BYTES_MAX && text.is_ascii(), "{text}");
        assert_eq!(text.parse(), Ok(origin));
        let forged = Origin::new(Edge::Operator, Some("a\r\nb"), None, Some("x\0\n y"));
        assert_eq!(forged.to_string(), "operator a??b - x?? y");
        for nothing in ["", "   ", "-"] {
            let origin = Origin::new(Edge::Operator, Some(nothing), None, Some(nothing));
            assert_eq!(origin, Origin::of_edge(Edge::Operator));
        }
    }

    #[test]
    fn a_text_that_is_no_origin_is_refused() {
        for text in ["", "moon", "operator ann nowhere", " shop"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
