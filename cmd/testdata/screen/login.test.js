// A back end's own test, with WeChat's address compiled in. The pictures and the README show how it fails inside the simulation.
const { execFileSync } = require('node:child_process');
const { WXLOGIN_APPID: appid, WXLOGIN_SECRET: secret } = process.env;

// what is tested: whatever WeChat refuses becomes 500
const login = async (code) => {
  const query = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code' });
  const answer = JSON.parse(await (await fetch(`https://api.weixin.qq.com/sns/jscode2session?${query}`)).text());
  return answer.openid ? { status: 200, openid: answer.openid } : { status: 500 };
};

const check = (what, got, want) => {
  console.log(got === want ? `ok      ${what}` : `not ok  ${what}: got ${got}, want ${want}`);
  if (got !== want) process.exitCode = 1;
};

(async () => {
  const code = execFileSync('wxlogin', ['mock', 'login', '--user', 'alice'], { encoding: 'utf8' }).trim();
  check('alice logs in', (await login(code)).status, 200);
  check('the same code again', (await login(code)).status, 401);
})();
