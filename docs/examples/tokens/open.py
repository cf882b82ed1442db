"""Opens a login token of wxlogin in a service that you trust with its keys (docs/tokens.md).

    pip install jwcrypto
    (umask 077; wxlogin key export --reveal > keys.jwks)
    python3 open.py keys.jwks wx4f4bc4dec97d474b < token.txt
"""

import json
import sys

from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT


def open_token(token: str, key_set: JWKSet, appid: str) -> dict:
    """Returns the claims of a token that is whole, for this mini program, and not expired, and raises for any other.

    Whether the token was revoked it cannot know: only the login server can say that.
    """
    jwt = JWT(
        algs=["dir", "A256GCM"],  # nothing else: the header is the sender's
        check_claims={"iss": "wxlogin", "aud": appid, "sub": None, "iat": None, "exp": None, "jti": None},
    )
    jwt.leeway = 0  # expired is expired
    jwt.deserialize(token, key_set)
    return json.loads(jwt.claims)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        keys = JWKSet.from_json(file.read())
    claims = open_token(sys.stdin.read().strip(), keys, sys.argv[2])
    print(json.dumps({"openid": claims["sub"], "unionid": claims.get("unionid"), "expires": claims["exp"]}, separators=(",", ":")))
