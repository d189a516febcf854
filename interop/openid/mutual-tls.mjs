// Certified relying parties that present certificates over the shop's own TLS (RFC 8705): who they are by them, and the tokens bound to them.

import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, authority, certificates } = JSON.parse(process.argv[2]);
const person = { email, password };
const back = 'https://app.example/back';
const ca = readFileSync(authority);
const passed = [];

// The function `fetch` of a client that shows this certificate.
function presenting(name) {
  const { certificate, key } = certificates[name] ?? {};
  const shown = certificate ? { cert: readFileSync(certificate), key: readFileSync(key) } : {};
  const agent = new https.Agent({ ca, ...shown });
  return (url, { method, headers, body }) => new Promise((resolve, reject) => {
    const request = https.request(url, { agent, method, headers: Object.fromEntries(new Headers(headers)) });
    request.on('error', reject);
    request.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status, headers: named } = response;
        resolve(new Response(parts.length ? Buffer.concat(parts) : null, { status, headers: named }));
      });
    });
    request.end(body === undefined || body === null ? undefined : String(body));
  });
}

function thumbprint(name) {
  const { raw } = new X509Certificate(readFileSync(certificates[name].certificate));
  return createHash('sha256').update(raw).digest('base64url');
}

function discovered(id, name, metadata = {}) {
  const options = { [client.customFetch]: presenting(name) };
  return client.discovery(new URL(issuer), id, metadata, client.TlsClientAuth(), options);
}

function boundTo(token, name) {
  assert.equal(decodeJwt(token).cnf['x5t#S256'], thumbprint(name));
}

// A machine is known by a certificate of the authority, or by one that it signed itself with a registered key.
async function machines() {
  for (const [id, name] of [['robot', 'robot'], ['own', 'own']]) {
    const config = await discovered(id, name);
    assert.equal(config.serverMetadata().tls_client_certificate_bound_access_tokens, true);
    const tokens = await client.clientCredentialsGrant(config, { scope: 'orders.read' });
    boundTo(tokens.access_token, name);
    for (const other of ['app', 'nobody']) {
      const forged = await discovered(id, other);
      await assert.rejects(client.clientCredentialsGrant(forged), { error: 'invalid_client' });
    }
    passed.push(`tokens of ${id}`);
  }
}

async function parameters() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
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

// A person's tokens are bound to the certificate of the program that acts for them.
async function people() {
  const config = await discovered('app', 'app');
  const { fields, checks } = await parameters();
  const answer = await new Browser().follow(client.buildAuthorizationUrl(config, fields), person);
  const tokens = await client.authorizationCodeGrant(config, answer, checks);
  boundTo(tokens.access_token, 'app');
  const subject = tokens.claims().sub;
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, subject)).email, email);
  for (const other of ['robot', 'nobody']) {
    const thief = await discovered('app', other);
    await assert.rejects(client.fetchUserInfo(thief, tokens.access_token, subject));
  }
  passed.push('tokens of a person');
}

// The FAPI 2.0 Security Profile with certificates alone: for the client, and for its tokens.
async function fapi() {
  const metadata = { id_token_signed_response_alg: 'ES256' };
  const config = await discovered('bank', 'bank', metadata);
  const { fields, checks } = await parameters();
  const url = await client.buildAuthorizationUrlWithPAR(config, fields);
  await assert.rejects(client.buildAuthorizationUrlWithPAR(await discovered('bank', 'app', metadata), fields));
  const answer = await new Browser().follow(url, person);
  assert.equal(answer.searchParams.get('iss'), issuer);
  const tokens = await client.authorizationCodeGrant(config, answer, checks);
  boundTo(tokens.access_token, 'bank');
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  boundTo(refreshed.access_token, 'bank');
  const thief = await discovered('bank', 'robot', metadata);
  await assert.rejects(client.refreshTokenGrant(thief, tokens.refresh_token), { error: 'invalid_client' });
  passed.push('FAPI 2.0');
}

// The low-level library gets a token, and asks for what it is worth.
async function lowLevel() {
  const options = { [oauth.customFetch]: presenting('robot') };
  const response = await oauth.discoveryRequest(new URL(issuer), options);
  const server = await oauth.processDiscoveryResponse(new URL(issuer), response);
  const robot = { client_id: 'robot' };
  const granted = await oauth.clientCredentialsGrantRequest(server, robot, oauth.TlsClientAuth(), {}, options);
  const { access_token: token } = await oauth.processClientCredentialsResponse(server, robot, granted);
  const asked = await oauth.introspectionRequest(server, robot, oauth.TlsClientAuth(), token, options);
  const described = await oauth.processIntrospectionResponse(server, robot, asked);
  assert.equal(described.cnf['x5t#S256'], thumbprint('robot'));
  passed.push('introspection');
}

const { link } = JSON.parse(process.argv[2]);
await new Browser().submit(link, person);
await machines();
await people();
await fapi();
await lowLevel();
console.log(JSON.stringify({ passed }));
