package wxapi

import "testing"

func TestMask(t *testing.T) {
	t.Parallel()
	m := newMask("0123456789abcdef0f1e2d3c4b5a6978", "a+b/c=d&e", "short", "the code is a mock one")
	tests := []struct{ name, in, want string }{
		{"nothing", "invalid code, rid: 6380622c-50076416-224b40b0", "invalid code, rid: 6380622c-50076416-224b40b0"},
		{"whole", "secret=0123456789abcdef0f1e2d3c4b5a6978&x", "secret=[redacted]&x"},
		{"twice", "0123456789abcdef0f1e2d3c4b5a6978,0123456789abcdef0f1e2d3c4b5a6978", "[redacted],[redacted]"},
		{"cut off", "secret=0123456789abcdef0f1", "secret=[redacted]"},
		{"without its start", "…456789abcdef0f1e2d3c4b5a6978.", "…[redacted]."},
		{"broken into lines", "0123456789\nabcdef0f1e\n2d3c4b5a6978", "[redacted]\n[redacted]\n[redacted]"},
		{"capitals", "SECRET=0123456789ABCDEF0F1E2D3C4B5A6978", "SECRET=[redacted]"},
		{"8 characters", "<89abcdef>", "<[redacted]>"},
		{"7 characters", "<9abcdef>", "<9abcdef>"},
		{"as it is", "js_code=a+b/c=d&e;", "js_code=[redacted];"},
		{"in a query", "js_code=a%2Bb%2Fc%3Dd%26e;", "js_code=[redacted];"},
		{"in a query, lower case", "js_code=a%2bb%2fc%3dd%26e;", "js_code=[redacted];"},
		{"too short to mask", "short", "short"},
		{"words", "the code is a mock one", "[redacted]"},
		{"some of the words", "the code is invalid", "the code is invalid"},
		{"letters that change their length in lower case", "İİİ 0123456789", "İİİ [redacted]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := m.text(tt.in); got != tt.want {
				t.Errorf("%q becomes %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	if !m.shows([]byte(`{"openid":"0123456789abcdef0f1e2d3c4b5a6978"}`)) || m.shows([]byte(`{"openid":"0123456789abcdef"}`)) {
		t.Error("shows finds whole secrets, and nothing else")
	}
}
