package config

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxSecret bounds what is read as a secret: an AppSecret has 32 bytes, a file of 4 KiB is something else.
const maxSecret = 4 << 10

// SecretSources reach outside the process for a secret. What is nil is not asked.
type SecretSources struct {
	Stdin   func() (io.Reader, error)                        // for "--secret-file -"
	Keyring Keyring                                          // [SystemKeyring]
	Prompt  func(ctx context.Context) (redact.Secret, error) // the last resort
	Stderr  io.Writer                                        // what cmd: says while it asks its own questions
}

// Secret fetches the AppSecret: --secret-file, WXLOGIN_SECRET_FILE, WXLOGIN_SECRET, the key secret of the profile, the profile's
// entry in the keyring, the prompt. A source that is named and fails is an [*Error]; the next one is not tried, because its
// secret would be another one. If none is there, the error wraps [ErrNoSecret] and says where it looked.
func (c *Config) Secret(ctx context.Context, s SecretSources) (wechat.AppSecret, error) {
	secret, err := c.appSecret(ctx, s)
	return wechat.AppSecret{Secret: secret}, err
}

func (c *Config) appSecret(ctx context.Context, s SecretSources) (redact.Secret, error) {
	if path := c.options.SecretFile; path != "" {
		return c.secretFromFile(path, Origin{SourceFlag, "--secret-file"}, s)
	}
	if path := c.options.env("WXLOGIN_SECRET_FILE"); path != "" {
		return c.secretFromFile(path, Origin{SourceEnv, "WXLOGIN_SECRET_FILE"}, s)
	}
	if c.values["secret"] != "" {
		return c.fetch(ctx, "secret", s)
	}
	looked := c.lookedAt()
	if s.Keyring != nil {
		secret, err := s.Keyring.Get(ctx, c.account())
		switch {
		case err == nil && !secret.IsZero():
			return secret, nil
		case err == nil, errors.Is(err, ErrNoEntry):
			looked = append(looked, textLookedKeyring.With(c.account()))
		default:
			looked = append(looked, keyringReason(err))
		}
	}
	if s.Prompt != nil {
		secret, err := s.Prompt(ctx)
		if err != nil || !secret.IsZero() {
			return secret, err
		}
	}
	return redact.Secret{}, c.noSecret(looked)
}

// account is the name of the profile's entry in the keyring.
func (c *Config) account() string { return keyringAccount(c.Profile) }

// keyringAccount is the entry of a profile; the values outside the profiles have one of their own.
func keyringAccount(profile string) string {
	if profile == "" {
		return "default"
	}
	return profile
}

// lookedAt lists the places that had no secret before the keyring.
func (c *Config) lookedAt() []lang.Message {
	var looked []lang.Message
	for _, name := range []string{"WXLOGIN_SECRET_FILE", "WXLOGIN_SECRET"} {
		if _, set := c.options.lookupEnv(name); set {
			looked = append(looked, textLookedEmpty.With(name))
		} else {
			looked = append(looked, textLookedUnset.With(name))
		}
	}
	switch {
	case c.Profile != "":
		looked = append(looked, textLookedProfile.With(c.Profile))
	case c.user.path != "":
		looked = append(looked, textLookedFile.With(c.user.path))
	}
	return looked
}

func (o Options) lookupEnv(name string) (string, bool) {
	if o.Env == nil {
		return "", false
	}
	return o.Env(name)
}

func (c *Config) noSecret(looked []lang.Message) *Error {
	list := looked[0]
	for _, m := range looked[1:] {
		list = textAnd.With(list, m)
	}
	return &Error{Reason: textNoSecret.With(list), Err: ErrNoSecret, Fixes: []lang.Message{textFixSecret.With(), textFixInit.With()}}
}

// IntrospectionSecret fetches the credential of the developer's other back ends. The empty secret means that there is none.
func (c *Config) IntrospectionSecret(ctx context.Context, s SecretSources) (redact.Secret, error) {
	if c.values["introspection_secret"] == "" {
		return redact.Secret{}, nil
	}
	return c.fetch(ctx, "introspection_secret", s)
}

// fetch follows the reference that a key holds.
func (c *Config) fetch(ctx context.Context, key string, s SecretSources) (redact.Secret, error) {
	origin := c.origins[key]
	ref := parseReference(c.values[key])
	if origin.Source == SourceEnv { // a variable holds the secret itself
		ref = reference{refLiteral, c.values[key]}
	}
	secret, err := c.follow(ctx, ref, key, origin, s)
	if e, ok := errors.AsType[*Error](err); ok && e.Key == "" && e.File == "" {
		e.Key = key
		if origin.Source == SourceUserFile || origin.Source == SourceProfile {
			e.File, e.Line = c.place(key, origin)
		}
	}
	return secret, err
}

// place returns the file and line of a key of the user's file or of a profile in it.
func (c *Config) place(key string, origin Origin) (string, int) {
	if origin.Source == SourceProfile {
		key = profilePrefix + origin.Name + "." + key
	}
	return c.user.path, c.user.lines[key]
}

func (c *Config) follow(ctx context.Context, ref reference, key string, origin Origin, s SecretSources) (redact.Secret, error) {
	switch ref.kind {
	case refEnv:
		value, set := c.options.lookupEnv(ref.arg)
		switch secret := trimmed(value); {
		case !set:
			return redact.Secret{}, &Error{Reason: textRefUnset.With(ref.arg), Err: ErrNoSecret}
		case secret.IsZero():
			return redact.Secret{}, &Error{Reason: textRefEmpty.With(ref.arg), Err: ErrNoSecret}
		default:
			return secret, nil
		}
	case refFile:
		return c.secretFromFile(c.expand(ref.arg), Origin{}, s)
	case refCommand:
		return runCommand(ctx, ref.arg, c.options.GOOS, s.Stderr)
	case refKeyring:
		return c.fromKeyring(ctx, key, origin, s)
	}
	return trimmed(ref.arg), nil
}

func (c *Config) fromKeyring(ctx context.Context, key string, origin Origin, s SecretSources) (redact.Secret, error) {
	account := "default"
	if origin.Source == SourceProfile {
		account = origin.Name
	}
	if key != "secret" {
		account += "/" + key
	}
	if s.Keyring == nil {
		return redact.Secret{}, &Error{Reason: textKeyringOff.With()}
	}
	secret, err := s.Keyring.Get(ctx, account)
	switch {
	case errors.Is(err, ErrNoEntry), err == nil && secret.IsZero():
		return redact.Secret{}, &Error{Reason: textLookedKeyring.With(account), Err: ErrNoSecret, Fixes: []lang.Message{textFixKeyringSet.With()}}
	case err != nil:
		return redact.Secret{}, &Error{Reason: keyringReason(err), Err: err, Fixes: []lang.Message{textFixSecret.With()}}
	}
	return secret, nil
}

// expand makes the path of file:PATH absolute: ~/ is the home directory, anything else stands beside the user's file.
func (c *Config) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && c.options.home() != "" {
		return filepath.Join(c.options.home(), rest)
	}
	if filepath.IsAbs(path) || c.user.path == "" {
		return path
	}
	return filepath.Join(filepath.Dir(c.user.path), path)
}

func (c *Config) secretFromFile(path string, named Origin, s SecretSources) (redact.Secret, error) {
	data, err := readSecret(path, s)
	if err != nil {
		e := fileError(path, err)
		e.Origin = named
		return redact.Secret{}, e
	}
	secret := trimmed(string(data))
	switch {
	case len(data) > maxSecret:
		return redact.Secret{}, &Error{File: path, Reason: textSecretTooLarge.With(maxSecret)}
	case secret.IsZero():
		return redact.Secret{}, &Error{File: path, Reason: textSecretFileEmpty.With(), Err: ErrNoSecret}
	case strings.ContainsAny(secret.Reveal(), "\r\n"):
		return redact.Secret{}, &Error{File: path, Reason: textSecretLines.With()}
	}
	return secret, nil
}

func readSecret(path string, s SecretSources) ([]byte, error) {
	if path == "-" && s.Stdin != nil {
		in, err := s.Stdin()
		if err != nil {
			return nil, err
		}
		return io.ReadAll(io.LimitReader(in, maxSecret+1))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSecret+1))
}

// trimmed drops what editors, echo and PowerShell add: a byte order mark and line ends. Blanks stay, for validate to name.
func trimmed(text string) redact.Secret {
	return redact.NewSecret(strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), "\r\n"))
}

// secretOrigin says where [Config.Secret] would find the AppSecret, without fetching it.
func (c *Config) secretOrigin() Origin {
	switch {
	case c.options.SecretFile != "":
		return Origin{SourceFlag, "--secret-file"}
	case c.options.env("WXLOGIN_SECRET_FILE") != "":
		return Origin{SourceEnv, "WXLOGIN_SECRET_FILE"}
	case c.values["secret"] != "":
		return c.origins["secret"]
	}
	return Origin{}
}

// A SecretPlace is where a shell finds the AppSecret: one of these, or none of them.
type SecretPlace struct{ File, Env, Command string }

// SecretPlace returns where the AppSecret is, without fetching it. A keyring, a prompt and a literal in a file are no places for a
// shell.
func (c *Config) SecretPlace() SecretPlace {
	switch origin := c.secretOrigin(); {
	case origin.Name == "--secret-file" && c.options.SecretFile != "-":
		return SecretPlace{File: c.options.SecretFile}
	case origin.Name == "WXLOGIN_SECRET_FILE":
		return SecretPlace{File: c.options.env("WXLOGIN_SECRET_FILE")}
	case origin.Source == SourceEnv:
		return SecretPlace{Env: origin.Name}
	case origin.Source == SourceUserFile, origin.Source == SourceProfile:
		switch ref := parseReference(c.values["secret"]); ref.kind {
		case refEnv:
			return SecretPlace{Env: ref.arg}
		case refFile:
			return SecretPlace{File: c.expand(ref.arg)}
		case refCommand:
			return SecretPlace{Command: ref.arg}
		case refLiteral, refKeyring:
		}
	}
	return SecretPlace{}
}

// SecretFiles returns the files that a secret is read from: those that are named, and the user's file where one stands in it.
func (c *Config) SecretFiles() []string {
	var files []string
	add := func(path string) {
		if path != "" && path != "-" && !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	add(c.options.SecretFile)
	add(c.options.env("WXLOGIN_SECRET_FILE"))
	for _, name := range slices.Sorted(maps.Keys(c.user.values)) {
		key, _, err := resolve(name)
		if err != nil || !key.Secret {
			continue
		}
		switch ref := parseReference(c.user.values[name]); ref.kind {
		case refLiteral:
			add(c.user.path)
		case refFile:
			add(c.expand(ref.arg))
		case refEnv, refKeyring, refCommand:
		}
	}
	return files
}

// NeedsKeyring reports whether the AppSecret in use is to be found in the keyring: it is named, or nothing else is.
func (c *Config) NeedsKeyring() bool {
	origin := c.secretOrigin()
	return (origin.Source == SourceUserFile || origin.Source == SourceProfile) && parseReference(c.values["secret"]).kind == refKeyring
}

// HasSecret reports whether an AppSecret is named by a flag, a variable or a file, without fetching it. The keyring, which holds
// one without being named, is not asked.
func (c *Config) HasSecret() bool { return c.secretOrigin().Source != SourceNone }

// SetButEmpty returns what is present without a value, such as "env:WXLOGIN_SECRET": in CI, a secret that a fork does not get.
func (c *Config) SetButEmpty() []string { return slices.Clone(c.setEmpty) }
