package lang_test

import (
	"testing"

	"github.com/wxlogin/wxlogin/internal/lang"
)

func TestFromLocale(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]lang.Lang{
		"zh_CN.UTF-8": lang.Chinese, "zh": lang.Chinese, "ZH_tw": lang.Chinese,
		"": lang.English, "C": lang.English, "POSIX": lang.English, "en_US.UTF-8": lang.English, "\xff": lang.English,
	} {
		if got := lang.FromLocale(locale); got != want {
			t.Errorf("FromLocale(%q) = %v, want %v", locale, got, want)
		}
	}
}

func TestMessageRendersNestedTexts(t *testing.T) {
	t.Parallel()
	thing := lang.T{En: "key", Zh: "密钥"}
	message := lang.T{En: "the %s has %d bytes", Zh: "%s有 %d 字节"}.With(thing, 16)
	if got := message.In(lang.English); got != "the key has 16 bytes" {
		t.Errorf("English: %q", got)
	}
	if got := message.In(lang.Chinese); got != "密钥有 16 字节" {
		t.Errorf("Chinese: %q", got)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		if got, err := lang.Parse(l.String()); got != l || err != nil {
			t.Errorf("Parse(%q) = %v, %v", l, got, err)
		}
	}
	if _, err := lang.Parse("fr"); err == nil {
		t.Error("Parse(fr) succeeds")
	}
}
