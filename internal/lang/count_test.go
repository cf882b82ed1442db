package lang_test

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestCount holds the English of counts against what a reader expects. Chinese has no plural.
func TestCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		en   string
		args []any
		want string
	}{
		{"it has %d characters", []any{1}, "it has 1 character"},
		{"it has %d characters", []any{int64(1)}, "it has 1 character"},
		{"it has %d characters", []any{0}, "it has 0 characters"},
		{"it has %d characters", []any{21}, "it has 21 characters"},
		{"%s: %d characters, %d bytes", []any{"1 characters", 1, 2}, "1 characters: 1 character, 2 bytes"},
		{"%d bytes are not whole blocks of 16: %d are left over", []any{1, 1}, "1 byte is not whole blocks of 16: 1 is left over"},
		{"%d characters that are not what belongs there", []any{1}, "1 character that is not what belongs there"},
		{"%d characters that belong into no base64", []any{1}, "1 character that belongs into no base64"},
		{"%d other keys tried", []any{1}, "1 other key tried"},
		{"%d backslashes of JSON", []any{1}, "1 backslash of JSON"},
		{"%d of them were damaged", []any{1}, "1 of them was damaged"},
		{"%d older records were dropped", []any{1}, "1 older record was dropped"},
		{"%d of %d lines failed (%s)", []any{1, 3, "33.3%"}, "1 of 3 lines failed (33.3%)"},
		{"%d of %d lines failed (%s)", []any{1, 1, "100.0%"}, "1 of 1 line failed (100.0%)"},
		{"%d%% of %d lines", []any{1, 1}, "1% of 1 line"},
		{"block %d of these blocks", []any{1}, "block 1 of these blocks"},
		{"this address may log in %d times %s", []any{1, "an hour"}, "this address may log in 1 time an hour"},
		{"line %d of the lines that are blank", []any{1}, "line 1 of the lines that are blank"},
		{"errcode %d", []any{1}, "errcode 1"},
		{"%d characters", []any{"1"}, "%!d(string=1) characters"},
		{"%s users", []any{"1"}, "1 users"}, // a text is not looked into
		{"ends in %", []any{1}, "ends in %!(NOVERB)%!(EXTRA int=1)"},
	} {
		if got := lang.Count(tt.en, tt.args...); got != tt.want {
			t.Errorf("%q %v: %q, want %q", tt.en, tt.args, got, tt.want)
		}
		m := lang.T{En: tt.en, Zh: tt.en}.With(tt.args...)
		if got := m.In(lang.English); got != tt.want {
			t.Errorf("message %q %v: %q, want %q", tt.en, tt.args, got, tt.want)
		}
	}
	if got := (lang.T{En: "%d lines", Zh: "%d lines"}).With(1).In(lang.Chinese); got != "1 lines" {
		t.Errorf("Chinese: %q", got)
	}
}
