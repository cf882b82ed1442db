package term

import "github.com/wxlogin/wxlogin/internal/lang"

// DetectLang chooses the language: flag (--lang), WXLOGIN_LANG, configured (the key lang), then the first of LC_ALL, LC_MESSAGES
// and LANG that is not empty. What programs read (jsonOrCI: --json, -q, or CI) is English unless the flag or the variable
// says otherwise. A name it does not know is passed over: a wrong locale stops nobody.
func DetectLang(flag string, env func(string) (string, bool), configured string, jsonOrCI bool) lang.Lang {
	fromEnv, _ := env("WXLOGIN_LANG")
	for _, name := range []string{flag, fromEnv} {
		if l, err := lang.Parse(name); err == nil {
			return l
		}
	}
	if jsonOrCI {
		return lang.English
	}
	if l, err := lang.Parse(configured); err == nil {
		return l
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale, _ := env(name); locale != "" {
			return lang.FromLocale(locale)
		}
	}
	return lang.English
}
