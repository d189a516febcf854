// Certified relying parties against the extensions of the provider: DPoP, PAR, JARM, signed introspection, devices, and the FAPI 2.0 profile.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, secret, keyFile } = JSON.parse(process.argv[2]);
const person = { email, password };
const back = 'https://app.example/back';
const insecure = { execute: [client.allowInsecureRequests] };
const passed = [];

async function parameters(config) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const fields = {
    redirect_uri: back,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  };
  return { fields, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

async function proofs(config, algorithm) {
  return client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm));
}

// Tokens of a public client are bound to its key, at each algorithm that is announced.
async function boundTokens() {
  for (const algorithm of ['ES256', 'Ed25519', 'PS256']) {
    const config = await client.discovery(new URL(issuer), 'spa', {}, client.None(), insecure);
    assert.ok(config.serverMetadata().dpop_signing_alg_values_supported.includes(algorithm));
    const DPoP = await proofs(config, algorithm);
    const { fields, checks } = await parameters(config);
    fields.dpop_jkt = await DPoP.calculateThumbprint();
    const answer = await new Browser().follow(client.buildAuthorizationUrl(config, fields), person);
    const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
    assert.equal(tokens.token_type, 'dpop');
    const subject = tokens.claims().sub;
    const info = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP });
    assert.equal(info.email, email);
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, subject));
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    assert.equal(refreshed.token_type, 'dpop');
  }
}

// A pushed request is answered by a signed response.
async function pushedAndSigned() {
  const config = await client.discovery(new URL(issuer), 'app', {}, client.ClientSecretBasic(secret), insecure);
  client.useJwtResponseMode(config);
  const { fields, checks } = await parameters(config);
  const url = await client.buildAuthorizationUrlWithPAR(config, fields);
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const answer = await new Browser().follow(url, person);
  assert.ok(answer.searchParams.has('response') && !answer.searchParams.has('code'));
  const tokens = await client.authorizationCodeGrant(config, answer, checks);
  return tokens.access_token;
}

// The introspection answer as a token (RFC 9701), checked by the low-level library.
async function signedIntrospection(token) {
  const options = { [oauth.allowInsecureRequests]: true };
  const discovered = await oauth.discoveryRequest(new URL(issuer), options);
  const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
  const app = { client_id: 'app', introspection_signed_response_alg: 'RS256' };
  const authentication = oauth.ClientSecretBasic(secret);
  const request = { ...options, requestJwtResponse: true };
  const response = await oauth.introspectionRequest(server, app, authentication, token, request);
  const described = await oauth.processIntrospectionResponse(server, app, response);
  assert.equal(described.active, true);
  await oauth.validateApplicationLevelSignature(server, response, options);
}

async function device() {
  const config = await client.discovery(new URL(issuer), 'tv', {}, client.None(), insecure);
  const begun = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
  const polled = client.pollDeviceAuthorizationGrant(config, begun);
  await new Browser().submitAll(begun.verification_uri_complete, person);
  const tokens = await polled;
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, email);
}

// The FAPI 2.0 Security Profile: private_key_jwt, PAR, DPoP, ES256, the issuer in the response, a refresh token that is kept.
async function fapi() {
  const key = { key: await importJWK(JSON.parse(readFileSync(keyFile, 'utf8')), 'ES256'), kid: 'one' };
  const metadata = { id_token_signed_response_alg: 'ES256' };
  const config = await client.discovery(new URL(issuer), 'bank', metadata, client.PrivateKeyJwt(key), insecure);
  const DPoP = await proofs(config, 'ES256');
  const { fields, checks } = await parameters(config);
  await assert.rejects(async () => {
    const answer = await new Browser().follow(client.buildAuthorizationUrl(config, fields), person);
    return client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
  }, { error: 'invalid_request' });
  const url = await client.buildAuthorizationUrlWithPAR(config, fields, { DPoP });
  const answer = await new Browser().follow(url, person);
  assert.equal(answer.searchParams.get('iss'), issuer);
  const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(refreshed.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
  const other = await proofs(config, 'ES256');
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP: other }));
}

await boundTokens();
passed.push('tokens bound by DPoP');
const token = await pushedAndSigned();
passed.push('pushed request with a signed response');
await signedIntrospection(token);
passed.push('signed introspection');
await device();
passed.push('device');
await fapi();
passed.push('FAPI 2.0');
console.log(JSON.stringify({ passed }));
