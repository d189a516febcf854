//! Paths behind which there is no service: the sign-in of both edges; at the operator edge the first page, and what the process serves
//! itself.

use crate::{
    access::Access, route_table::PAGES, routes, security_headers::ResponseKind, sign_in::SignInStep,
};
use transport::Edge;

/// Path without a service behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnPath {
    /// First page of the operator edge.
    FirstPage,
    /// Step of signing in or out.
    SignIn(SignInStep),
    /// Path that the process serves once the gateway has admitted the request.
    Process { label: &'static str, access: Access },
}

impl OwnPath {
    /// Path of an edge, if nothing else is behind it.
    pub(crate) fn at(edge: Edge, path: &str) -> Option<Self> {
        match edge {
            Edge::Shop => return SignInStep::at(path).map(Self::SignIn),
            Edge::Internal => return None,
            Edge::Operator => {}
        }
        if path == "/" {
            return Some(Self::FirstPage);
        }
        let process = || {
            let (label, access) = routes::of_process(path)?;
            Some(Self::Process { label, access })
        };
        SignInStep::at(path).map(Self::SignIn).or_else(process)
    }

    /// Route label for metrics and logs.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::FirstPage | Self::SignIn(_) => PAGES,
            Self::Process { label, .. } => label,
        }
    }

    /// Kind of the response, which decides on its headers.
    pub(crate) fn response_kind(self) -> ResponseKind {
        match self {
            Self::FirstPage | Self::SignIn(_) => ResponseKind::Page,
            Self::Process { .. } => ResponseKind::Data,
        }
    }
}
