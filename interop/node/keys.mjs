// Keys of the Node peers, made afresh for each run and published at one address, as `jwks_uri` wants it.

import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';

const MADE = {
  signing: { alg: 'ES256', use: 'sig' },
  rsa: { alg: 'RSA-OAEP-256', use: 'enc' },
  ec: { alg: 'ECDH-ES+A256KW', use: 'enc' },
};

/** Makes the keys, serves their public halves, and returns the private ones with a function that stops serving. */
export async function publishKeys(url) {
  const keys = {};
  const published = [];
  for (const [kid, { alg, use }] of Object.entries(MADE)) {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    keys[kid] = { key: privateKey, alg, kid };
    published.push({ ...(await exportJWK(publicKey)), kid, alg, use });
  }
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  });
  await new Promise((done) => server.listen(Number(url.port), url.hostname, done));
  return { keys, stop: () => server.close() };
}
