# A back end of shell and curl, which has WeChat's address compiled in, so to speak.
set -eu
api=https://api.weixin.qq.com
app="appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef"
member() { sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }

login() { curl -sS "$api/sns/jscode2session?$app&js_code=$1&grant_type=authorization_code"; }

openid=$(login "$1" | member openid)
again=$(login "$1" | member errcode)
token=$(curl -sS "$api/cgi-bin/token?grant_type=client_credential&$app" | member access_token)
phone=$(curl -sS --json "{\"code\":\"$2\"}" "$api/wxa/business/getuserphonenumber?access_token=$token" | member purePhoneNumber)
printf '{"openid":"%s","again":%s,"phone":"%s"}\n' "$openid" "$again" "$phone"
