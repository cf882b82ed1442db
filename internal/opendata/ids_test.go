package opendata_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/opendata"
)

const (
	userID  = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
	unionID = "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
)

func TestWithoutIDs(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"first and last", `{"openId":"x","city":"广州","unionId":"y"}`, `{"city":"广州"}`},
		{"in the middle", `{"a":1,"openId":"x","b":2}`, `{"a":1,"b":2}`},
		{"nothing else", `{"openId":"x","unionId":null}`, `{}`},
		{"nothing to remove", ` { "a" : [ 1 , { } ] , "b" : { "c" : "\u4e2d" } } `, ` { "a" : [ 1 , { } ] , "b" : { "c" : "\u4e2d" } } `},
		{"empty", "{ }", "{ }"},
		{"with white space", `{ "openId" : "x" , "a" : 1 , "unionId" : "y" }`, `{ "a" : 1 }`},
		{"escaped name", `{"\u006fpenId":"x","a":1}`, `{"a":1}`},
		{"other case", `{"OPENID":1,"openid":2,"unionid":3,"UnionID":4,"open_id":5,"Union_Id":6,"a":7}`, `{"a":7}`},
		{"nested", `{"a":[{"openId":"x","b":[{"unionId":{"c":1}}]}]}`, `{"a":[{"b":[{}]}]}`},
		{"value of any type", `{"openId":{"a":["x"]},"b":1,"unionId":[1,2]}`, `{"b":1}`},
		{"groups stay", `{"openGId":"t1","opengid":"t2","group_openid":"t3"}`, `{"openGId":"t1","opengid":"t2","group_openid":"t3"}`},
		{"the id under another name", `{"user":"` + userID + `","a":1}`, `{"a":1}`},
		{"the id inside a value", `{"a":1,"url":"https://x/?u=` + userID + `&v"}`, `{"a":1}`},
		{"the id escaped", `{"a":1,"user":"\u006f` + userID[1:] + `"}`, `{"a":1}`},
		{"the id as a name", `{"` + userID + `":1,"a":1}`, `{"a":1}`},
		{"the other id", `{"a":{"u":"` + unionID + `"}}`, `{"a":{}}`},
		{"array", `[{"openId":"x"},"a"]`, `[{},"a"]`},
		{"text", `1_a\b<活>`, `"1_a\\b<活>"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := opendata.Open(loadVector(t, "official-demo-userinfo").key(), sealed(t, tt.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := opendata.WithoutIDs(p, userID, unionID, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("WithoutIDs (-want +got):\n%s", diff)
			}
			if !bytes.Equal(p.Plain, []byte(tt.in)) {
				t.Error("the payload was changed")
			}
		})
	}
}

func TestWithoutIDsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		p     opendata.Payload
		stuck bool
	}{
		{"in an array", opendata.Payload{Kind: opendata.KindUnknown, Plain: []byte(`{"a":["` + userID + `"]}`)}, true},
		{"in an array, escaped", opendata.Payload{Kind: opendata.KindUnknown, Plain: []byte(`["\u006f` + userID[1:] + `"]`)}, true},
		{"in a text", opendata.Payload{Kind: opendata.KindText, Plain: []byte("u-" + userID)}, true},
		{"in a text that says it is JSON", opendata.Payload{Kind: opendata.KindUserInfo, Plain: []byte("u-" + userID)}, true},
		{"not JSON", opendata.Payload{Kind: opendata.KindUserInfo, Plain: []byte(`{"openId":`)}, false},
		{"nothing", opendata.Payload{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := opendata.WithoutIDs(tt.p, userID)
			_, malformed := errors.AsType[*opendata.PlaintextError](err)
			if out != nil || errors.Is(err, opendata.ErrIdentity) != tt.stuck || malformed == tt.stuck {
				t.Errorf("WithoutIDs = %s, %v", out, err)
			}
		})
	}
}

// strip does what WithoutIDs does, on the tree that encoding/json makes of a text; false where an id is left.
func strip(v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		out, clean := map[string]any{}, true
		for name, inner := range v {
			text, _ := inner.(string)
			if slices.ContainsFunc([]string{"openid", "open_id", "unionid", "union_id"}, func(id string) bool { return strings.EqualFold(id, name) }) {
				continue
			}
			if strings.Contains(name, userID) || strings.Contains(text, userID) {
				continue
			}
			var ok bool
			out[name], ok = strip(inner)
			clean = clean && ok
		}
		return out, clean
	case []any:
		out, clean := []any{}, true
		for _, inner := range v {
			stripped, ok := strip(inner)
			out, clean = append(out, stripped), clean && ok
		}
		return out, clean
	case string:
		return v, !strings.Contains(v, userID)
	}
	return v, true
}

// readJSON reads a text with its numbers as they are written: one may be larger than any float64.
func readJSON(text []byte) (v any, err error) {
	if !json.Valid(text) {
		return nil, errors.New("not JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func FuzzWithoutIDs(f *testing.F) {
	for _, seed := range []string{
		`{"openId":"x","a":{"unionId":1}}`, ` { "a" : [ { "OPENID" : 1 } , 2 ] } `, `{"\u006fpenId":"\u006f` + userID[1:] + `"}`,
		`["` + userID + `"]`, `{"x":{"y":"` + userID + `"},"x":2}`, "text " + userID, `{"a":{"b":1,"b":{"openId":2}}}`,
		`{"openId":1,"a":1e999}`, `{"openİd":1,"open_ID":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		got, err := opendata.WithoutIDs(opendata.Payload{Plain: plain}, userID)
		if err != nil {
			return
		}
		after, err := readJSON(got)
		if err != nil {
			t.Fatalf("WithoutIDs(%q) = %q: %v", plain, got, err)
		}
		if bytes.Contains(got, []byte(userID)) {
			t.Errorf("WithoutIDs(%q) = %q", plain, got)
		}
		before, err := readJSON(plain)
		if err != nil || !strings.ContainsAny(strings.TrimSpace(string(plain))[:1], "{[") {
			return // a bare text
		}
		want, clean := strip(before)
		if duplicates(plain) {
			return // below the top, where encoding/json drops all but the last of them
		}
		if !clean {
			t.Errorf("WithoutIDs(%q) = %q leaves an id", plain, got)
		}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("WithoutIDs(%q) (-want +got):\n%s", plain, diff)
		}
	})
}

// duplicates reports whether any object in the text has a name twice, by the tokens of encoding/json.
func duplicates(text []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var walk func() bool
	walk = func() bool {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		delim, ok := token.(json.Delim)
		if !ok {
			return false
		}
		seen, found := map[string]bool{}, false
		for dec.More() {
			if delim == '{' {
				name, err := dec.Token()
				if err != nil {
					return found
				}
				key := fmt.Sprint(name)
				found = found || seen[key]
				seen[key] = true
			}
			found = walk() || found
		}
		_, _ = dec.Token()
		return found
	}
	return walk()
}
