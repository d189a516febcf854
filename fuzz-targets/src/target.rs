//! Registry of the targets.

/// Fuzz target: a function that panics where its invariant does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name, which the binary in `fuzz/` and the folder of the corpus have as well.
    pub name: &'static str,
    /// Parses these bytes.
    pub run: fn(&[u8]),
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// Every target.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: crate::$name }),*];
    };
}

targets![
    accept_language,
    basic_credentials,
    bearer_token,
    catalogue_import,
    claims_request,
    cookies,
    dpop_proof,
    form_origin,
    form_parameters,
    host,
    jwk_set,
    jwt,
    jwt_payload,
    mail_message,
    passkey_authentication,
    passkey_registration,
    picture,
    product_body,
    redirect_uri,
    registry_batch,
    registry_instance,
    scim_filter,
    scim_patch,
];
