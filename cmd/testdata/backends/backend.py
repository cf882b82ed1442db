"""What the back ends of Python have in common: WeChat's address compiled in, and what is done with two functions that fetch JSON."""
import json
import sys

API = "https://api.weixin.qq.com"
APP = "appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef"


def run(get, post):
    code, phone_code = sys.argv[1:]

    def login():
        return get(f"{API}/sns/jscode2session?{APP}&js_code={code}&grant_type=authorization_code")

    first, again = login(), login()
    token = get(f"{API}/cgi-bin/token?grant_type=client_credential&{APP}")["access_token"]
    phone = post(f"{API}/wxa/business/getuserphonenumber?access_token={token}", {"code": phone_code})
    print(json.dumps({"openid": first["openid"], "again": again["errcode"], "phone": phone["phone_info"]["purePhoneNumber"]}))
