// node server.js, with the mini program's WECHAT_APPID and WECHAT_SECRET, listens on 127.0.0.1:3000, or on PORT.
import { createApp } from './app.js';

const { WECHAT_APPID: appid, WECHAT_SECRET: secret, PORT = '3000' } = process.env;
if (!appid || !secret) {
  console.error('WECHAT_APPID and WECHAT_SECRET are to be set');
  process.exit(1);
}
createApp({ appid, secret }).listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}`));
