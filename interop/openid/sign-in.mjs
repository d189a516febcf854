// Certified relying parties against the provider of a shop. They check issuer, audience, nonce, state, hashes, content types and
// signatures of every answer, and throw at the first that is not as the specifications want it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, secret, keyFile, link } = JSON.parse(process.argv[2]);
const person = { email, password };
const back = 'https://app.example/back';
const insecure = { execute: [client.allowInsecureRequests] };
const passed = [];

async function signIn(config, browser, scope, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: back,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  });
  const answer = await browser.follow(url, person);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true, maxAge: 60 };
  return client.authorizationCodeGrant(config, answer, checks);
}

async function codeFlow(method) {
  const config = await client.discovery(new URL(issuer), 'app', {}, method, insecure);
  assert.equal(config.serverMetadata().supportsPKCE(), true);
  const browser = new Browser();
  const tokens = await signIn(config, browser, 'openid email offline_access', { max_age: '60' });
  const claims = tokens.claims();
  assert.equal(tokens.token_type, 'bearer');
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.email, email);

  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, claims.sub);
  const described = await client.tokenIntrospection(config, refreshed.access_token);
  assert.ok(described.active && described.sub === claims.sub && described.client_id === 'app');
  await client.tokenRevocation(config, refreshed.refresh_token);
  assert.equal((await client.tokenIntrospection(config, refreshed.access_token)).active, false);
  await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' });

  const again = await signIn(config, browser, 'openid', { prompt: 'none' });
  assert.equal(again.claims().sub, claims.sub);
  const end = client.buildEndSessionUrl(config, { id_token_hint: again.id_token, post_logout_redirect_uri: 'https://app.example/bye', state: 'a b' });
  assert.equal((await browser.follow(end, person)).href, 'https://app.example/bye?state=a+b');
  await assert.rejects(signIn(config, browser, 'openid', { prompt: 'none' }), { error: 'login_required' });
}

async function machine() {
  const key = { key: await importJWK(JSON.parse(readFileSync(keyFile, 'utf8')), 'ES256'), kid: 'one' };
  const config = await client.discovery(new URL(issuer), 'robot', {}, client.PrivateKeyJwt(key), insecure);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'orders.read' });
  assert.equal(tokens.scope, 'orders.read');
  return tokens.access_token;
}

// What a resource server makes of an access token (RFC 9068), and the metadata of RFC 8414.
async function resourceServer(token) {
  const options = { [oauth.allowInsecureRequests]: true };
  const discovered = await oauth.discoveryRequest(new URL(issuer), { ...options, algorithm: 'oauth2' });
  const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
  const audience = new URL(issuer).origin;
  const request = (bearer) => new Request(`${audience}/api`, { headers: { authorization: `Bearer ${bearer}` } });
  const claims = await oauth.validateJwtAccessToken(server, request(token), audience, options);
  assert.ok(claims.sub === 'robot' && claims.client_id === 'robot' && claims.scope === 'orders.read');
  await assert.rejects(oauth.validateJwtAccessToken(server, request(token), 'https://other.example', options));
}

async function publicClient() {
  const config = await client.discovery(new URL(issuer), 'spa', {}, client.None(), insecure);
  const tokens = await signIn(config, new Browser(), 'openid', { response_mode: 'query' });
  assert.ok(tokens.refresh_token);
  await client.refreshTokenGrant(config, tokens.refresh_token);
}

// The one-time link of the account, by which its password is set.
await new Browser().submit(link, person);
passed.push('one-time link');
await codeFlow(client.ClientSecretBasic(secret));
passed.push('code flow with client_secret_basic');
await codeFlow(client.ClientSecretPost(secret));
passed.push('code flow with client_secret_post');
await resourceServer(await machine());
passed.push('client credentials with private_key_jwt, and the token at a resource server');
await publicClient();
passed.push('public client');
console.log(JSON.stringify({ passed }));
