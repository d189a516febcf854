// A key pair of a client: the private key goes to the file of the first argument, the public one, as a key set, to that of the second.

import { writeFileSync } from 'node:fs';
import { exportJWK, generateKeyPair } from 'jose';

const [privateFile, publicFile] = process.argv.slice(2);
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
writeFileSync(privateFile, JSON.stringify(await exportJWK(privateKey)));
writeFileSync(publicFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'one' }] }));
