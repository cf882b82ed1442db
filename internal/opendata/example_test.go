package opendata_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// What the getPhoneNumber button handed over, and the key of the user's session.
var (
	exampleKey      = wechat.NewSessionKey("yA9N43ZOzuHk9qXMUPO6aA==")
	exampleEnvelope = opendata.Envelope{
		EncryptedData: "w0RbvD0ZojGluzCiiw9jDszjyCmNZuMuqoc2jOb+rGQRWptqwebRDUjpKrY/YFOQ57lC3xhenKXGPm77CFeUsnwVc3GMHj7FG8JTZ/g1jbsq" +
			"6fbTOWcQidjjEqA/5BzYyGLjOJX2MN63M0ciScF1kY66UNV0n+rPvfZUmPfn9jexVc5QXeHSNfhYaOlNa0HVerBepkoryce8giJfBPWJKw==",
		IV: "zCd8NIQg66bcoV5bApeH3g==",
	}
)

func ExampleOpen() {
	p, err := opendata.Open(exampleKey, exampleEnvelope)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := opendata.Policy{AppID: "wx1f0e2d3c4b5a6978", Now: time.Unix(1754000060, 0), MaxAge: 5 * time.Minute}
	checks, err := policy.Check(p, exampleEnvelope, exampleKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Kind, checks.WatermarkAppID, checks.AgeSeconds.Seconds)
	fmt.Printf("%s\n", p.Plain)
	// Output:
	// phone ok 60
	// {"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86","watermark":{"timestamp":1754000000,"appid":"wx1f0e2d3c4b5a6978"}}
}

func ExampleOpen_damaged() {
	e := exampleEnvelope
	e.IV = "r7BXX kLb8qrSNn05n0qiA==" // a form decoder made a blank of the plus
	_, err := opendata.Open(exampleKey, e)
	if input, ok := errors.AsType[*opendata.InputError](err); ok {
		fmt.Println(input.Field, input.Pos)
	}
	fmt.Println(err)
	// Output:
	// iv 5
	// iv has a character that is not of standard base64 (byte 5 of 24, counted from 0)
}
