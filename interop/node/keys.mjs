// Keys of the Node peers, generated for each run and published at one address for `jwks_uri`.

import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';

const MADE = {
  signing: { alg: 'ES256', use: 'sig' },
  rsa: { alg: 'RSA-OAEP-256', use: 'enc' },
  ec: { alg: 'ECDH-ES+A256KW', use: 'enc' },
};

/** Generates the keys, serves the public keys, and returns the private keys with a function that stops serving. */
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
