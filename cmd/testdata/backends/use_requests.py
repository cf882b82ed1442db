import requests

from backend import run

run(lambda url: requests.get(url).json(), lambda url, body: requests.post(url, json=body).json())
