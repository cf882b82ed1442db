// The front end of a login at `wxlogin serve`; docs/miniprogram.md explains it. Copy it into your mini program:
//
//   const session = require('./login').create({ base: 'https://login.example.com' })
//
//   session.request({ url: 'https://api.example.com/orders' })  // wx.request with the token, logged in first where it has to be
//   session.ready()                                             // before a page shows a button that hands out encrypted data
//   session.decrypt(e.detail)                                   // in that button's handler
//   session.logout()
//
// All of them return promises. They reject with an Error whose `reason` says what to do:
//
//   blocked         tell the user; WeChat's risk control refuses them
//   try_later       busy or limited: try again after `retryAfter` seconds
//   ask_again       the data was encrypted under an older key: let the user tap once more
//   login_again     a fresh login did not help: the service and the login server do not agree
//   network         no answer at all
//   misconfigured   the owner of the server has to act
//   bad_request     this code and the server do not agree

const KEEP = 'wxlogin' // where the token is kept
const ATTEMPTS = 3 // of a login; a code that WeChat refuses, or a moment of being busy, is worth another one
const PATIENCE = 10 // seconds: longer than that nobody wants to look at a spinner
const MARGIN = 60 // seconds before its end at which a token is not used any more: a request takes time, and clocks differ

function failure(reason, retryAfter) {
  const error = new Error(reason)
  error.reason = reason
  if (retryAfter) error.retryAfter = retryAfter
  return error
}

function create(options) {
  const base = options.base
  const api = options.wx || wx
  const now = options.now || Date.now
  const sleep = options.sleep || (seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000)))

  let kept = null // { token, until }, as in the storage
  let underway = null // the login that everybody waits for

  // call is wx.request as a promise. It resolves for every status, as wx.request calls success for every status.
  const call = request => new Promise((resolve, reject) => {
    api.request(Object.assign({}, request, { success: resolve, fail: () => reject(failure('network')) }))
  })

  // code asks for a fresh code: each works once, and for five minutes.
  const code = () => new Promise((resolve, reject) => {
    api.login({ success: res => resolve(res.code), fail: () => reject(failure('network')) })
  })

  function header(res, name) {
    const found = Object.keys(res.header || {}).find(key => key.toLowerCase() === name)
    return found ? res.header[found] : ''
  }

  // refusal reads the answer of a failure.
  function refusal(res) {
    const reason = res.data && res.data.reason
    return failure(reason || (res.statusCode === 401 ? 'login_again' : 'try_later'), Number(header(res, 'retry-after')) || 0)
  }

  function keep(session) {
    kept = session
    if (session) api.setStorageSync(KEEP, session)
    else api.removeStorageSync(KEEP)
  }

  async function exchange(attempts) {
    const res = await call({ url: base + '/onLogin', data: { code: await code() } })
    if (res.statusCode === 200) {
      keep({ token: res.data.token, until: now() + (res.data.expires_in - MARGIN) * 1000 })
      return kept.token
    }
    const error = refusal(res)
    const wait = error.retryAfter || 0
    const hopeful = error.reason === 'login_again' || error.reason === 'try_later'
    if (!hopeful || attempts <= 1 || wait > PATIENCE) throw error
    await sleep(wait)
    return exchange(attempts - 1)
  }

  // login returns a new token. Whoever calls it while a login is under way waits for that one: a second wx.login would replace the
  // session_key under which the first one's data is encrypted.
  function login() {
    if (!underway) {
      const done = () => { underway = null }
      underway = exchange(ATTEMPTS)
      underway.then(done, done)
    }
    return underway
  }

  // current returns the token that is kept, or logs in.
  function current() {
    if (underway) return underway
    if (!kept) kept = api.getStorageSync(KEEP) || null
    return kept && kept.until > now() ? Promise.resolve(kept.token) : login()
  }

  // request is wx.request with the token. A 401 means a new login, once; of many requests that are refused at a time one logs in, and
  // all are sent again.
  async function request(options) {
    const send = token => call(Object.assign({}, options, { header: Object.assign({}, options.header, { Authorization: 'Bearer ' + token }) }))
    const token = await current()
    let res = await send(token)
    if (res.statusCode === 401) {
      // Somebody else may have logged in since this request was sent: then there is a newer token already.
      const renewed = kept && kept.token !== token && !underway ? kept.token : await login()
      res = await send(renewed)
    }
    if (res.statusCode >= 400) throw refusal(res)
    return res
  }

  // ready makes sure that there is a login, and that WeChat still encrypts under its session_key. Call it before the user can tap a
  // button that hands out encrypted data (onLoad, onShow), never in the handler: wx.login in between makes the data unreadable.
  async function ready() {
    const good = await new Promise(resolve => api.checkSession({ success: () => resolve(true), fail: () => resolve(false) }))
    if (good) await current()
    else await login()
  }

  // decrypt sends what a button handed to its handler, or wx.* to success, and resolves with the data in plain. It logs nobody in before
  // it sends. Data of an older session_key is refused with ask_again, after a login that makes the next tap work.
  async function decrypt(payload) {
    if (!payload || !payload.encryptedData) throw failure('bad_request') // the user said no, or e was given in place of e.detail
    const token = await current()
    const res = await call({ url: base + '/decrypt', method: 'POST', data: payload, header: { Authorization: 'Bearer ' + token } })
    if (res.statusCode === 200) return res.data.data
    if (res.statusCode !== 401 && res.statusCode !== 422) throw refusal(res)
    await login()
    throw failure('ask_again')
  }

  async function logout() {
    await current().then(token => call({ url: base + '/logout', method: 'POST', header: { Authorization: 'Bearer ' + token } }))
    keep(null)
  }

  return { login, request, ready, decrypt, logout }
}

module.exports = { create }
