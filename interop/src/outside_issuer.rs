//! An issuer that is not the shop's, and what its tokens open at the operator edge.

use browser_tests::Shop;

/// Path that only the role `admin` may see.
const ADMINISTRATION: &str = "/api/v1/parked/order-service";

/// Tokens of an outside issuer.
#[derive(Debug)]
pub struct OutsideTokens {
    /// For the audience `shop`, with `shop-admins` in the claim `groups`.
    pub admin: String,
    /// The same without a group.
    pub guest: String,
    /// The same as the first, but for another audience.
    pub foreign: String,
    /// Tokens for other purposes, with that group and whatever audience.
    pub others: Vec<String>,
}

/// Asserts that a shop which trusts the issuer opens its operator edge to the tokens that it should, and to no other.
pub fn assert_roles_decide(issuer: &str, tokens: &OutsideTokens) {
    let settings = format!(
        r#"[api-gateway]
operator_sign_in = true

[[auth.issuers]]
issuer = "{issuer}"
audience = "shop"
private = true
roles = {{ claim = "groups", admin = ["shop-admins"] }}
"#
    );
    let (shop, _) = Shop::with_settings(&settings, &[]);
    let status = |token: &str| shop.operator_get_with_token(ADMINISTRATION, token).status;
    assert_eq!(shop.operator_get(ADMINISTRATION).status, 401, "without a token");
    assert_eq!(status(&tokens.admin), 200, "with the group");
    assert_eq!(status(&tokens.guest), 403, "without the group");
    assert_eq!(status(&tokens.foreign), 401, "for another audience");
    for token in &tokens.others {
        assert_eq!(status(token), 401, "for another purpose: {token}");
    }
}
