// Prints a DPoP proof (RFC 9449 section 4.2): node proof.mjs KEY METHOD URL [TOKEN]

import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SignJWT, importJWK } from 'jose';

const [file, htm, htu, token] = process.argv.slice(2);
const key = JSON.parse(await readFile(file, 'utf8'));
const { kty, crv, x, y } = key;
const ath = token && createHash('sha256').update(token).digest('base64url');
const proof = new SignJWT({ jti: randomUUID(), htm, htu, ...(ath && { ath }) })
  .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  .setIssuedAt();
process.stdout.write(await proof.sign(await importJWK(key, 'ES256')));
