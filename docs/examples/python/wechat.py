"""What this back end asks WeChat, with requests, as most back ends in Python do."""

import base64
import json
import threading
import time

import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

API = "https://api.weixin.qq.com"


class WeChatError(Exception):
    """A refusal of WeChat's, or a call that got no answer (errcode None)."""

    def __init__(self, api, errcode=None):
        super().__init__(f"{api}: no answer" if errcode is None else f"{api}: errcode {errcode}")
        self.errcode = errcode


class WeChat:
    def __init__(self, appid, secret):
        self.appid = appid
        self._secret = secret
        self._lock = threading.Lock()
        self._access_token, self._until = "", 0.0

    def session(self, code):
        """wx.login's code for (openid, session_key)."""
        got = self._call("GET", "/sns/jscode2session", params={
            "appid": self.appid, "secret": self._secret, "js_code": code, "grant_type": "authorization_code",
        })
        return got["openid"], got["session_key"]

    def phone_number(self, code):
        """The code of the phone number button for the number."""
        got = self._call("POST", "/wxa/business/getuserphonenumber", params={"access_token": self._token()}, json={"code": code})
        return got["phone_info"]["phoneNumber"]

    def open(self, session_key, iv, encrypted_data):
        """What wx.getUserInfo and its like encrypted, or None if it does not open under this key or is another mini program's."""
        try:
            key, iv, data = (base64.b64decode(text, validate=True) for text in (session_key, iv, encrypted_data))
            decryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).decryptor()
            unpadder = PKCS7(128).unpadder()
            plain = unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
            opened = json.loads(plain)
            return opened if opened["watermark"]["appid"] == self.appid else None
        except (ValueError, KeyError, TypeError):
            return None

    def _token(self):
        with self._lock:
            if time.monotonic() >= self._until:
                got = self._call("POST", "/cgi-bin/stable_token", json={
                    "grant_type": "client_credential", "appid": self.appid, "secret": self._secret,
                })
                self._access_token, self._until = got["access_token"], time.monotonic() + got["expires_in"] - 60
            return self._access_token

    @staticmethod
    def _call(method, path, **arguments):
        api = path.rpartition("/")[2]
        try:
            got = requests.request(method, API + path, timeout=10, **arguments).json()
        except (requests.RequestException, ValueError):
            # The error of requests has the address in it, and so the AppSecret.
            raise WeChatError(api) from None
        if not isinstance(got, dict):
            raise WeChatError(api)
        if got.get("errcode"):
            raise WeChatError(api, got["errcode"])
        return got
