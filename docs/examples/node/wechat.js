// What this back end asks WeChat, by way of the SDK node-easywechat, which has https://api.weixin.qq.com compiled in.
import { CacheInterface, MiniApp } from 'node-easywechat';

// A refusal of WeChat's, or a call that got no answer (errcode undefined).
export class WeChatError extends Error {
  constructor(api, errcode) {
    // Neither errmsg nor the SDK's own error is taken over: that of axios has the request in it, and so the AppSecret.
    super(errcode === undefined ? `${api}: no answer` : `${api}: errcode ${errcode}`);
    this.errcode = errcode;
  }
}

// The access token is kept in memory. The SDK's default is a file in the working directory, with the AppSecret in its name.
class Memory extends CacheInterface {
  #entries = new Map();

  async get(key) {
    const entry = this.#entries.get(key);
    return entry && entry.until > Date.now() ? entry.value : null;
  }

  async has(key) {
    return (await this.get(key)) !== null;
  }

  async set(key, value, seconds) {
    this.#entries.set(key, { value, until: Date.now() + seconds * 1000 });
    return true;
  }

  async delete(key) {
    return this.#entries.delete(key);
  }
}

export class WeChat {
  constructor({ appid, secret }) {
    this.appid = appid;
    this.sdk = new MiniApp({ app_id: appid, secret, use_stable_access_token: true, http: { timeout: 10_000 } });
    this.sdk.setCache(new Memory());
  }

  // wx.login's code for { openid, session_key, unionid? }.
  session(code) {
    return answer('jscode2session', () => this.sdk.getUtils().codeToSession(code));
  }

  // The code of the phone number button for the number.
  async phoneNumber(code) {
    const client = this.sdk.getClient();
    const got = await answer('getuserphonenumber', async () => (await client.postJson('/wxa/business/getuserphonenumber', { code })).toObject());
    return got.phone_info.phoneNumber;
  }

  // What wx.getUserInfo and its like encrypted, or undefined if it does not open under this key or belongs to another mini program.
  open(sessionKey, iv, encryptedData) {
    let data;
    try {
      data = this.sdk.getUtils().decryptSession(sessionKey, iv, encryptedData);
    } catch {
      return undefined;
    }
    return data.watermark?.appid === this.appid ? data : undefined;
  }
}

// answer makes one kind of error of the SDK's several.
async function answer(api, call) {
  let got;
  try {
    got = await call();
  } catch (error) {
    const errcode = /"errcode":(-?\d+)/.exec(error.message)?.[1]; // the SDK has WeChat's answer in its message
    throw new WeChatError(api, errcode && Number(errcode));
  }
  if (got?.errcode) throw new WeChatError(api, got.errcode);
  return got;
}
