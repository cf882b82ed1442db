"""wxlogin serve --mock -- python3 -m unittest"""

import json
import os
import subprocess
import threading
import time
import unittest

import requests

from app import LIFE, App, server


def wxlogin(*arguments):
    """The simulated phone, and the levers of the simulation."""
    return subprocess.run(["wxlogin", "mock", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Login(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.environ.get("WXLOGIN_URL"):
            raise RuntimeError("there is no simulated WeChat: run wxlogin serve --mock -- python3 -m unittest")

    def setUp(self):
        self.time, self.logged = time.time(), []
        app = App(os.environ["WXLOGIN_APPID"], os.environ["WXLOGIN_SECRET"], now=lambda: self.time, log=self.logged.append)
        serving = server(app, 0)
        self.url = "http://%s:%d" % serving.server_address
        threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01}).start()
        self.addCleanup(serving.server_close)
        self.addCleanup(serving.shutdown)

    def wants(self, status, answer, method, path, token=None, **body):
        """Asks the back end as wx.request would. An answer of None is any."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = requests.request(method, self.url + path, headers=headers, json=body, timeout=30)
        got = response.json()
        self.assertEqual((response.status_code, got if answer is None else answer), (status, got), self.logged)
        return got

    def login(self, code):
        return self.wants(200, None, "POST", "/login", code=code)["token"]

    def logged_in(self, user):
        return self.login(wxlogin("login", "--user", user))

    def test_login(self):
        self.wants(200, None, "GET", "/me", self.logged_in("alice"))
        self.assertEqual(self.logged, [])

    def test_code_works_once(self):
        code = wxlogin("login")
        self.login(code)
        self.wants(401, {"reason": "login_again"}, "POST", "/login", code=code)
        self.assertEqual(self.logged, ["POST /login: jscode2session: errcode 40163"])

    def test_code_expires(self):
        code = wxlogin("login")
        wxlogin("clock", "+6m")
        self.addCleanup(wxlogin, "clock", "reset")
        self.wants(401, {"reason": "login_again"}, "POST", "/login", code=code)
        self.assertEqual(self.logged, ["POST /login: jscode2session: errcode 40029"])

    def test_refusals(self):
        """Codes that say by themselves what is to happen: docs/faults.md."""
        for code, status, reason in (
            ("err-45011", 429, "try_later"), ("err--1", 429, "try_later"), ("err-40226", 403, "blocked"),
            ("err-40125", 500, "misconfigured"), ("drop", 504, "login_again"), ("", 400, "bad_request"),
        ):
            with self.subTest(code):
                self.wants(status, {"reason": reason}, "POST", "/login", code=code)
        self.assertNotIn(os.environ["WXLOGIN_SECRET"], "".join(self.logged))

    def user_info(self, user):
        got = json.loads(wxlogin("userinfo", "--user", user))
        return {"encryptedData": got["encryptedData"], "iv": got["iv"]}

    def test_profile(self):
        token = self.logged_in("bob")
        profile = self.wants(200, None, "POST", "/profile", token, **self.user_info("bob"))
        self.assertEqual(profile["nickName"], "微信用户")
        self.assertFalse({"openId", "unionId"} & set(profile))

    def test_newer_key(self):
        """Right after this login the user logs in on another device, which replaces the session_key."""
        wxlogin("fault", "add", "--on", "jscode2session", "--user", "carol", "--times", "1", "rotate-key")
        token = self.logged_in("carol")
        self.wants(401, {"reason": "login_again"}, "POST", "/profile", token, **self.user_info("carol"))

    def test_phone(self):
        wxlogin("user", "add", "dora", "--phone", "13800000000")
        self.addCleanup(wxlogin, "user", "rm", "dora")
        token = self.logged_in("dora")
        code = wxlogin("phone", "--user", "dora", "-q", ".code")
        self.wants(200, {"phone": "13800000000"}, "POST", "/phone", token, code=code)
        self.wants(422, {"reason": "tap_again"}, "POST", "/phone", token, code=code)
        self.wants(401, {"reason": "login_again"}, "POST", "/phone", code=code)

    def test_session_ends(self):
        one, two = self.logged_in("erin"), self.logged_in("erin")
        self.wants(200, {}, "POST", "/logout", one)
        self.wants(401, {"reason": "login_again"}, "GET", "/me", one)
        self.wants(200, None, "GET", "/me", two)
        self.time += LIFE
        self.wants(401, {"reason": "login_again"}, "GET", "/me", two)


if __name__ == "__main__":
    unittest.main()
