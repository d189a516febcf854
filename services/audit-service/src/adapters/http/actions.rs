//! Actions that a filter can name: an area and what happened in it. A name that no activity ever has is a mistake, and not a filter that finds
//! nothing.

use kernel::{Problem, codes};

/// Areas of actions with all that happens in them; where other services say what, any word is taken.
const AREAS: &[(&str, Option<&[&str]>)] = &[
    ("product", None),
    ("cart", None),
    ("order", None),
    ("account", None),
    ("client", None),
    ("stock", Some(&["changed", "policy_changed"])),
    (
        "payment",
        Some(&[
            "created",
            "requires_action",
            "unknown",
            "authorised",
            "partially_captured",
            "captured",
            "refunded",
            "voided",
            "failed",
        ]),
    ),
    ("sign_in", Some(&["signed_in", "failed", "locked_out", "signed_out"])),
    ("consent", Some(&["given", "withdrawn"])),
    (
        "grant",
        Some(&[
            "authorized",
            "code_redeemed",
            "revoked",
            "code_replayed",
            "refresh_token_replayed",
        ]),
    ),
    ("keys", Some(&["rotated"])),
];

/// The action, if there can be activities of it.
pub(super) fn known(action: String) -> Result<String, Problem> {
    let (area, what) = action.split_once('.').unwrap_or((&action, ""));
    let Some((_, words)) = AREAS.iter().find(|(name, _)| *name == area) else {
        let areas = AREAS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(unknown(format!(
            "is not known: expected an action such as order.confirmed, of {areas}"
        )));
    };
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_known = match words {
        Some(words) => words.contains(&what),
        None => !what.is_empty() && what.bytes().all(is_word),
    };
    if is_known {
        return Ok(action);
    }
    let expected = words.map_or_else(|| "created".to_owned(), |words| words.join(", "));
    Err(unknown(format!("is not known: after {area}. expected {expected}")))
}

fn unknown(message: String) -> Problem {
    Problem::input(codes::INVALID_QUERY, "action", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_no_activity_has_is_refused() {
        for action in [
            "order.confirmed",
            "product.price_changed",
            "cart.change_3",
            "sign_in.failed",
            "grant.authorized",
            "keys.rotated",
        ] {
            assert_eq!(known(action.to_owned()), Ok(action.to_owned()));
        }
        for action in
            ["foo", "foo.bar", "order", "order.", "order.Confirmed", "sign_in.foo", "keys.", ".x"]
        {
            assert_eq!(known(action.to_owned()).unwrap_err().status, 400, "{action}");
        }
    }
}
