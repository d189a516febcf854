// The public key of a certificate as a key set: the certificate is in the file of the first argument, the key set goes to that of the second.

import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [certificateFile, publicFile] = process.argv.slice(2);
const { publicKey } = new X509Certificate(readFileSync(certificateFile));
writeFileSync(publicFile, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));
