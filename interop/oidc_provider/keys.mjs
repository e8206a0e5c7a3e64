// Generates the keys of one run, once: node keys.mjs FOLDER
// `server.json` has the server's signing keys; the others are the API's decryption keys and a client's DPoP key.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';

const [folder] = process.argv.slice(2);

async function make(alg, use) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: alg, alg, use };
}

const write = (name, value) => writeFile(join(folder, name), JSON.stringify(value));
await write('server.json', { keys: [await make('ES256', 'sig'), await make('RS256', 'sig')] });
await write('RSA-OAEP.json', await make('RSA-OAEP', 'enc'));
await write('ECDH-ES.json', await make('ECDH-ES', 'enc'));
await write('proof.json', await make('ES256', 'sig'));
