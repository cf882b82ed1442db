// Runs docs/examples/miniprogram/login.js against a mock: node login.test.cjs LOGIN_JS URL. Each story is a mini program of its own,
// with a storage, a user and a count of what it called.
const assert = require('node:assert')
const [, , file, url] = process.argv
const { create } = require(file)

async function control(path, body) {
  const res = await fetch(url + '/_mock/' + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await res.json()
  assert.ok(res.ok, path + ': ' + JSON.stringify(answer))
  return answer
}

// phone is a small wx: what login.js uses of it, with the behaviour that matters. codes come first, before those of the user.
function phone(user, codes = []) {
  const storage = new Map()
  const wx = {
    logins: 0, calls: [], offline: false, keyIsOld: false,
    login({ success, fail }) {
      wx.logins++
      if (codes.length) return success({ code: codes.shift(), errMsg: 'login:ok' })
      control('login', { user }).then(({ code, errMsg }) => success({ code, errMsg }), fail)
    },
    checkSession({ success, fail }) { wx.keyIsOld ? fail({ errMsg: 'checkSession:fail' }) : success({ errMsg: 'checkSession:ok' }) },
    request({ url: target, method = 'GET', data, header = {}, success, fail }) {
      const { pathname } = new URL(target)
      wx.calls.push(pathname)
      if (wx.offline) return fail({ errMsg: 'request:fail' })
      let body
      if (method === 'GET') target += data ? '?' + new URLSearchParams(data) : ''
      else body = JSON.stringify(data)
      fetch(target, { method, body, headers: { 'content-type': 'application/json', ...header } }).then(async res => {
        const text = await res.text()
        let parsed = text
        try { parsed = JSON.parse(text) } catch {}
        success({ statusCode: res.status, header: Object.fromEntries(res.headers), data: parsed }) // for every status
      }, fail)
    },
    getStorageSync: key => storage.get(key) ?? '',
    setStorageSync: (key, value) => { storage.set(key, structuredClone(value)) },
    removeStorageSync: key => { storage.delete(key) },
    count: path => wx.calls.filter(called => called === path).length,
    storage,
  }
  return wx
}

function program(wx, more = {}) {
  const waits = []
  const session = create({ base: url, wx, sleep: async seconds => { waits.push(seconds) }, ...more })
  return { ...session, waits, me: () => session.request({ url: url + '/session' }) }
}

const rejects = (promise, reason) => assert.rejects(promise, error => {
  assert.equal(error.reason, reason)
  return true
})

const stories = {
  async 'the first request logs in, and the token is kept'() {
    const wx = phone('first')
    const app = program(wx)
    assert.equal((await app.me()).data.active, true)
    assert.equal((await app.me()).data.active, true)
    assert.equal(wx.logins, 1)
    const restarted = program(wx) // the mini program is opened again: the storage is there
    await restarted.me()
    assert.equal(wx.logins, 1)
    assert.deepEqual([...wx.storage.keys()], ['wxlogin'])
  },

  async 'many 401s at once are one silent login'() {
    const wx = phone('many')
    const app = program(wx)
    await app.me()
    await control('revoke', { token: wx.storage.get('wxlogin').token })
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.me()))
    assert.ok(answers.every(res => res.statusCode === 200))
    assert.equal(wx.logins, 2)
    assert.equal(wx.count('/onLogin'), 2)
  },

  async 'a 401 that comes late takes the token that others have got meanwhile'() {
    const wx = phone('late')
    const app = program(wx)
    await app.me()
    await control('revoke', { token: wx.storage.get('wxlogin').token })
    const hold = { release: null }
    const held = new Promise(resolve => { hold.release = resolve })
    const send = wx.request
    wx.request = options => {
      wx.request = send // the first one only
      send({ ...options, success: res => held.then(() => options.success(res)) })
    }
    const late = app.me()
    await app.me() // refused, logged in, sent again
    hold.release()
    assert.equal((await late).statusCode, 200)
    assert.equal(wx.logins, 2)
  },

  async 'a login does not repeat for ever: a service that refuses the fresh token as well is told'() {
    const wx = phone('stubborn')
    const app = program(wx)
    const send = wx.request
    wx.request = options => options.url.endsWith('/session') ? options.success({ statusCode: 401, header: {}, data: '' }) : send(options)
    await rejects(app.me(), 'login_again')
    assert.equal(wx.logins, 2)
  },

  async 'a token at its end is renewed before it is used'() {
    const wx = phone('old')
    let time = Date.now()
    const app = program(wx, { now: () => time })
    await app.me()
    time += 24 * 3600 * 1000 - 30 * 1000 // half a minute before its end
    await app.me()
    assert.equal(wx.logins, 2)
    assert.equal(wx.count('/session'), 2) // none of them refused
  },

  async 'the tap after the login: data is decrypted'() {
    const wx = phone('tap')
    const app = program(wx)
    await app.ready()
    const detail = await control('phone', { user: 'tap' }) // the user taps
    const data = await app.decrypt(detail)
    assert.match(data.purePhoneNumber, /^1\d{10}$/)
    await app.ready()
    assert.equal(wx.logins, 1)
    wx.keyIsOld = true // WeChat has another key by now
    await app.ready()
    assert.equal(wx.logins, 2)
  },

  async 'a login between the tap and the server: the user is asked once more'() {
    const wx = phone('between')
    const app = program(wx)
    await app.ready()
    const detail = await control('phone', { user: 'between' }) // encrypted under the key of the login so far
    await control('faults', { on: 'jscode2session', user: 'between', times: 1, effect: 'rotate-key-first' })
    await app.login() // in the handler, where it does not belong: WeChat replaces the key
    const logins = wx.logins
    await rejects(app.decrypt(detail), 'ask_again')
    assert.equal(wx.logins, logins + 1)
    const again = await control('phone', { user: 'between' }) // the user taps once more
    assert.match((await app.decrypt(again)).purePhoneNumber, /^1\d{10}$/)
  },

  async 'the user says no: nothing is sent'() {
    const wx = phone('no')
    const app = program(wx)
    await rejects(app.decrypt({ errMsg: 'getPhoneNumber:fail user deny' }), 'bad_request')
    assert.equal(wx.calls.length, 0)
  },

  async 'login_again: the next code works'() {
    const wx = phone('again', ['err-40029', 'err-40163'])
    const app = program(wx)
    await app.me()
    assert.equal(wx.logins, 3)
  },

  async 'login_again three times: it is told'() {
    const wx = phone('hopeless', ['err-40029', 'err-40029', 'err-40029'])
    await rejects(program(wx).me(), 'login_again')
    assert.equal(wx.logins, 3)
  },

  async 'try_later: a short wait, as the server asks, then another code'() {
    const wx = phone('busy', ['err--1'])
    const app = program(wx)
    await app.me()
    assert.deepEqual(app.waits, [2])
  },

  async 'try_later for longer than anybody looks at a spinner: it is told, with the time'() {
    const wx = phone('limited', ['err-45011'])
    const app = program(wx)
    await assert.rejects(app.me(), error => {
      assert.equal(error.reason, 'try_later')
      assert.equal(error.retryAfter, 60)
      return true
    })
    assert.equal(wx.logins, 1)
  },

  async 'blocked and misconfigured: nothing is repeated'() {
    for (const [code, reason] of [['err-40226', 'blocked'], ['err-40125', 'misconfigured']]) {
      const wx = phone('blocked', [code])
      await rejects(program(wx).me(), reason)
      assert.equal(wx.logins, 1)
    }
  },

  async 'network: it is told, and the next try works'() {
    const wx = phone('offline')
    const app = program(wx)
    wx.offline = true
    await rejects(app.me(), 'network')
    wx.offline = false
    await app.me()
  },

  async 'logout: the token is worthless and forgotten, and the next request logs in'() {
    const wx = phone('out')
    const app = program(wx)
    await app.me()
    const { token } = wx.storage.get('wxlogin')
    await app.logout()
    assert.equal(wx.storage.size, 0)
    const res = await fetch(url + '/session', { headers: { Authorization: 'Bearer ' + token } })
    assert.equal(res.status, 401)
    await app.me()
    assert.equal(wx.logins, 2)
  },
}

;(async () => {
  for (const [name, story] of Object.entries(stories)) {
    try {
      await story()
    } catch (error) {
      console.error('story: ' + name + '\n' + error.stack)
      process.exitCode = 1
    }
  }
  console.log(Object.keys(stories).length + ' stories')
})()
