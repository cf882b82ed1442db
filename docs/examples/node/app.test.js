// wxlogin serve --mock -- npm test
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createApp } from './app.js';

// The simulated phone, by HTTP. `wxlogin mock login` and its like do the same in a shell.
async function phone(verb, fields = {}) {
  const response = await fetch(`${process.env.WXLOGIN_URL}/_mock/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  assert.equal(response.status, 200, `${verb}: ${await response.clone().text()}`);
  return response.json();
}

const login = async (user) => (await phone('login', { user })).code; // wx.login

let app, address, logged;
let time = Date.now();

before(async () => {
  assert.ok(process.env.WXLOGIN_URL, 'there is no simulated WeChat: run wxlogin serve --mock -- npm test');
  app = createApp({
    appid: process.env.WXLOGIN_APPID,
    secret: process.env.WXLOGIN_SECRET,
    now: () => time,
    log: (line) => logged.push(line),
  });
  await new Promise((ready) => app.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${app.address().port}`;
});

after(() => {
  app?.close();
  app?.closeAllConnections();
});
beforeEach(() => { logged = []; });

// call asks the back end as wx.request would.
async function call(method, path, { token, ...body } = {}) {
  const response = await fetch(address + path, {
    method,
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    body: method === 'GET' ? undefined : JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
}

async function loggedIn(user) {
  const { status, token } = await call('POST', '/login', { code: await login(user) });
  assert.equal(status, 200);
  return token;
}

test('a login', async () => {
  const token = await loggedIn('alice');
  assert.equal((await call('GET', '/me', { token })).status, 200);
});

test('a code works once', async () => {
  const code = await login('alice');
  assert.equal((await call('POST', '/login', { code })).status, 200);
  assert.deepEqual(await call('POST', '/login', { code }), { status: 401, reason: 'login_again' });
  assert.deepEqual(logged, ['POST /login: jscode2session: errcode 40163']);
});

test('a code lives five minutes', async () => {
  const code = await login('alice');
  await phone('clock', { move: '6m' });
  try {
    assert.deepEqual(await call('POST', '/login', { code }), { status: 401, reason: 'login_again' });
    assert.deepEqual(logged, ['POST /login: jscode2session: errcode 40029']);
  } finally {
    await phone('clock', { reset: true });
  }
});

// Codes that say by themselves what is to happen: docs/faults.md.
for (const [code, want] of Object.entries({
  'err-45011': { status: 429, reason: 'try_later' },
  'err--1': { status: 429, reason: 'try_later' },
  'err-40226': { status: 403, reason: 'blocked' },
  'err-40125': { status: 500, reason: 'misconfigured' },
  drop: { status: 504, reason: 'login_again' },
})) {
  test(`WeChat's refusal, ${code}`, async () => {
    assert.deepEqual(await call('POST', '/login', { code }), want);
    assert.equal(logged.length, 1);
    assert.ok(!logged[0].includes(process.env.WXLOGIN_SECRET), logged[0]);
  });
}

test('no code', async () => {
  assert.deepEqual(await call('POST', '/login'), { status: 400, reason: 'bad_request' });
});

test('a profile, without who it is', async () => {
  const token = await loggedIn('bob');
  const { userInfo, encryptedData, iv } = await phone('userinfo', { user: 'bob' });
  const profile = await call('POST', '/profile', { token, encryptedData, iv });
  assert.equal(profile.status, 200);
  assert.equal(profile.nickName, userInfo.nickName);
  assert.ok(!('openId' in profile || 'unionId' in profile));
});

test('a profile under a newer key', async () => {
  // Right after this login the user logs in on another device, which replaces the session_key.
  await phone('faults', { on: 'jscode2session', user: 'carol', times: 1, effect: 'rotate-key' });
  const token = await loggedIn('carol');
  const { encryptedData, iv } = await phone('userinfo', { user: 'carol' });
  assert.deepEqual(await call('POST', '/profile', { token, encryptedData, iv }), { status: 401, reason: 'login_again' });
});

test('a phone number, with a code that works once', async () => {
  await phone('users', { user: 'dora', phone: '13800000000' });
  const token = await loggedIn('dora');
  const { code } = await phone('phone', { user: 'dora' });
  assert.deepEqual(await call('POST', '/phone', { token, code }), { status: 200, phone: '13800000000' });
  assert.deepEqual(await call('POST', '/phone', { token, code }), { status: 422, reason: 'tap_again' });
  assert.deepEqual(await call('POST', '/phone', { code }), { status: 401, reason: 'login_again' });
});

test('a session ends with the logout, and after three days', async () => {
  const one = await loggedIn('erin');
  assert.equal((await call('POST', '/logout', { token: one })).status, 200);
  assert.deepEqual(await call('GET', '/me', { token: one }), { status: 401, reason: 'login_again' });

  const two = await loggedIn('erin');
  time += 3 * 24 * 60 * 60 * 1000;
  assert.deepEqual(await call('GET', '/me', { token: two }), { status: 401, reason: 'login_again' });
});
