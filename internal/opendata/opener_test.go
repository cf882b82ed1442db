package opendata_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func opener(t testing.TB, key wechat.SessionKey) *opendata.Opener {
	t.Helper()
	o := &opendata.Opener{}
	if err := o.SetKey([]byte(key.Reveal())); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOpener(t *testing.T) {
	t.Parallel()
	key := wechat.NewSessionKey(testKey)
	o := opener(t, key)
	texts := []string{
		`{"phoneNumber":"1","watermark":{"timestamp":1,"appid":"wx4f4bc4dec97d474b"}}`,
		`{"phoneNumber":"2","watermark":{"timestamp":2,"appid":"wx4f4bc4dec97d474b"}}`,
		`{"opengid":"x"}`,
		`broken"`,
		`{"phoneNumber":"3","watermark":{"timestamp":3,"appid":"wx4f4bc4dec97d474\u0062"}}`,
		`{"phoneNumber":"4","watermark":{"timestamp":4,"appid":"wx1f0e2d3c4b5a6978"}}`,
		`1_activity`,
		`{"a":1,"b":2,"watermark":{"x":1,"timestamp":5,"appid":"wx1f0e2d3c4b5a6978"},"x":3}`,
		`{"a":1,"b":2}`,
		`{"watermark":{"timestamp":6,"appid":"wx\\u0077"}}`, // a backslash and "u0077"
		`{"watermark":{"timestamp":7,"appid":"wx\u0077"}}`,  // "wxw": the same bytes as the value before
	}
	dst := []byte("kept:")
	want := "kept:"
	for _, text := range texts {
		e := sealed(t, text)
		fresh, freshErr := opendata.Open(key, e)
		out, got, err := o.Append(dst, []byte(e.IV), []byte(e.EncryptedData))
		if diff := cmp.Diff(fresh, got); diff != "" {
			t.Errorf("%s: Append is not Open (-Open +Append):\n%s", text, diff)
		}
		if (err == nil) != (freshErr == nil) || err != nil && err.Error() != freshErr.Error() {
			t.Errorf("%s: Append: %v, Open: %v", text, err, freshErr)
		}
		if err == nil {
			want += text
		}
		if string(out) != want {
			t.Fatalf("%s: dst = %q, want %q", text, out, want)
		}
		dst = out
	}
}

func TestOpenerRefuses(t *testing.T) {
	t.Parallel()
	if err := new(opendata.Opener).SetKey([]byte("x")); err == nil {
		t.Error("a malformed key was taken")
	}
	o := opener(t, wechat.NewSessionKey(testKey))
	v := loadVector(t, "official-demo-userinfo")
	for name, e := range map[string]opendata.Envelope{
		"no iv":   {EncryptedData: v.EncryptedData},
		"no data": {IV: v.IV},
		"cut":     {IV: v.IV, EncryptedData: v.EncryptedData[:256]},
	} {
		dst := []byte("kept")
		if out, p, err := o.Append(dst, []byte(e.IV), []byte(e.EncryptedData)); err == nil || string(out) != "kept" || p.Plain != nil {
			t.Errorf("%s: Append = %q, %+v, %v", name, out, p, err)
		}
	}
}

// TestAllocations is not parallel: it counts the allocations of the whole process.
func TestAllocations(t *testing.T) {
	v := loadVector(t, "official-demo-userinfo")
	key, e := v.key(), v.envelope()
	policy := opendata.Policy{AppID: v.AppID, Now: madeAt}
	o := opener(t, key)
	iv, data := []byte(e.IV), []byte(e.EncryptedData)
	var buf []byte
	var failed error
	open := func() {
		p, err := opendata.Open(key, e)
		_, checkErr := policy.Check(p, e, key)
		failed = errors.Join(failed, err, checkErr)
	}
	reuse := func() {
		out, p, err := o.Append(buf[:0], iv, data)
		_, checkErr := policy.Check(p, e, key)
		failed = errors.Join(failed, err, checkErr)
		buf = out
	}
	if got := testing.AllocsPerRun(100, open); got > 3 {
		t.Errorf("Open and Check allocate %v times, more than 3 (plain text, key schedule, appid)", got)
	}
	if got := testing.AllocsPerRun(100, reuse); got > 0 { // the first, uncounted run grows the buffer
		t.Errorf("Append and Check allocate %v times", got)
	}
	if failed != nil {
		t.Error(failed)
	}
}
