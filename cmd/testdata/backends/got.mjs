import got from 'got';
import { run } from './backend.mjs';

await run((url) => got(url).json(), (url, json) => got.post(url, { json }).json());
