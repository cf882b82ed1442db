<?php
// What the back ends of PHP have in common: WeChat's address compiled in, and what is done with a function that fetches.
const API = 'https://api.weixin.qq.com';
const APP = 'appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef';

function run(callable $call)
{
    global $argv;
    list(, $code, $phoneCode) = $argv;
    $login = API . '/sns/jscode2session?' . APP . "&js_code=$code&grant_type=authorization_code";
    $first = json_decode($call($login));
    $again = json_decode($call($login));
    $token = json_decode($call(API . '/cgi-bin/token?grant_type=client_credential&' . APP))->access_token;
    $phone = json_decode($call(API . "/wxa/business/getuserphonenumber?access_token=$token", json_encode(['code' => $phoneCode])));
    echo json_encode(['openid' => $first->openid, 'again' => $again->errcode, 'phone' => $phone->phone_info->purePhoneNumber]), "\n";
}
