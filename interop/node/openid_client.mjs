// The released npm openid-client with our server: every exchange of a relying party or an API with it.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './forms.mjs';
import { publishKeys } from './keys.mjs';
import { cell, tellVersion, versionOf, world } from './report.mjs';

tellVersion(versionOf('openid-client'));
const { keys, stop } = await publishKeys(new URL(world.nodeKeys));
const SCOPE = 'openid profile email notes.read';

/** A client of the library, configured by discovery. */
function discover(id, metadata, authentication, ...more) {
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...more];
  return client.discovery(new URL(world.issuer), id, metadata, authentication, { execute });
}

/** Authorization code with PKCE, state and nonce. */
async function signIn(config, browser, parameters = {}, tamper = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: tamper.verifier ?? verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: world.callback,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  });
  const back = await browser.travel(url, `${world.callback}?`, tamper.decision);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  return { back, checks, tokens };
}

const newBrowser = () => new Browser(world.issuer, world.person);
const basic = client.ClientSecretBasic(world.secret);
const reader = (id, metadata, ...more) => discover(id, metadata, basic, ...more);
const refusedAs = (error) => (thrown) => {
  assert.equal(thrown.error, error, String(thrown));
  return true;
};

const publicClient = await cell('discovery', async () => {
  const config = await discover('node-public', {}, client.None());
  const { issuer, code_challenge_methods_supported: methods } = config.serverMetadata();
  assert.equal(issuer, world.issuer);
  assert.deepEqual(methods, ['S256']);
  return config;
});
await cell('registers itself by RFC 7591, with a secret and without, then code + PKCE', async () => {
  const execute = [client.allowInsecureRequests];
  const metadata = { client_name: 'Registered', redirect_uris: [world.callback] };
  for (const [method, authentication] of [
    ['client_secret_post', undefined],
    ['client_secret_basic', client.ClientSecretBasic()],
    ['none', client.None()],
  ]) {
    const wanted = { ...metadata, token_endpoint_auth_method: method };
    const issuer = new URL(world.issuer);
    const config = await client.dynamicClientRegistration(issuer, wanted, authentication, { execute });
    const registered = config.clientMetadata();
    assert.equal(registered.token_endpoint_auth_method, method);
    assert.equal(typeof registered.client_secret, method === 'none' ? 'undefined' : 'string');
    // Without `resource`, a client that registered itself asks for no scope that several resources list.
    const { tokens } = await signIn(config, newBrowser(), { scope: 'openid profile email' });
    assert.equal(tokens.claims().aud, registered.client_id);
    const headers = { authorization: `Bearer ${registered.registration_access_token}` };
    const read = await fetch(registered.registration_client_uri, { headers });
    assert.equal((await read.json()).client_name, 'Registered');
    const deleted = await fetch(registered.registration_client_uri, { method: 'DELETE', headers });
    assert.equal(deleted.status, 204);
    const userinfo = config.serverMetadata().userinfo_endpoint;
    const gone = await fetch(userinfo, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(gone.status, 401, 'its tokens ended with it');
  }
});

const web = await discover('node-basic', {}, basic);

await cell('code + PKCE, public client', async () => {
  const { tokens } = await signIn(publicClient, newBrowser());
  assert.equal(tokens.claims().sub, world.person.sub);
  assert.equal(tokens.token_type, 'bearer');
});

await cell('code + PKCE, client_secret_basic', async () => {
  const { tokens } = await signIn(web, newBrowser());
  assert.equal(tokens.claims().aud, 'node-basic');
  assert.deepEqual(new Set(tokens.scope.split(' ')), new Set(SCOPE.split(' ')));
});

await cell('code + PKCE, client_secret_post, ID token ES256, UserInfo as JWT', async () => {
  const metadata = { id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'ES256' };
  const config = await discover('node-signed', metadata, client.ClientSecretPost(world.secret));
  const { tokens } = await signIn(config, newBrowser());
  const answer = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal(answer.headers.get('content-type'), 'application/jwt');
  const claims = await client.fetchUserInfo(config, tokens.access_token, world.person.sub);
  assert.equal(claims.email, 'alice@example.org');
});

await cell('code + PKCE, private_key_jwt by jwks_uri, UserInfo as nested JWT', async () => {
  const { key, kid } = keys.signing;
  const decrypting = (config) => client.enableDecryptingResponses(config, ['A256GCM'], keys.rsa);
  const metadata = { userinfo_signed_response_alg: 'RS256' };
  const config = await discover('node-nested', metadata, client.PrivateKeyJwt({ key, kid }), decrypting);
  const { tokens } = await signIn(config, newBrowser());
  const answer = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal((await answer.text()).split('.').length, 5, 'the parts of a compact JWE');
  const claims = await client.fetchUserInfo(config, tokens.access_token, world.person.sub);
  assert.equal(claims.name, 'Alice Adams');
});

await cell('UserInfo as JSON', async () => {
  const { tokens } = await signIn(web, newBrowser());
  const claims = await client.fetchUserInfo(web, tokens.access_token, world.person.sub);
  assert.equal(claims.name, 'Alice Adams');
  assert.equal(claims.email, 'alice@example.org');
});

await cell('denied: access_denied with state and iss', async () => {
  const denied = signIn(web, newBrowser(), { prompt: 'consent' }, { decision: 'deny' });
  await assert.rejects(denied, refusedAs('access_denied'));
});

await cell('wrong verifier: invalid_grant', async () => {
  const tamper = { verifier: client.randomPKCECodeVerifier() };
  await assert.rejects(signIn(web, newBrowser(), {}, tamper), refusedAs('invalid_grant'));
});

await cell('code redeemed twice: refused, and its tokens end', async () => {
  const { back, checks, tokens } = await signIn(web, newBrowser());
  assert.equal((await client.tokenIntrospection(web, tokens.access_token)).active, true);
  await assert.rejects(client.authorizationCodeGrant(web, back, checks), refusedAs('invalid_grant'));
  assert.deepEqual(await client.tokenIntrospection(web, tokens.access_token), { active: false });
});

await cell('refresh rotates, the new token works, an old one ends the grant', async () => {
  const offline = { scope: `${SCOPE} offline_access` };
  const { tokens } = await signIn(web, newBrowser(), offline);
  const second = await client.refreshTokenGrant(web, tokens.refresh_token);
  assert.notEqual(second.refresh_token, tokens.refresh_token);
  assert.equal(second.claims().sub, world.person.sub);
  const third = await client.refreshTokenGrant(web, second.refresh_token);
  await client.fetchUserInfo(web, third.access_token, world.person.sub);
  await assert.rejects(client.refreshTokenGrant(web, tokens.refresh_token), refusedAs('invalid_grant'));
  await assert.rejects(client.refreshTokenGrant(web, third.refresh_token), refusedAs('invalid_grant'));
});

await cell('refresh of a public client, with fewer scopes', async () => {
  const { tokens } = await signIn(publicClient, newBrowser(), { scope: `${SCOPE} offline_access` });
  const fewer = await client.refreshTokenGrant(publicClient, tokens.refresh_token, { scope: 'openid' });
  assert.equal(fewer.scope, 'openid');
});

const machine = (id, metadata, authentication) =>
  cell(`client_credentials, ${metadata.token_endpoint_auth_method}`, async () => {
    const config = await discover(id, metadata, authentication);
    const tokens = await client.clientCredentialsGrant(config, { scope: 'notes.read' });
    assert.equal(tokens.scope, 'notes.read');
    assert.equal(tokens.refresh_token, undefined);
    return tokens.access_token;
  });
const token = await machine(
  'node-machine-post',
  { token_endpoint_auth_method: 'client_secret_post' },
  client.ClientSecretPost(world.secret),
);
await machine(
  'node-machine-key',
  { token_endpoint_auth_method: 'private_key_jwt' },
  client.PrivateKeyJwt({ key: keys.signing.key, kid: keys.signing.kid }),
);
await machine(
  'node-machine-hmac',
  { token_endpoint_auth_method: 'client_secret_jwt' },
  client.ClientSecretJwt(world.secret),
);

const signed = { introspection_signed_response_alg: 'ES256' };
const decrypting = (config) => client.enableDecryptingResponses(config, ['A128CBC-HS256'], keys.ec);
const readers = {
  'introspection as JSON': () => reader('node-json-rs', {}),
  'introspection as RFC 9701, signed': () => reader('node-signed-rs', signed),
  'introspection as RFC 9701, signed and encrypted': () => reader('node-nested-rs', signed, decrypting),
};
for (const [name, make] of Object.entries(readers)) {
  await cell(name, async () => {
    const config = await make();
    const active = await client.tokenIntrospection(config, token);
    assert.equal(active.active, true);
    assert.equal(active.sub, 'node-machine-post');
    assert.equal(active.client_id, 'node-machine-post');
    assert.equal(active.scope, 'notes.read');
    assert.equal(Object.values(active).includes(null), false);
    assert.deepEqual(await client.tokenIntrospection(config, 'A'.repeat(43)), { active: false });
  });
}

await cell('revocation of an access token', async () => {
  const config = await reader('node-json-rs', {});
  const { tokens } = await signIn(web, newBrowser());
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).username, world.person.username);
  await client.tokenRevocation(web, tokens.access_token);
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
  await assert.rejects(client.fetchUserInfo(web, tokens.access_token, world.person.sub), (thrown) => {
    assert.equal(thrown.cause[0].parameters.error, 'invalid_token');
    return true;
  });
});

await cell('revocation of a refresh token ends its access token', async () => {
  const { tokens } = await signIn(web, newBrowser(), { scope: `${SCOPE} offline_access` });
  await client.tokenRevocation(web, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(web, tokens.refresh_token), refusedAs('invalid_grant'));
  assert.deepEqual(await client.tokenIntrospection(web, tokens.access_token), { active: false });
});

await cell('prompt=none: login_required, then silent with a session', async () => {
  const browser = newBrowser();
  await assert.rejects(signIn(web, browser, { prompt: 'none' }), refusedAs('login_required'));
  const { tokens } = await signIn(web, browser);
  const silent = await signIn(web, browser, { prompt: 'none' });
  assert.deepEqual(browser.pages, []);
  assert.equal(silent.tokens.claims().auth_time ?? 0, tokens.claims().auth_time ?? 0);
});

await cell('logout returns with state, ends the session and its tokens', async () => {
  const browser = newBrowser();
  const { tokens } = await signIn(web, browser);
  const state = client.randomState();
  const url = client.buildEndSessionUrl(web, {
    post_logout_redirect_uri: world.signedOut,
    id_token_hint: tokens.id_token,
    state,
  });
  const back = await browser.travel(url, world.signedOut);
  assert.equal(back.searchParams.get('state'), state);
  await assert.rejects(signIn(web, browser, { prompt: 'none' }), refusedAs('login_required'));
  assert.deepEqual(await client.tokenIntrospection(web, tokens.access_token), { active: false });
});

stop();
