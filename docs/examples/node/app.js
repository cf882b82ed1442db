// The login server of a mini program: POST /login, and with the token that it answers, GET /me, POST /profile, POST /phone, POST /logout.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { WeChat, WeChatError } from './wechat.js';

const day = 24 * 60 * 60 * 1000;

// Refused is an answer that is no success: the mini program acts on its reason.
class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

const loginAgain = () => new Refused(401, 'login_again');

// The mini program is told what to do next, not what WeChat said.
function refusal(error) {
  switch (error.errcode) {
    case 40029: // wrong or expired
    case 40163: // used
      return loginAgain();
    case undefined: // no answer: the code may be spent
      return new Refused(504, 'login_again');
    case 40226: // a user whom WeChat blocks
      return new Refused(403, 'blocked');
    case -1: // busy
    case 45011: // too many logins of this user
      return new Refused(429, 'try_later');
    default: // ours to repair: appid, secret, permissions
      return new Refused(500, 'misconfigured');
  }
}

export function createApp({ appid, secret, now = Date.now, log = console.error }) {
  const wechat = new WeChat({ appid, secret });
  const sessions = new Map(); // by token; a real back end keeps them in a database

  function session(request) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const found = sessions.get(token);
    if (!found || found.until <= now()) throw loginAgain();
    return found;
  }

  const routes = {
    async 'POST /login'(request) {
      const { code } = await body(request);
      if (typeof code !== 'string' || code === '') throw new Refused(400, 'bad_request');
      const { openid, session_key } = await wechat.session(code);
      const token = randomBytes(32).toString('base64url');
      sessions.set(token, { token, openid, sessionKey: session_key, until: now() + 3 * day });
      return { token };
    },

    async 'GET /me'(request) {
      return { until: new Date(session(request).until).toISOString() };
    },

    async 'POST /profile'(request) {
      const { openid, sessionKey } = session(request);
      const { encryptedData = '', iv = '' } = await body(request);
      const data = wechat.open(sessionKey, iv, encryptedData);
      // Most often the user has logged in since, elsewhere, and the data is encrypted under the newer key.
      if (!data || (data.openId && data.openId !== openid)) throw loginAgain();
      const { openId, unionId, watermark, ...profile } = data; // who the user is stays here
      return profile;
    },

    async 'POST /phone'(request) {
      session(request);
      const { code } = await body(request);
      if (typeof code !== 'string' || code === '') throw new Refused(400, 'bad_request');
      try {
        return { phone: await wechat.phoneNumber(code) };
      } catch (error) {
        if (error.errcode === 40029) throw new Refused(422, 'tap_again'); // the login is fine
        throw error;
      }
    },

    async 'POST /logout'(request) {
      sessions.delete(session(request).token);
      return {};
    },
  };

  return createServer(async (request, response) => {
    let status = 200;
    let answer;
    try {
      const route = routes[`${request.method} ${new URL(request.url, 'http://localhost').pathname}`];
      if (!route) throw new Refused(404, 'not_found');
      answer = await route(request);
    } catch (error) {
      const refused = error instanceof Refused ? error : error instanceof WeChatError ? refusal(error) : new Refused(500, 'broken');
      if (refused !== error) log(`${request.method} ${request.url}: ${error.message}`);
      status = refused.status;
      answer = { reason: refused.message };
    }
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify(answer));
  });
}

// body reads a JSON object of at most 64 KiB.
async function body(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 64 * 1024) throw new Refused(413, 'bad_request');
    chunks.push(chunk);
  }
  try {
    const parsed = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    if (parsed !== null && typeof parsed === 'object') return parsed;
  } catch {
    // answered below
  }
  throw new Refused(400, 'bad_request');
}
