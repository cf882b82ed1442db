package config

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	LevelOK   Level = "ok"
	LevelWarn Level = "warn"
	LevelFail Level = "fail"
	LevelSkip Level = "skip" // of wxlogin doctor, whose checks may be impossible
)

// Finding is one line of the answer of [Config.Validate]. Fix is zero where nothing needs one.
type Finding struct {
	Level   Level
	Key     string
	Message lang.Message
	Fix     lang.Message
}

// Validate looks at what [Load] let pass: the shapes of appid and secret in every profile, where they come from, and who can read
// them. It fetches the AppSecret from sources and compares it with the profiles' own that it can read without asking anybody.
func (c *Config) Validate(ctx context.Context, sources SecretSources) []Finding {
	var found []Finding
	found = append(found, c.validateAppID()...)
	found = append(found, c.validateSecret(ctx, sources)...)
	found = append(found, c.validateProfiles(ctx)...)
	found = append(found, c.validateBase())
	found = append(found, c.validateFile()...)
	found = append(found, c.validateState()...)
	for _, name := range c.setEmpty {
		found = append(found, Finding{LevelWarn, "", textSetEmpty.With(name), textFixSetEmpty.With()})
	}
	return found
}

func (c *Config) validateAppID() []Finding {
	if c.AppID == "" {
		return []Finding{{LevelFail, "appid", textNoAppID.With(), textFixAppID.With()}}
	}
	found := []Finding{appIDFinding("appid", string(c.AppID), c.origins["appid"])}
	own := c.user.values[profilePrefix+c.Profile+".appid"]
	if own != "" && own != string(c.AppID) {
		found = append(found, Finding{LevelWarn, "appid", textProfileHidden.With(c.Profile, wechat.Shown(own, maxShown), c.origins["appid"]), textFixProfileHidden.With()})
	}
	return found
}

func appIDFinding(key, appid string, origin Origin) Finding {
	if reason := checkAppID(appid); !reason.IsZero() {
		return Finding{LevelFail, key, reason, textFixAppIDShape.With()}
	}
	return Finding{Level: LevelOK, Key: key, Message: textAppIDOK.With(appid, origin)}
}

func (c *Config) validateSecret(ctx context.Context, sources SecretSources) []Finding {
	secret, err := c.Secret(ctx, sources)
	if err != nil {
		f := Finding{Level: LevelFail, Key: "secret", Message: textPlain.With(err), Fix: textFixSecret.With()}
		if e, ok := errors.AsType[*Error](err); ok {
			f.Message = e.Message()
		}
		return []Finding{f}
	}
	from := c.secretOrigin()
	if from.Source == SourceNone {
		from = Origin{SourceKeyring, c.account()}
	}
	found := []Finding{secretFinding("secret", secret, from)}
	for _, name := range c.user.profiles {
		if name != c.Profile && c.local(ctx, name).Equal(secret.Secret) && c.user.values[profilePrefix+name+".appid"] != string(c.AppID) {
			found = append(found, Finding{LevelWarn, "secret", textSecretShared.With(name), textFixSecretShared.With()})
		}
	}
	return found
}

// secretFinding never holds the secret, only its length.
func secretFinding(key string, secret wechat.AppSecret, origin Origin) Finding {
	text := secret.Reveal()
	bad := func(m lang.Message) Finding { return Finding{LevelFail, key, m, textFixSecretShape.With()} }
	switch {
	case secret.Check() == nil:
		return Finding{Level: LevelOK, Key: key, Message: textSecretOK.With(origin)}
	case strings.Contains(text, "*"):
		return bad(textSecretMasked.With())
	case strings.TrimSpace(text) != text:
		return Finding{LevelFail, key, textSecretBlank.With(), textFixSecretBlank.With()}
	case wechat.AppID(text).Check() == nil:
		return bad(textSecretIsAppID.With())
	case wechat.NewAppSecret(strings.ToLower(text)).Check() == nil:
		return bad(textSecretCase.With())
	case len(text) != 32:
		return bad(textSecretLength.With(len(text)))
	}
	return bad(textSecretShape.With())
}

// validateProfiles looks at the profiles that are not in use.
func (c *Config) validateProfiles(ctx context.Context) []Finding {
	var found []Finding
	for _, name := range c.user.profiles {
		if name == c.Profile {
			continue
		}
		prefix := profilePrefix + name + "."
		origin := Origin{SourceUserFile, c.user.path}
		if appid := c.user.values[prefix+"appid"]; appid != "" {
			found = append(found, appIDFinding(prefix+"appid", appid, origin))
		}
		if secret := c.local(ctx, name); !secret.IsZero() {
			found = append(found, secretFinding(prefix+"secret", wechat.AppSecret{Secret: secret}, origin))
		}
	}
	return found
}

// local returns the secret of a profile if neither a command nor a keyring has to be asked for it.
func (c *Config) local(ctx context.Context, profile string) redact.Secret {
	ref := parseReference(c.user.values[profilePrefix+profile+".secret"])
	if !slices.Contains([]refKind{refLiteral, refEnv, refFile}, ref.kind) {
		return redact.Secret{}
	}
	secret, err := c.follow(ctx, ref, "secret", Origin{SourceProfile, profile}, SecretSources{})
	if err != nil {
		return redact.Secret{}
	}
	return secret
}

func (c *Config) validateBase() Finding {
	if c.APIBase == wechat.APIBase {
		return Finding{Level: LevelOK, Key: "api_base", Message: textBaseOK.With(c.APIBase)}
	}
	return Finding{Level: LevelWarn, Key: "api_base", Message: textBaseOther.With(c.APIBase, c.origins["api_base"])}
}

// validateFile looks at who can read the user's file and the files that hold secrets.
func (c *Config) validateFile() []Finding {
	var found []Finding
	if c.user.path != "" {
		found = append(found, c.modeFinding("", c.user.path, c.user.mode))
	}
	if path := c.options.env("WXLOGIN_SECRET_FILE"); path != "" && path != "-" {
		found = append(found, c.secretFileFinding("secret", path)...)
	}
	for _, name := range slices.Sorted(maps.Keys(c.user.values)) {
		key, _, err := resolve(name)
		if err != nil || !key.Secret {
			continue
		}
		switch ref := parseReference(c.user.values[name]); ref.kind {
		case refLiteral:
			found = append(found, Finding{LevelWarn, name, textLiteralInFile.With(c.user.path), textFixReference.With()})
		case refFile:
			found = append(found, c.secretFileFinding(name, c.expand(ref.arg))...)
		}
	}
	return found
}

func (c *Config) secretFileFinding(key, path string) []Finding {
	stat, err := os.Stat(path)
	if err != nil {
		return nil // fetching the secret says so
	}
	return []Finding{c.modeFinding(key, path, stat.Mode())}
}

func (c *Config) modeFinding(key, path string, mode fs.FileMode) Finding {
	if c.options.GOOS != "windows" && mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return Finding{LevelWarn, key, textModeOpen.With(path, mode.Perm()), textFixMode.With(path)}
	}
	return Finding{Level: LevelOK, Key: key, Message: textModeOK.With(path)}
}
