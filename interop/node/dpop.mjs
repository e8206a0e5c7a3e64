// The released npm openid-client with tokens that are bound to a key (DPoP, RFC 9449).

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './forms.mjs';
import { cell, tellVersion, versionOf, world } from './report.mjs';

tellVersion(versionOf('openid-client'));
const SCOPE = 'openid profile email notes.read offline_access';

const discover = (id, authentication) =>
  client.discovery(new URL(world.issuer), id, {}, authentication, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
const publicClient = await discover('node-public', client.None());
const web = await discover('node-basic', client.ClientSecretBasic(world.secret));
const api = await discover('node-json-rs', client.ClientSecretBasic(world.secret));

/** A key of the client, and what makes proofs by it. */
async function newKey(config) {
  return client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
}

/** Authorization code with PKCE; the code is bound to the key if `dpop_jkt` is asked for. */
async function signIn(config, DPoP, { bindsCode = false, pushes = false, redeemsWith = DPoP } = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: world.callback,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...(bindsCode ? { dpop_jkt: await DPoP.calculateThumbprint() } : {}),
  };
  const url = pushes
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : client.buildAuthorizationUrl(config, parameters);
  const browser = new Browser(world.issuer, world.person);
  const back = await browser.travel(url, `${world.callback}?`);
  return client.authorizationCodeGrant(config, back, checks, undefined, { DPoP: redeemsWith });
}

const refusedAs = (error) => (thrown) => {
  assert.equal(thrown.error, error, String(thrown));
  return true;
};

await cell('the metadata lists the algorithms', async () => {
  const { dpop_signing_alg_values_supported: algorithms } = web.serverMetadata();
  assert.ok(algorithms.includes('ES256'), String(algorithms));
});

await cell('code + PKCE + DPoP, UserInfo with a proof, and cnf at introspection', async () => {
  for (const config of [publicClient, web]) {
    const DPoP = await newKey(config);
    const tokens = await signIn(config, DPoP);
    assert.equal(tokens.token_type, 'dpop');
    const claims = await client.fetchUserInfo(config, tokens.access_token, world.person.sub, { DPoP });
    assert.equal(claims.email, 'alice@example.org');
    const told = await client.tokenIntrospection(api, tokens.access_token);
    assert.equal(told.cnf.jkt, await DPoP.calculateThumbprint());
    assert.equal(told.token_type, 'DPoP');
  }
});

await cell('a bound token is refused as a bearer token, and with a proof of another key', async () => {
  const tokens = await signIn(web, await newKey(web));
  const answer = await fetch(web.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate'), /DPoP algs="ES256/);
  const DPoP = await newKey(web);
  await assert.rejects(client.fetchUserInfo(web, tokens.access_token, world.person.sub, { DPoP }));
});

await cell('refresh of a public client: by its own key only', async () => {
  const DPoP = await newKey(publicClient);
  const tokens = await signIn(publicClient, DPoP);
  const refresh = (handle) =>
    client.refreshTokenGrant(publicClient, tokens.refresh_token, undefined, { DPoP: handle });
  await assert.rejects(refresh(await newKey(publicClient)), refusedAs('invalid_grant'));
  await assert.rejects(refresh(undefined), refusedAs('invalid_grant'));
  const second = await refresh(DPoP);
  assert.equal(second.token_type, 'dpop');
  await client.fetchUserInfo(publicClient, second.access_token, world.person.sub, { DPoP });
});

await cell('dpop_jkt, and a pushed request with a proof: another key can not redeem the code', async () => {
  for (const binding of [{ bindsCode: true }, { pushes: true }, { bindsCode: true, pushes: true }]) {
    const DPoP = await newKey(web);
    assert.equal((await signIn(web, DPoP, binding)).token_type, 'dpop');
    const thief = { ...binding, redeemsWith: await newKey(web) };
    await assert.rejects(signIn(web, DPoP, thief), refusedAs('invalid_grant'));
  }
});

await cell('client_credentials with DPoP', async () => {
  const machine = await client.discovery(
    new URL(world.issuer),
    'node-machine-post',
    {},
    client.ClientSecretPost(world.secret),
    { execute: [client.allowInsecureRequests] },
  );
  const DPoP = await newKey(machine);
  const tokens = await client.clientCredentialsGrant(machine, { scope: 'notes.read' }, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
});
