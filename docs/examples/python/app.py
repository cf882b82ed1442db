"""The login server of a mini program: POST /login, and with the token that it answers, GET /me, POST /profile, POST /phone, POST /logout.

python3 app.py, with the mini program's WECHAT_APPID and WECHAT_SECRET, listens on 127.0.0.1:3000, or on PORT.
"""

import json
import os
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wechat import WeChat, WeChatError

LIFE = 3 * 24 * 60 * 60  # seconds of a session


class Refused(Exception):
    """An answer that is no success: the mini program acts on its reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


REFUSALS = {
    40029: (401, "login_again"),  # wrong or expired
    40163: (401, "login_again"),  # used
    40226: (403, "blocked"),  # a user whom WeChat blocks
    -1: (429, "try_later"),  # busy
    45011: (429, "try_later"),  # too many logins of this user
    None: (504, "login_again"),  # no answer: the code may be spent
}


def refusal(error):
    """The mini program is told what to do next, not what WeChat said. The rest is ours to repair: appid, secret, permissions."""
    return Refused(*REFUSALS.get(error.errcode, (500, "misconfigured")))


class App:
    def __init__(self, appid, secret, now=time.time, log=lambda line: print(line, file=sys.stderr)):
        self.wechat = WeChat(appid, secret)
        self.now, self.log = now, log
        self.sessions = {}  # by token; a real back end keeps them in a database

    def answer(self, route, token, body):
        """The status and the answer to a request, such as ("POST /login", None, {"code": "..."})."""
        try:
            handle = {
                "POST /login": self.login, "GET /me": self.me, "POST /profile": self.profile,
                "POST /phone": self.phone, "POST /logout": self.logout,
            }.get(route)
            if handle is None:
                raise Refused(404, "not_found")
            return 200, handle(token, body)
        except WeChatError as error:
            self.log(f"{route}: {error}")
            refused = refusal(error)
        except Refused as error:
            refused = error
        return refused.status, {"reason": refused.reason}

    def login(self, _, body):
        openid, session_key = self.wechat.session(code_of(body))
        token = secrets.token_urlsafe(32)
        self.sessions[token] = (openid, session_key, self.now() + LIFE)
        return {"token": token}

    def me(self, token, _):
        return {"until": self.session(token)[2]}

    def profile(self, token, body):
        openid, session_key, _ = self.session(token)
        data = self.wechat.open(session_key, body.get("iv"), body.get("encryptedData"))
        # Most often the user has logged in since, elsewhere, and the data is encrypted under the newer key.
        if data is None or data.get("openId", openid) != openid:
            raise Refused(401, "login_again")
        return {name: value for name, value in data.items() if name not in ("openId", "unionId", "watermark")}

    def phone(self, token, body):
        self.session(token)
        try:
            return {"phone": self.wechat.phone_number(code_of(body))}
        except WeChatError as error:
            if error.errcode == 40029:  # the login is fine
                raise Refused(422, "tap_again") from None
            raise

    def logout(self, token, _):
        self.session(token)
        del self.sessions[token]
        return {}

    def session(self, token):
        found = self.sessions.get(token)
        if found is None or found[2] <= self.now():
            raise Refused(401, "login_again")
        return found


def code_of(body):
    code = body.get("code")
    if not isinstance(code, str) or not code:
        raise Refused(400, "bad_request")
    return code


def server(app, port):
    """An HTTP server for app on this machine; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            try:
                body = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 64 * 1024)) or b"{}")
            except ValueError:
                body = None
            if isinstance(body, dict):
                status, answer = app.answer(f"{self.command} {self.path}", token if scheme == "Bearer" else None, body)
            else:
                status, answer = 400, {"reason": "bad_request"}
            content = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_any

        def log_message(self, *_):
            """Requests are not logged."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    if not os.environ.get("WECHAT_APPID") or not os.environ.get("WECHAT_SECRET"):
        sys.exit("WECHAT_APPID and WECHAT_SECRET are to be set")
    serving = server(App(os.environ["WECHAT_APPID"], os.environ["WECHAT_SECRET"]), int(os.environ.get("PORT", "3000")))
    print("http://%s:%d" % serving.server_address, flush=True)
    serving.serve_forever()
