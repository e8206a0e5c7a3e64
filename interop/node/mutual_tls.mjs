// The released npm openid-client over mutual TLS (RFC 8705): clients that authenticate by a certificate, tokens bound to it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import * as client from 'openid-client';
import { cell, tellVersion, versionOf, world } from './report.mjs';

tellVersion(versionOf('openid-client'));
const read = (name) => readFileSync(`${world.folder}/${name}`);
const ca = read('ca.pem');

/** A `fetch` over connections with this certificate, which finds both names of the server on this machine. */
function fetchWith(identity) {
  const agent = new https.Agent({ ca, keepAlive: false, ...identity });
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const { hostname, pathname, search } = new URL(url);
      const port = hostname === world.alias ? world.mutualPort : world.publicPort;
      const sent = Object.fromEntries(new Headers(headers));
      const options = { agent, method, host: '127.0.0.1', port, servername: hostname, path: pathname + search };
      const request = https.request({ ...options, headers: { ...sent, host: hostname } }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
          const init = { status: answer.statusCode, headers: answer.headers };
          resolve(new Response(Buffer.concat(parts), init));
        });
      });
      request.on('error', reject);
      request.end(body === undefined || body === null ? undefined : String(body));
    });
}

const own = { cert: read('client.pem'), key: read('client.key') };
const other = { cert: read('other.pem'), key: read('other.key') };

function discover(id, identity, authentication) {
  const metadata = { use_mtls_endpoint_aliases: true, tls_client_certificate_bound_access_tokens: true };
  return client.discovery(new URL(world.issuer), id, metadata, authentication, {
    [client.customFetch]: fetchWith(identity),
  });
}

/** The library reports the challenge of a 401 instead of the error in its body. */
const isUnauthorized = (thrown) => {
  assert.equal(thrown.status, 401, String(thrown));
  return true;
};

await cell('the metadata lists the aliases and the methods', async () => {
  const metadata = (await discover('by-authority', own, client.TlsClientAuth())).serverMetadata();
  assert.equal(metadata.mtls_endpoint_aliases.token_endpoint, `https://${world.alias}/token`);
  assert.equal(metadata.tls_client_certificate_bound_access_tokens, true);
  for (const method of ['tls_client_auth', 'self_signed_tls_client_auth']) {
    assert.ok(metadata.token_endpoint_auth_methods_supported.includes(method), method);
  }
});

const api = await discover('api', own, client.ClientSecretBasic(world.secret));

for (const [method, id] of [
  ['tls_client_auth', 'by-authority'],
  ['self_signed_tls_client_auth', 'by-itself'],
]) {
  await cell(`${method}, and a token that is bound to the certificate`, async () => {
    const config = await discover(id, own, client.TlsClientAuth());
    const tokens = await client.clientCredentialsGrant(config, { scope: 'notes.read' });
    const told = await client.tokenIntrospection(api, tokens.access_token);
    assert.equal(told.cnf['x5t#S256'], world.thumbprint);
  });
  await cell(`${method}: another certificate, and none, are refused`, async () => {
    for (const identity of [other, {}]) {
      const config = await discover(id, identity, client.TlsClientAuth());
      await assert.rejects(client.clientCredentialsGrant(config, { scope: 'notes.read' }), isUnauthorized);
    }
  });
}
