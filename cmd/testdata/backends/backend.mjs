// What the back ends of Node have in common: WeChat's address compiled in, and what is done with two functions that fetch JSON.
const api = 'https://api.weixin.qq.com';
const app = 'appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef';

export async function run(get, post) {
  const [code, phoneCode] = process.argv.slice(2);
  const login = () => get(`${api}/sns/jscode2session?${app}&js_code=${code}&grant_type=authorization_code`);
  const first = await login();
  const again = await login();
  const token = (await get(`${api}/cgi-bin/token?grant_type=client_credential&${app}`)).access_token;
  const phone = await post(`${api}/wxa/business/getuserphonenumber?access_token=${token}`, { code: phoneCode });
  console.log(JSON.stringify({ openid: first.openid, again: again.errcode, phone: phone.phone_info.purePhoneNumber }));
}
