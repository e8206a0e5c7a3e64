// A minimal oidc-provider with everything that the cells need: node server.mjs FACTS
// Sign-in and consent are its development pages, and its state is in memory, so a restart forgets all tokens.

import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const facts = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { version } = JSON.parse(readFileSync(new URL('node_modules/oidc-provider/package.json', import.meta.url)));
const scope = 'notes.read notes.write';
const seconds = (ctx, token, client) => (client.clientId === 'brief' ? facts.briefSeconds : 600);

const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const provider = new Provider(facts.issuer, {
  jwks: JSON.parse(readFileSync(facts.keys, 'utf8')),
  cookies: { keys: ['of a server that lives for one test'] },
  clients: facts.clients.map(({ redirect_uris: uris, ...client }) => ({
    ...(uris ? { redirect_uris: uris, grant_types: ['authorization_code'], response_types: ['code'] } : machine),
    ...client,
  })),
  features: {
    clientCredentials: { enabled: true },
    encryption: { enabled: true },
    introspection: { enabled: true },
    jwtIntrospection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({
        scope,
        audience: resource,
        accessTokenFormat: facts.jwtResources.includes(resource) ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: { AccessToken: seconds, ClientCredentials: seconds },
  // The keys of the APIs are on this machine, which its own fetch refuses to access.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
});

console.log(`oidc-provider ${version}`);
provider.listen(facts.port, '127.0.0.1');
