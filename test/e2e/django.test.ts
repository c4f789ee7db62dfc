/**
 * An application that nobody here wrote, with logins, redirects, cookies, CSRF tokens and uploads: Django's admin
 * under its own server. A session through the proxy is the session without it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Django, installDjango } from '../support/django.ts';
import { type HeaderLine, valuesOf } from '../support/message.ts';
import { skipFor } from '../support/needs.ts';
import { type Answer, formOf, type Session, startSession } from '../support/session.ts';
import { findRun } from '../support/snippet.ts';

const HOST = 'shop.test';
let missing: string | null = null;
let django: Django;
let direct: Awaited<ReturnType<Django['start']>>;
let behind: Awaited<ReturnType<Django['start']>>;
let app: TestApp;

before(async () => {
  const installed = await installDjango();
  if (typeof installed === 'string') {
    missing = installed;
    return;
  }
  django = installed;
  [direct, behind] = await Promise.all([django.start(), django.start()]);
  app = await startApp(behind.url);
});

after(async () => {
  if (missing !== null) return;
  await app.close();
  await Promise.all([direct.stop(), behind.stop()]);
  django.remove();
});

type Step = { name: string; status: number; take(session: Session, last: Answer): Promise<Answer> };

/** 100,000 bytes of all values, with what could end a part, a header or a page. */
const FILE = `${String.fromCharCode(...Array(256).keys()).repeat(400)}\r\n--\r\n</body></html>`;
const LOGIN = '/admin/login/?next=/admin/';
const USER = '/admin/auth/user/2';

const STEPS: readonly Step[] = [
  { name: 'the admin asks for a login', status: 302, take: (s) => s.get('/admin/') },
  { name: 'the login page', status: 200, take: (s) => s.get(LOGIN) },
  { name: 'its head', status: 200, take: (s) => s.head(LOGIN) },
  { name: 'a wrong password', status: 200, take: async (s) => s.post(LOGIN, await signIn(s, 'wrong')) },
  {
    name: 'no CSRF token',
    status: 403,
    take: (s) => s.post(LOGIN, { username: 'root', password: 'secret' }),
  },
  { name: 'the right password', status: 302, take: async (s) => s.post(LOGIN, await signIn(s, 'secret')) },
  { name: 'the admin', status: 200, take: (s) => s.get('/admin/') },
  { name: 'a stylesheet', status: 200, take: (s) => s.get('/static/admin/css/base.css') },
  {
    name: 'the stylesheet again',
    status: 304,
    take: (s, { response }) =>
      s.get('/static/admin/css/base.css', `If-Modified-Since: ${response.header('last-modified')}`),
  },
  { name: 'a picture', status: 200, take: (s) => s.get('/static/admin/img/icon-yes.svg') },
  { name: 'a path without its slash', status: 301, take: (s) => s.get('/admin/auth/user') },
  { name: 'the page to add a user', status: 200, take: (s) => s.get('/admin/auth/user/add/') },
  {
    name: 'a user with a name that is none',
    status: 200,
    take: (s, { text }) =>
      s.post('/admin/auth/user/add/', { ...formOf(text), username: 'no spaces <b>', ...PASSWORDS }),
  },
  {
    name: 'a user',
    status: 302,
    take: (s, { text }) =>
      s.post('/admin/auth/user/add/', { ...formOf(text), username: 'caf\xe9', ...PASSWORDS, _continue: '1' }),
  },
  {
    name: 'the page to change it',
    status: 200,
    take: (s, { response }) => s.get(response.header('location')!),
  },
  {
    name: 'the change',
    status: 302,
    take: (s, { text }) => s.post(`${USER}/change/`, { ...formOf(text), email: 'a@b.test', _save: 'Save' }),
  },
  { name: 'the list with its message', status: 200, take: (s) => s.get('/admin/auth/user/?q=b.test&o=1.-2') },
  { name: 'the page to delete it', status: 200, take: (s) => s.get(`${USER}/delete/`) },
  {
    name: 'the deletion',
    status: 302,
    take: (s, { text }) => s.post(`${USER}/delete/`, { ...formOf(text), post: 'yes' }),
  },
  { name: 'it is gone', status: 302, take: (s) => s.get(`${USER}/change/`) },
  { name: 'the upload’s form', status: 200, take: (s) => s.get('/upload/') },
  {
    name: 'the upload',
    status: 200,
    take: (s, { text }) => s.upload('/upload/', formOf(text), { name: 'caf\xc3\xa9.bin', content: FILE }),
  },
  {
    name: 'an upload without its token',
    status: 403,
    take: (s) => s.upload('/upload/', {}, { name: 'x', content: 'x' }),
  },
  { name: 'a page that streams', status: 200, take: (s) => s.get('/stream/') },
  { name: 'a page that is not there', status: 404, take: (s) => s.get('/nowhere/?a=<b>') },
  {
    name: 'the logout',
    status: 200,
    take: async (s) => s.post('/admin/logout/', formOf((await s.get('/admin/')).text)),
  },
  { name: 'the admin asks again', status: 302, take: (s) => s.get('/admin/') },
];
const PASSWORDS = { usable_password: 'true', password1: 'long enough 1', password2: 'long enough 1' };

async function signIn(session: Session, password: string): Promise<Record<string, string>> {
  return { ...formOf((await session.get(LOGIN)).text), username: 'root', password };
}

async function visit(port: number): Promise<Answer[]> {
  const session = startSession(port, HOST);
  const answers: Answer[] = [];
  for (const { take } of STEPS) answers.push(await take(session, answers.at(-1)!));
  return answers;
}

test('a session through the proxy is the session without it', async (t) => {
  if (skipFor(t, missing)) return;
  const [without, through] = [await visit(direct.port), await visit(app.port)];
  let edited = 0;
  for (const [i, { name, status }] of STEPS.entries()) {
    assert.equal(without[i]!.status, status, `${name}: ${without[i]!.text.slice(0, 2000)}`);
    const page = findRun(through[i]!.text);
    if (page !== null) edited += 1;
    assert.equal(
      through[i]!.response.head.split('\r\n', 1)[0],
      without[i]!.response.head.split('\r\n', 1)[0],
      name,
    );
    assert.deepEqual(headersOf(through[i]!), headersOf(without[i]!), name);
    assert.equal(masked(page?.page ?? through[i]!.text), masked(without[i]!.text), name);
  }
  const pages = without.filter(({ response, text }) => isPage(response.headers) && text !== '');
  assert.equal(edited, pages.length, 'the tracker was in each page');
});

const isPage = (headers: readonly HeaderLine[]) =>
  valuesOf(headers, 'content-type')[0]?.startsWith('text/html') === true &&
  valuesOf(headers, 'location').length === 0;

/** What an edit may change, what is ours, and what is another each time. */
const OTHERS = [
  'via',
  'date',
  'vary',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'accept-ranges',
  'cache-control',
  'etag',
];

function headersOf({ response }: Answer): string[] {
  const page = isPage(response.headers);
  return response.headers
    .filter(
      ([name]) =>
        !OTHERS.includes(name.toLowerCase()) || (!page && /^(?:etag|cache-control|vary)$/i.test(name)),
    )
    .map(
      ([name, value]) => `${name}: ${/^(?:set-cookie|expires)$/i.test(name) ? maskedCookie(value) : value}`,
    );
}

const maskedCookie = (value: string) =>
  value.replace(/=[^;]*/, '=…').replace(/expires=[^;]*|\d\d:\d\d:\d\d/gi, '…');

/** CSRF tokens, times, and the salt of a password are another each time. */
function masked(text: string): string {
  return text
    .replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, '$1…')
    .replace(/\d\d:\d\d:\d\d(?:\.\d+)?|\d{1,2}:\d\d [ap]\.m\./g, '…')
    .replace(/<bdi>[^<]*\*[^<]*<\/bdi>/g, '<bdi>…</bdi>');
}
