import json
import urllib.request

from backend import run


def get(url):
    with urllib.request.urlopen(url) as response:
        return json.load(response)


def post(url, body):
    return get(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}))


run(get, post)
