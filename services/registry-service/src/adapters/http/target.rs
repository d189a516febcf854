//! Target of a request: its path, read with the tolerance that clients need.

use http::Method;

/// Target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Applications,
    Delta,
    /// An application, to which an instance is registered by POST.
    Register {
        app: String,
    },
    Instance {
        app: String,
        id: String,
    },
    Status {
        app: String,
        id: String,
    },
    Metadata {
        app: String,
        id: String,
    },
    InstanceById {
        id: String,
    },
    Vip {
        name: String,
        is_secure: bool,
    },
    Batch,
    AutoScalingGroup,
    ServerStatus,
    SelfPreservation,
    StatusOverrides,
    Watch,
}

impl Target {
    /// Target of a path below `/eureka`, with or without `/v2`, with slashes doubled or at its end.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut segments: Vec<String> = Vec::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(percent_decoded(segment)?);
        }
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (["eureka", "v2", ref below @ ..] | ["eureka", ref below @ ..]) = *segments.as_slice()
        else {
            return None;
        };
        let instance = |app: &str, id: &str| (app.to_uppercase(), id.to_owned());
        Some(match *below {
            ["apps"] => Self::Applications,
            ["apps", "delta"] => Self::Delta,
            ["apps", app] => Self::Register { app: app.to_uppercase() },
            ["apps", app, id] => {
                let (app, id) = instance(app, id);
                Self::Instance { app, id }
            }
            ["apps", app, id, "status"] => {
                let (app, id) = instance(app, id);
                Self::Status { app, id }
            }
            ["apps", app, id, "metadata"] => {
                let (app, id) = instance(app, id);
                Self::Metadata { app, id }
            }
            ["instances", id] => Self::InstanceById { id: id.to_owned() },
            ["vips", name] => Self::Vip { name: name.to_owned(), is_secure: false },
            ["svips", name] => Self::Vip { name: name.to_owned(), is_secure: true },
            ["peerreplication", "batch"] => Self::Batch,
            ["asg", _, "status"] => Self::AutoScalingGroup,
            ["status"] => Self::ServerStatus,
            ["self-preservation"] => Self::SelfPreservation,
            ["serverinfo", "statusoverrides"] => Self::StatusOverrides,
            ["watch"] => Self::Watch,
            _ => return None,
        })
    }

    /// Methods that it takes; HEAD with GET.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Register { .. } => &[Method::GET, Method::POST],
            Self::Instance { .. } => &[Method::GET, Method::PUT, Method::DELETE],
            Self::Status { .. } => &[Method::PUT, Method::DELETE],
            Self::Metadata { .. } | Self::AutoScalingGroup => &[Method::PUT],
            Self::Batch => &[Method::POST],
            _ => &[Method::GET],
        }
    }
}

/// Text of a segment of a path; `None` for what is no text.
fn percent_decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        match digits.and_then(|digits| kernel::hex::decode(std::str::from_utf8(digits).ok()?)) {
            Some(byte) => {
                bytes.extend(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None if *first == b'%' => return None,
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_the_version_make_no_difference() {
        for path in
            ["/eureka/apps", "/eureka/apps/", "/eureka//apps", "/eureka/v2/apps/", "//eureka/apps"]
        {
            assert_eq!(Target::parse(path), Some(Target::Applications), "{path}");
        }
        assert_eq!(Target::parse("/eureka/apps/delta"), Some(Target::Delta));
        assert_eq!(Target::parse("/eureka/peerreplication/batch/"), Some(Target::Batch));
        for path in ["/eureka", "/eureka/v2", "/apps", "/eureka/nothing", "/eureka/apps/a/b/c"] {
            assert_eq!(Target::parse(path), None, "{path}");
        }
    }

    #[test]
    fn an_instance_is_named_by_text_of_any_kind() {
        let instance =
            |app: &str, id: &str| Some(Target::Instance { app: app.to_owned(), id: id.to_owned() });
        assert_eq!(
            Target::parse("/eureka/apps/orders/10.0.0.5:orders:8080"),
            instance("ORDERS", "10.0.0.5:orders:8080")
        );
        assert_eq!(Target::parse("/eureka/apps/A/a%2Fb%3A%C3%BC"), instance("A", "a/b:ü"));
        for path in ["/eureka/apps/A/%", "/eureka/apps/A/%zz", "/eureka/apps/A/%ff"] {
            assert_eq!(Target::parse(path), None, "{path}");
        }
    }
}
