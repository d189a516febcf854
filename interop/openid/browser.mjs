// A browser as far as the pages of the provider need one: cookies, and forms without a script.

export class Browser {
  #cookies = new Map();

  async #send(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const [name, value] = pair.split('=');
      if (attributes.some((it) => it.trim() === 'Max-Age=0')) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  // Opens an address and submits the form of its page; that must succeed.
  async submit(url, person) {
    const page = await (await this.#send(url)).text();
    const response = await this.#submitted(url, page, person);
    if (response.status !== 200) throw new Error(`the form was not accepted: ${await response.text()}`);
  }

  // Opens an address and submits the forms of its pages until the browser is sent elsewhere; where to.
  async follow(url, person) {
    let response = await this.#send(url);
    for (let step = 0; step < 4; step += 1) {
      const location = response.headers.get('location');
      if (location) return new URL(location);
      const page = await response.text();
      response = await this.#submitted(url, page, person);
    }
    throw new Error('the pages do not come to an end');
  }

  // Opens an address and submits the forms of its pages until one has none; that must succeed.
  async submitAll(url, person) {
    let response = await this.#send(url);
    for (let step = 0; step < 4; step += 1) {
      const page = await response.text();
      if (response.status !== 200) throw new Error(`the form was not accepted: ${page}`);
      if (!page.includes('<form ')) return;
      response = await this.#submitted(url, page, person);
    }
    throw new Error('the pages do not come to an end');
  }

  #submitted(url, page, { email, password }) {
    const action = page.match(/<form action="([^"]+)" method="post">/)?.[1];
    if (!action) throw new Error(`there is no form: ${page}`);
    const fields = new URLSearchParams();
    for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)) fields.set(name, value);
    const code = page.match(/<input [^>]*id="user-code"[^>]* value="([^"]*)"/)?.[1];
    if (code) fields.set('user_code', code);
    if (page.includes('id="email"')) fields.set('email', email);
    if (page.includes('id="password"')) fields.set('password', password);
    if (page.includes('id="allow"')) fields.set('decision', 'allow');
    return this.#send(new URL(action, url), { method: 'POST', body: fields });
  }
}
