import { run } from './backend.mjs';

await run(
  async (url) => JSON.parse(await (await fetch(url)).text()),
  async (url, body) => (await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json(),
);
