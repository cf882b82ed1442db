import httpx

from backend import run

run(lambda url: httpx.get(url).json(), lambda url, body: httpx.post(url, json=body).json())
