// An issuer that is not the shop's, until it is stopped. It prints its address and tokens of three kinds as JSON.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const SHOP = 'urn:shop';
const GROUPS = { admin: ['shop-admins'], guest: [], foreign: ['shop-admins'] };
const AUDIENCES = { admin: 'shop', guest: 'shop', foreign: 'warehouse' };
const secret = 'a secret of a test, on loopback alone';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const key = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
};

const provider = new Provider(issuer, {
  jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'RS256'), key('ec', { namedCurve: 'P-256' }, 'ES256')] },
  clients: Object.keys(GROUPS).map((client_id) => ({
    client_id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  extraTokenClaims: (context, token) => ({ groups: GROUPS[token.clientId] }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => SHOP,
      getResourceServerInfo: (context, resource, client) => ({
        audience: AUDIENCES[client.clientId],
        scope: '',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
server.on('request', provider.callback());

async function token(client) {
  const authorization = `Basic ${Buffer.from(`${client}:${encodeURIComponent(secret)}`).toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  const response = await fetch(`${issuer}/token`, { method: 'POST', body, headers: { authorization } });
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()).access_token;
}

console.log(JSON.stringify({ issuer, admin: await token('admin'), guest: await token('guest'), foreign: await token('foreign') }));
