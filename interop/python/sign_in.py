"""Authlib as relying party and as resource server against the provider of a shop.

The library checks metadata, responses, ID tokens and access tokens, and throws at the first that is not as the specifications want it.
"""

import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import rfc8414, rfc9101, rfc9207
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from authlib.oidc import discovery, rpinitiated
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from browser import Browser

settings = json.loads(sys.argv[1])
issuer = settings["issuer"]
person = {"email": settings["email"], "password": settings["password"]}
back = "https://app.example/back"
bye = "https://app.example/bye"
passed = []


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """The relying party as the library's integrations with web frameworks make it."""

    client_cls = OAuth2Session

    def session(self, token=None):
        return self._get_oauth_client(**self.load_server_metadata(), token=token)

    def _on_update_token(self, token, refresh_token=None, access_token=None):
        """Keeps nothing: a web framework would store the token here."""


def app(client_id, scope):
    return App(
        None,
        client_id=client_id,
        client_secret=settings["secrets"].get(client_id),
        server_metadata_url=discovery.get_well_known_url(issuer, external=True),
        client_kwargs={"scope": scope, "code_challenge_method": "S256"},
    )


def refuses(error, call):
    try:
        call()
    except OAuthError as refusal:
        assert refusal.error == error, refusal
    else:
        raise AssertionError(f"{error} was expected")


def metadata():
    openid = requests.get(discovery.get_well_known_url(issuer, external=True)).json()
    extensions = [rfc9101.AuthorizationServerMetadata, rfc9207.AuthorizationServerMetadata]
    found = discovery.OpenIDProviderMetadata(openid)
    found.validate(metadata_classes=[*extensions, rpinitiated.OpenIDProviderMetadata])
    oauth = requests.get(rfc8414.get_well_known_url(issuer, external=True)).json()
    found = rfc8414.AuthorizationServerMetadata(oauth)
    found.validate(metadata_classes=extensions)
    assert openid["issuer"] == oauth["issuer"] == issuer


def authorized(party, browser, **more):
    """What the library asks, and the parameters of the answer that the browser brings back."""
    asked = party.create_authorization_url(back, **more)
    answer = parse_qs(urlsplit(browser.follow(asked["url"])).query)
    assert answer["state"] == [asked["state"]] and answer["iss"] == [issuer], answer
    return asked, answer


def redeemed(party, asked, answer):
    return party.fetch_access_token(back, code=answer["code"][0], code_verifier=asked["code_verifier"])


def code_flow(client_id, algorithm):
    party = app(client_id, "openid email offline_access")
    browser = Browser(person)
    asked, answer = authorized(party, browser)
    token = redeemed(party, asked, answer)
    assert jws.extract_compact(token["id_token"].encode()).headers()["alg"] == algorithm
    claims = party.parse_id_token(token, nonce=asked["nonce"])
    assert party.userinfo(token=token)["email"] == claims.get("email", person["email"]) == person["email"]
    assert party.userinfo(token=token)["sub"] == claims["sub"]

    endpoints = party.load_server_metadata()
    with party.session(token) as session:
        refreshed = session.refresh_token(endpoints["token_endpoint"])
        assert refreshed["refresh_token"] != token["refresh_token"]
        assert party.parse_id_token(refreshed, nonce=None)["sub"] == claims["sub"]
        assert refreshed["access_token"] != token["access_token"]

        def introspected():
            return session.introspect_token(endpoints["introspection_endpoint"], refreshed["access_token"]).json()

        described = introspected()
        assert described["active"] and described["sub"] == claims["sub"] and described["client_id"] == client_id
        revoked = session.revoke_token(
            endpoints["revocation_endpoint"], refreshed["refresh_token"], token_type_hint="refresh_token"
        )
        assert revoked.status_code == 200, revoked.text
        assert introspected() == {"active": False}
        refuses("invalid_grant", lambda: session.refresh_token(endpoints["token_endpoint"]))

    end = party.create_logout_url(bye, id_token_hint=refreshed["id_token"])
    assert browser.follow(end["url"]) == f"{bye}?state={end['state']}"
    _, answer = authorized(party, browser, prompt="none")
    assert answer["error"] == ["login_required"], answer


def code_counts_once():
    party = app("spa", "openid")
    browser = Browser(person)
    asked, answer = authorized(party, browser)
    other = {**asked, "code_verifier": "x" * 48}
    refuses("invalid_grant", lambda: redeemed(party, other, answer))
    asked, answer = authorized(party, browser)
    token = redeemed(party, asked, answer)
    refuses("invalid_grant", lambda: redeemed(party, asked, answer))
    assert party.get(party.load_server_metadata()["userinfo_endpoint"], token=token).status_code == 401


class ResourceServer(JWTBearerTokenValidator):
    def get_jwks(self):
        uri = app(None, None).load_server_metadata()["jwks_uri"]
        return KeySet.import_key_set(requests.get(uri).json())


def accepts(audience, token, scope):
    server = ResourceServer(issuer, audience)
    server.validate_token(server.authenticate_token(token), [scope], None)


def resource_server():
    """An access token of a client with a key (RFC 7523), at a resource server (RFC 9068)."""
    with open(settings["key_file"]) as file:
        key = ECKey.import_key(json.load(file))
    endpoint = app(None, None).load_server_metadata()["token_endpoint"]
    with OAuth2Session("robot", key, token_endpoint_auth_method="private_key_jwt") as session:
        # The provider takes assertions that are for itself and live for minutes; the library's are for an endpoint and live for an hour.
        claims = {"exp": int(time.time()) + 60}
        session.register_client_auth_method(PrivateKeyJWT(issuer, claims, {"kid": "one"}, "ES256"))
        token = session.fetch_token(endpoint, grant_type="client_credentials", scope="orders.read")["access_token"]
    parts = urlsplit(issuer)
    audience = f"{parts.scheme}://{parts.netloc}"
    accepts(audience, token, "orders.read")
    refusals = [(audience, "orders.write", InsufficientScopeError), ("https://other.example", "orders.read", InvalidTokenError)]
    for audience, scope, refusal in refusals:
        try:
            accepts(audience, token, scope)
        except refusal:
            continue
        raise AssertionError(f"{audience} accepts a token for {scope}")


metadata()
passed.append("metadata")
Browser(person).submit(settings["link"])
passed.append("one-time link")
for client_id, algorithm in [("rs", "RS256"), ("es", "ES256"), ("ed", "EdDSA")]:
    code_flow(client_id, algorithm)
    passed.append(f"code flow with ID tokens by {algorithm}")
code_counts_once()
passed.append("codes count once, with their verifier")
resource_server()
passed.append("private_key_jwt, and the token at a resource server")
print(json.dumps({"passed": passed}))
