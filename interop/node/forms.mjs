// A headless browser: cookies, redirects of the issuer, and the forms that users fill in, by their contract.

const HOPS_MAX = 12;

/** One user with one browser, which sends requests only to the issuer. */
export class Browser {
  constructor(issuer, person) {
    this.issuer = issuer;
    this.person = person;
    this.cookies = new Map();
    this.pages = [];
  }

  /** Opens an address, fills in every known form, and returns the address of the client to which it is redirected. */
  async travel(url, destination, decision = 'allow') {
    this.pages = [];
    let request = { url: new URL(url), method: 'GET' };
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      if (request.url.href.startsWith(destination)) return request.url;
      const answer = await this.#send(request);
      if (answer.status === 302 || answer.status === 303) {
        request = { url: new URL(answer.headers.get('location'), request.url), method: 'GET' };
        continue;
      }
      request = this.#filled(request.url, answer.status, await answer.text(), decision);
    }
    throw new Error(`no way to ${destination} in ${HOPS_MAX} hops; pages on the way: ${this.pages}`);
  }

  #filled(url, status, page, decision) {
    const form = formsOf(page).find(({ ids }) => ids.has('login') || ids.has('allow') || ids.has('logout'));
    if (form === undefined) throw new Error(`${url} answered ${status} without a form that is known: ${page}`);
    const fields = new URLSearchParams(form.hidden);
    if (form.ids.has('login')) {
      this.pages.push('sign-in');
      fields.set('username', this.person.username);
      fields.set('password', this.person.password);
    } else if (form.ids.has('allow')) {
      this.pages.push('consent');
      fields.set('decision', decision);
    } else {
      this.pages.push('sign-out');
    }
    return { url: new URL(form.action, url), method: 'POST', fields };
  }

  async #send({ url, method, fields }) {
    if (url.origin !== this.issuer) throw new Error(`the issuer sends the browser to ${url}`);
    const headers = { accept: 'text/html', cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') };
    if (method === 'POST') headers.origin = this.issuer;
    const answer = await fetch(url, { method, headers, body: fields, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const [name, value] = pair.split(/=(.*)/s);
      if (attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute))) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

function formsOf(page) {
  return [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head, inside]) => {
    const controls = [...inside.matchAll(/<(?:input|button)\b([^>]*)>/g)].map(([, text]) => attributesOf(text));
    const hidden = controls.filter(({ type }) => type === 'hidden').map(({ name, value }) => [name, value ?? '']);
    const ids = new Set(controls.filter(({ type }) => type === 'submit').map(({ id }) => id));
    return { action: attributesOf(head).action ?? '', hidden, ids };
  });
}

function attributesOf(text) {
  return Object.fromEntries([...text.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, plain(value)]));
}

function plain(text) {
  const named = { '&quot;': '"', '&lt;': '<', '&gt;': '>', '&amp;': '&' };
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(?:quot|lt|gt|amp);/g, (name) => named[name]);
}
