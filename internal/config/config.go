// Package config finds out what the tool was told: by flags, variables, the project's file, the user's file and its
// profiles, in this order of strength, and remembers for each value where it came from. It edits the user's file without
// disturbing what stands around a value.
//
// It refuses unknown keys, a project file that reaches for more than its project, and a literal secret in a file that others
// can read. The AppSecret is looked for only when a command needs it ([Config.Secret]).
package config

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/viper"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Options says where to look. Nothing else of the process is read.
type Options struct {
	Env        func(string) (string, bool) // looks up a variable
	GOOS       string                      // runtime.GOOS
	Home       string                      // home directory; "" takes HOME or USERPROFILE
	Dir        string                      // directory of the project, "" for the current one
	Flags      map[string]string           // values of the flags the user set, by name of the key
	File       string                      // --config
	SecretFile string                      // --secret-file; "-" is standard input
}

func (o Options) env(name string) string {
	if o.Env == nil {
		return ""
	}
	value, _ := o.Env(name)
	return value
}

// Config is what the tool was told. Secrets are not in it: [Config.Secret] and [Config.IntrospectionSecret] fetch them.
type Config struct {
	AppID      wechat.AppID // any text; [Config.NeedAppID] wants one, [wechat.AppID.Check] its shape
	APIBase    string       // scheme://host[:port], no slash at the end
	Profile    string       // "" for none
	Lang       string       // "zh", "en" or ""
	Output     string       // "text", "json", "ndjson"
	Timeout    time.Duration
	TokenTTL   time.Duration
	SessionTTL time.Duration
	Policy     login.Policy // of tokens
	Store      string       // "memory", "sqlite:PATH", "redis://HOST", "rediss://HOST"; "" for sqlite in the state directory
	Addr       string
	Serving    Serving
	Mock       Mock
	Paths      Paths

	StorePassword redact.Secret // WXLOGIN_STORE_PASSWORD

	options  Options
	origins  map[string]Origin
	values   map[string]string
	setEmpty []string // "env:NAME" or "file:PATH key": present without a value
	user     *document
}

// Mock is what the mock commands are told.
type Mock struct {
	URL  string // the running simulation
	User string // whom the phone belongs to
}

// Load reads everything but the secrets. Errors are an [*Error].
func Load(o Options) (*Config, error) {
	c := &Config{options: o, Paths: FindPaths(o), origins: map[string]Origin{}, values: map[string]string{}}
	project, err := c.readFiles()
	if err != nil {
		return nil, err
	}
	layers, err := c.layers(project)
	if err != nil {
		return nil, err
	}
	v := viper.New() // never the global one
	for _, k := range Keys() {
		v.SetDefault(k.Name, k.Default)
		if k.Default != "" {
			c.origins[k.Name] = Origin{Source: SourceDefault}
		}
	}
	for _, l := range layers {
		for name, value := range l.values {
			v.Set(name, value)
			c.origins[name] = l.origin(name)
		}
	}
	c.fill(v)
	return c, nil
}

// readFiles reads the user's file into c and returns the project's. A file that was not named may be missing.
func (c *Config) readFiles() (project *document, err error) {
	c.user, project = &document{}, &document{}
	if path := c.Paths.ConfigFile; path != "" {
		doc, err := readDocument(path, false)
		switch {
		case err == nil:
			c.user = doc
		case c.Paths.Named || !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	if path := c.Paths.ProjectFile; path != "" {
		doc, err := readDocument(path, true)
		switch {
		case err == nil:
			project = doc
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	c.noteEmpty(c.user)
	c.noteEmpty(project)
	return project, checkMode(c.user, c.options.GOOS)
}

func (c *Config) noteEmpty(doc *document) {
	for _, name := range doc.empty {
		c.setEmpty = append(c.setEmpty, "file:"+doc.path+" "+name)
	}
}

// checkMode refuses a file that others can read while it holds a secret, or change while it holds a command.
func checkMode(doc *document, goos string) error {
	if goos == "windows" || doc.mode.Perm()&0o077 == 0 {
		return nil
	}
	for name, value := range doc.values {
		if key, _, err := resolve(name); err != nil || !key.Secret {
			continue
		}
		e := &Error{File: doc.path, Line: doc.lines[name], Key: name, Fixes: []lang.Message{textFixMode.With(doc.path)}}
		switch parseReference(value).kind {
		case refLiteral:
			if doc.mode.Perm()&0o066 != 0 {
				e.Reason = textOpenFile.With(doc.mode.Perm())
				e.Fixes = append(e.Fixes, textFixReference.With())
				return e
			}
		case refCommand:
			if doc.mode.Perm()&0o022 != 0 {
				e.Reason = textWritableFile.With(doc.mode.Perm())
				return e
			}
		}
	}
	return nil
}

// layer is what one source says.
type layer struct {
	values map[string]string
	origin func(key string) Origin
}

// layers returns what the sources say, weakest first. A profile stands above the project's file if the user chose it by flag or
// variable, and below if a file did: the project may choose a profile and still name its own appid.
func (c *Config) layers(project *document) ([]layer, error) {
	user := layer{plain(c.user), constant(Origin{SourceUserFile, c.user.path})}
	proj := layer{plain(project), constant(Origin{SourceProjectFile, project.path})}
	env, err := c.envLayer()
	if err != nil {
		return nil, err
	}
	flags, err := c.flagLayer()
	if err != nil {
		return nil, err
	}
	name, origin := chosen(user, proj, env, flags)
	profile, err := c.profileLayer(name, origin)
	if err != nil {
		return nil, err
	}
	c.Profile = name
	if origin.Source >= SourceEnv {
		return []layer{user, proj, profile, env, flags}, nil
	}
	return []layer{user, profile, proj, env, flags}, nil
}

// plain returns a file's values outside its profiles.
func plain(doc *document) map[string]string {
	values := map[string]string{}
	for name, value := range doc.values {
		if !strings.HasPrefix(name, profilePrefix) {
			values[name] = value
		}
	}
	return values
}

func constant(o Origin) func(string) Origin { return func(string) Origin { return o } }

// chosen returns the profile that the strongest of the layers names.
func chosen(layers ...layer) (string, Origin) {
	for _, l := range slices.Backward(layers) {
		if name := l.values["profile"]; name != "" {
			return name, l.origin("profile")
		}
	}
	return "", Origin{}
}

func (c *Config) envLayer() (layer, error) {
	values := map[string]string{}
	for _, k := range Keys() {
		value, set := "", false
		if c.options.Env != nil {
			value, set = c.options.Env(k.Env)
		}
		switch reason := k.kind.check(value); {
		case !set:
		case value == "":
			c.setEmpty = append(c.setEmpty, "env:"+k.Env)
		case !reason.IsZero():
			return layer{}, &Error{Key: k.Name, Origin: Origin{SourceEnv, k.Env}, Reason: reason}
		default:
			values[k.Name] = value
		}
	}
	c.StorePassword = redact.NewSecret(c.options.env("WXLOGIN_STORE_PASSWORD"))
	return layer{values, func(key string) Origin { k, _ := lookup(key); return Origin{SourceEnv, k.Env} }}, nil
}

func (c *Config) flagLayer() (layer, error) {
	values := map[string]string{}
	for name, value := range c.options.Flags {
		k, ok := lookup(name)
		if !ok || k.Flag == "" {
			panic("config: internal error: no flag sets the key " + name)
		}
		if reason := k.kind.check(value); !reason.IsZero() {
			return layer{}, &Error{Key: name, Origin: Origin{SourceFlag, k.Flag}, Reason: reason}
		}
		if value != "" {
			values[name] = value
		}
	}
	return layer{values, func(key string) Origin { k, _ := lookup(key); return Origin{SourceFlag, k.Flag} }}, nil
}

// profileLayer returns the values of the profile name, which origin chose. A profile with an appid of its own and no secret
// hides the secret beside the profiles: it belongs to another appid.
func (c *Config) profileLayer(name string, origin Origin) (layer, error) {
	l := layer{map[string]string{}, constant(Origin{SourceProfile, name})}
	if name == "" {
		return l, nil
	}
	if !slices.Contains(c.user.profiles, name) {
		return layer{}, c.noProfile(name, origin)
	}
	for _, k := range Keys() {
		if value, ok := c.user.values[profilePrefix+name+"."+k.Name]; ok {
			l.values[k.Name] = value
		}
	}
	if _, own := l.values["appid"]; own && l.values["secret"] == "" {
		l.values["secret"] = ""
	}
	return l, nil
}

func (c *Config) noProfile(name string, origin Origin) *Error {
	e := &Error{Key: "profile", Origin: origin, Reason: textNoProfile.With(name)}
	if origin.Source == SourceUserFile || origin.Source == SourceProjectFile {
		e.File = origin.Name
	}
	if near := nearest(name, c.user.profiles); near != "" {
		e.Reason = textNoProfileNear.With(name, near)
	}
	if len(c.user.profiles) > 0 {
		e.Fixes = append(e.Fixes, textFixProfiles.With(strings.Join(c.user.profiles, ", ")))
	}
	e.Fixes = append(e.Fixes, textFixProfileMake.With(name))
	return e
}

// fill moves the values into their types. Each was checked where it came in, so that no conversion fails here.
func (c *Config) fill(v *viper.Viper) {
	for _, k := range Keys() {
		c.values[k.Name] = v.GetString(k.Name)
	}
	c.AppID = wechat.AppID(v.GetString("appid"))
	c.APIBase = strings.TrimRight(v.GetString("api_base"), "/")
	c.Lang, c.Output = v.GetString("lang"), v.GetString("output")
	c.Timeout, c.TokenTTL, c.SessionTTL = v.GetDuration("timeout"), v.GetDuration("token_ttl"), v.GetDuration("session_ttl")
	c.Policy = login.Policy(v.GetString("token_policy"))
	c.Store, c.Addr = v.GetString("store"), v.GetString("addr")
	c.Serving = serving(v)
	c.Mock = Mock{URL: strings.TrimRight(v.GetString("mock.url"), "/"), User: v.GetString("mock.user")}
}

// Origin returns where the value of a key came from.
func (c *Config) Origin(key string) Origin {
	if key == "secret" {
		return c.secretOrigin()
	}
	return c.origins[key]
}

// Profiles returns the names of the profiles in the user's file, in its order.
func (c *Config) Profiles() []string { return slices.Clone(c.user.profiles) }

// NeedAppID returns the appid, or an [*Error] around [ErrNoAppID].
func (c *Config) NeedAppID() (wechat.AppID, error) {
	if c.AppID != "" {
		return c.AppID, nil
	}
	e := &Error{Reason: textNoAppID.With(), Err: ErrNoAppID, Fixes: []lang.Message{textFixAppID.With(), textFixInit.With()}}
	if slices.Contains(c.setEmpty, "env:WXLOGIN_APPID") {
		e.Reason = textNoAppIDEmpty.With("WXLOGIN_APPID")
	}
	return "", e
}
