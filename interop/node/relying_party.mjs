// A client's web site for the browser run: it starts sign-ins, redeems codes, and redirects users to a second origin.

import { createServer } from 'node:http';
import { createHash, randomBytes } from 'node:crypto';

const CLIENT_ID = 'browser';

/** A site at the origin of the callback, which redirects users to the second origin. */
export class RelyingParty {
  constructor({ issuer, callback, secondOrigin, signedOut, secret }) {
    Object.assign(this, { issuer, callback, secondOrigin, signedOut, secret });
    this.origin = new URL(callback).origin;
    this.flows = new Map();
    this.idToken = undefined;
  }

  async start() {
    const site = await listen(this.origin, (request, answer) => this.#answer(request, answer));
    const second = await listen(this.secondOrigin, (request, answer) => {
      const { searchParams } = new URL(request.url, this.secondOrigin);
      page(answer, 'Landed', `<p id="outcome">${searchParams.get('outcome')}</p>`);
    });
    this.stop = () => {
      for (const server of [site, second]) {
        server.close();
        server.closeAllConnections();
      }
    };
  }

  /** The parameters of a new authorization request. */
  request(more = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(8).toString('base64url');
    this.flows.set(state, verifier);
    return new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: this.callback,
      scope: 'openid profile email notes.read',
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    });
  }

  async #answer(request, answer) {
    const url = new URL(request.url, this.origin);
    const more = Object.fromEntries(url.searchParams);
    if (url.pathname === '/callback') return redirect(answer, await this.#landing(url.searchParams));
    if (url.pathname === '/signed-out') return page(answer, 'Signed out', '<p id="outcome">signed out</p>');
    if (url.pathname === '/control') return control(answer);
    const isSignOut = url.pathname.startsWith('/sign-out');
    const address = `${this.issuer}/${isSignOut ? 'logout' : 'authorize'}`;
    const parameters = isSignOut ? this.#signOut(more) : this.request(more);
    const way = url.pathname.endsWith('by-post') ? postForm : link;
    return page(answer, 'Shop', way(address, parameters));
  }

  #signOut({ hint }) {
    const parameters = { client_id: CLIENT_ID, post_logout_redirect_uri: this.signedOut, state: 's' };
    return new URLSearchParams(hint === undefined ? parameters : { ...parameters, id_token_hint: this.idToken });
  }

  async #landing(parameters) {
    const outcome = parameters.get('error') ?? (await this.#redeem(parameters));
    return `${this.secondOrigin}/landed?${new URLSearchParams({ outcome })}`;
  }

  async #redeem(parameters) {
    const verifier = this.flows.get(parameters.get('state'));
    if (verifier === undefined || parameters.get('iss') !== this.issuer) return 'a wrong state or issuer';
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${this.secret}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: parameters.get('code'),
        redirect_uri: this.callback,
        code_verifier: verifier,
      }),
    });
    const tokens = await answer.json();
    if (answer.status !== 200) return `token: ${tokens.error}`;
    this.idToken = tokens.id_token;
    const { sub } = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
    return `signed in as ${sub}`;
  }
}

function link(address, parameters) {
  return `<a id="go" href="${`${address}?${parameters}`.replaceAll('&', '&amp;')}">Go</a>`;
}

function postForm(address, parameters) {
  const fields = [...parameters].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  return `<form method="post" action="${address}">${fields.join('')}<button id="go">Go</button></form>`;
}

/** A page that violates its own policy, to show that violations are detected. */
function control(answer) {
  answer.setHeader('content-security-policy', "default-src 'none'");
  page(answer, 'Control', '<p>One violation, on purpose</p><style>p { color: red }</style>');
}

function page(answer, title, body) {
  answer.setHeader('content-type', 'text/html; charset=utf-8');
  answer.end(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
      `<link rel="icon" href="data:,"></head><body><main><h1>${title}</h1>${body}</main></body></html>`,
  );
}

function redirect(answer, location) {
  answer.writeHead(302, { location }).end();
}

async function listen(origin, handle) {
  const { hostname, port } = new URL(origin);
  const server = createServer((request, answer) => {
    Promise.resolve(handle(request, answer)).catch((error) => answer.writeHead(500).end(String(error)));
  });
  await new Promise((done) => server.listen(Number(port), hostname, done));
  return server;
}
