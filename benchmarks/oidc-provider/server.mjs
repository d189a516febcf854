// npm oidc-provider with one client that takes client credentials, in memory: the provider that the shop's token rate is compared with.
// It prints its addresses as the shop does.

import { generateKeyPair } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { Provider } from 'oidc-provider';

const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const resource = 'https://shop.example';
  const provider = new Provider(address, {
    clients: [
      {
        client_id: 'robot',
        client_secret: 'a-secret-of-a-measurement',
        id_token_signed_response_alg: 'ES256',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'orders.read',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] },
  });
  server.on('request', provider.callback());
  console.log(`shop      ${address}`);
  console.log(`operator  ${address}`);
});
