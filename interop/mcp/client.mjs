// The TypeScript SDK of the Model Context Protocol against the guard.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError, auth } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Browser } from './forms.mjs';
import { cell, tellVersion, versionOf, world } from './report.mjs';

tellVersion(versionOf('@modelcontextprotocol/sdk'));
const ME = { name: 'notes-reader', version: '1.0.0' };

/** One user with one MCP client, which implements the SDK's OAuth provider as an application does. */
class Person {
  constructor({ resource = world.resource, client = world.client, secret } = {}) {
    this.resource = resource;
    this.registered = { client_id: client, client_secret: secret, issuer: world.issuer };
    this.browser = new Browser(world.issuer, world.person);
    this.asked = [];
    this.wire = [];
  }

  redirectUrl = world.callback;
  decision = 'allow';
  get clientMetadata() {
    return { redirect_uris: [world.callback] };
  }
  clientInformation = () => this.registered;
  state = () => (this.sent = crypto.randomUUID());
  tokens = () => this.held;
  saveTokens = (tokens) => {
    this.held = tokens;
  };
  saveCodeVerifier = (verifier) => {
    this.verifier = verifier;
  };
  codeVerifier = () => this.verifier;
  invalidateCredentials = (what) => {
    if (what === 'tokens') this.held = undefined;
  };
  redirectToAuthorization = async (url) => {
    this.asked.push(url.searchParams);
    const back = await this.browser.travel(url, `${world.callback}?`, this.decision);
    assert.equal(back.searchParams.get('state'), this.sent);
    assert.equal(back.searchParams.get('iss'), world.issuer);
    this.code = back.searchParams.get('code');
  };

  /** Records all requests and responses. */
  fetch = async (url, init) => {
    const answer = await fetch(url, init);
    const told = answer.headers.get('www-authenticate') ?? '';
    this.wire.push({ url: String(url), method: init?.method ?? 'GET', status: answer.status, told });
    return answer;
  };

  /** Connects; if that requires a sign-in, completes it and connects again, as the SDK expects of applications. */
  async connect() {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      this.client = new Client(ME);
      this.transport = new StreamableHTTPClientTransport(new URL(this.resource), {
        authProvider: this,
        fetch: this.fetch,
      });
      const code = await this.#codeOf(() => this.client.connect(this.transport));
      if (code === undefined) return;
      await this.transport.finishAuth(code);
    }
    throw new Error('it asks to sign in again after it has signed in');
  }

  /** The result of the tool. The SDK leaves completing a sign-in, and the second attempt, to the application. */
  async call(name, parameters = {}) {
    let result;
    const call = async () => {
      result = await this.client.callTool({ name, arguments: parameters });
    };
    const code = await this.#codeOf(call);
    if (code !== undefined) {
      await this.transport.finishAuth(code);
      await call();
    }
    assert.notEqual(result.isError, true, JSON.stringify(result.content));
    return result.content[0].text;
  }

  async #codeOf(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      assert.notEqual(this.code, null, 'there is no code: the person has denied it');
      return this.code;
    }
  }

  /** The scopes of each authorization request, sorted. */
  get scopes() {
    return this.asked.map((asked) => asked.get('scope').split(' ').sort().join(' '));
  }

  /** The challenges of the MCP server with this status. */
  refusals(status) {
    return this.wire.filter((line) => line.url === this.resource && line.status === status).map(({ told }) => told);
  }

  fetched() {
    return this.wire.filter(({ url, status }) => url.includes('.well-known') && status === 200).map(({ url }) => url);
  }
}

async function discovery(person) {
  await person.connect();
  const { tools } = await person.client.listTools();
  assert.deepEqual(tools.map(({ name }) => name).sort(), ['delete_note', 'list_notes', 'who_am_i']);
  assert.equal(await person.call('who_am_i'), world.person.sub);
  assert.match(await person.call('list_notes'), /bread/);
  const { origin, pathname } = new URL(person.resource);
  const metadata = `${origin}/.well-known/oauth-protected-resource${pathname}`;
  assert.deepEqual(new Set(person.fetched()), new Set([metadata, `${world.issuer}/.well-known/oauth-authorization-server`]));
  assert.equal(person.asked.length, 1);
  assert.equal(person.asked[0].get('resource'), person.resource);
  assert.equal(person.asked[0].get('code_challenge_method'), 'S256');
  assert.deepEqual(person.scopes, ['notes.read']);
  const [told] = person.refusals(401);
  assert.ok(told.includes(`scope="notes.read", resource_metadata="${metadata}"`), told);
}

await cell('401 leads by RFC 9728 to sign-in, consent and tools', () => discovery(new Person()));

await cell('registers itself by RFC 7591, then sign-in, consent and tools', async () => {
  const person = new Person();
  person.registered = undefined;
  person.saveClientInformation = (information) => {
    person.registered = information;
  };
  await person.connect();
  assert.equal(await person.call('who_am_i'), world.person.sub);
  const registrations = person.wire.filter(({ url, method }) => url === `${world.issuer}/register` && method === 'POST');
  assert.deepEqual(registrations.map(({ status }) => status), [201]);
  assert.equal(person.asked[0].get('client_id'), person.registered.client_id);
  assert.equal(person.asked[0].get('resource'), person.resource);
});

await cell('the same with client_secret_basic', async () => {
  const [client, secret] = world.web;
  await discovery(new Person({ client, secret }));
});

await cell('the same with a JWT access token', async () => {
  const person = new Person({ resource: world.jwt });
  await discovery(person);
  assert.equal(person.held.access_token.split('.').length, 3);
});

// This runs before any consent, since the server remembers consent.
await cell('asks for more and is denied, the tool is not called', async () => {
  const person = new Person({ client: world.once });
  await person.connect();
  person.decision = 'deny';
  await assert.rejects(person.call('delete_note', { title: 'bread' }), /the person has denied it/);
  assert.equal(person.asked.length, 2);
  assert.match(await person.call('list_notes'), /bread/);
});

await cell('tool beyond the scope, 403, asks for more and goes on', async () => {
  const person = new Person({ client: world.once });
  await person.connect();
  assert.equal(await person.call('delete_note', { title: 'milk' }), 'milk is gone');
  await person.call('list_notes');
  const told = person.refusals(403);
  assert.equal(told.length, 1);
  assert.match(told[0], /error="insufficient_scope".*scope="notes.read notes.write"/);
  assert.deepEqual(person.scopes, ['notes.read', 'notes.read notes.write']);
  assert.deepEqual(new Set(person.held.scope.split(' ')), new Set(['notes.read', 'notes.write']));
});

// This version refreshes if more scope is needed, which can't add scopes, and gives up; the application may discard
// its tokens and sign in with the scopes of the challenge.
await cell('the same with a refresh token: it reports the 403, signed in afresh it goes on', async () => {
  const person = new Person();
  await person.connect();
  assert.ok(person.held.refresh_token);
  await assert.rejects(person.call('delete_note', { title: 'milk' }), { code: 403 });
  assert.deepEqual(person.scopes, ['notes.read']);
  const [, scope] = /scope="([^"]*)"/.exec(person.refusals(403)[0]);
  person.held = undefined;
  const asked = { serverUrl: person.resource, scope, fetchFn: person.fetch };
  assert.equal(await auth(person, asked), 'REDIRECT');
  await person.transport.finishAuth(person.code);
  assert.equal(await person.call('delete_note', { title: 'milk' }), 'milk is gone');
  assert.deepEqual(person.scopes, ['notes.read', 'notes.read notes.write']);
});

await cell('token expired, refreshes without the person', async () => {
  const person = new Person({ resource: world.brief });
  await person.connect();
  const first = person.held;
  await sleep((world.briefSeconds + 1) * 1000);
  assert.equal(await person.call('who_am_i'), world.person.sub);
  assert.notEqual(person.held.access_token, first.access_token);
  assert.notEqual(person.held.refresh_token, first.refresh_token);
  assert.equal(person.asked.length, 1);
});

await cell('token revoked, 401, signs in again', async () => {
  const person = new Person({ client: world.once });
  await person.connect();
  const body = new URLSearchParams({ token: person.held.access_token, client_id: world.once });
  assert.equal((await fetch(`${world.issuer}/revoke`, { method: 'POST', body })).status, 200);
  assert.equal(await person.call('who_am_i'), world.person.sub);
  refusedAndSignedIn(person, 2);
});

await cell('token for another resource, 401, signs in', async () => {
  const person = new Person();
  person.held = { access_token: world.elsewhereToken, token_type: 'Bearer', issuer: world.issuer };
  await person.connect();
  assert.equal(await person.call('who_am_i'), world.person.sub);
  refusedAndSignedIn(person, 1);
});

function refusedAndSignedIn(person, requests) {
  const told = person.refusals(401).filter((challenge) => challenge.includes('error="invalid_token"'));
  assert.equal(told.length, 1);
  assert.equal(person.asked.length, requests);
}
