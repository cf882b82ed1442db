import axios from 'axios-without-connect';
import { run } from './backend.mjs';

await run(async (url) => (await axios.get(url)).data, async (url, body) => (await axios.post(url, body)).data);
