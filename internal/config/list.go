package config

import (
	"os"
	"strings"

	"github.com/wxlogin/wxlogin/internal/redact"
)

// Entry is a key with its value as it may be shown.
type Entry struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // a secret is "[redacted]", or where it is: "env:WX_SECRET (set)"
	Origin Origin `json:"origin"`
	Secret bool   `json:"-"`
}

// List returns all keys in the order of [Keys], then those of the profiles.
func (c *Config) List() []Entry {
	var list []Entry
	for _, k := range Keys() {
		list = append(list, c.entry(k))
	}
	for _, name := range c.user.profiles {
		for _, k := range Keys() {
			full := profilePrefix + name + "." + k.Name
			if value, ok := c.user.values[full]; ok {
				list = append(list, Entry{Key: full, Value: c.shown(k, value), Origin: Origin{SourceUserFile, c.user.path}, Secret: k.Secret})
			}
		}
	}
	return list
}

// Get returns the entry of a full name. An unknown name is an [*Error].
func (c *Config) Get(name string) (Entry, error) {
	key, profile, err := resolve(name)
	if err != nil {
		return Entry{}, err
	}
	if profile == "" {
		return c.entry(key), nil
	}
	e := Entry{Key: name, Secret: key.Secret}
	if value, ok := c.user.values[name]; ok {
		e.Value, e.Origin = c.shown(key, value), Origin{SourceUserFile, c.user.path}
	}
	return e, nil
}

func (c *Config) entry(k Key) Entry {
	e := Entry{Key: k.Name, Value: c.values[k.Name], Origin: c.Origin(k.Name), Secret: k.Secret}
	switch {
	case k.Name == "secret" && e.Origin.Name == "--secret-file":
		e.Value = "file:" + c.options.SecretFile
	case k.Name == "secret" && e.Origin.Name == "WXLOGIN_SECRET_FILE":
		e.Value = c.shown(k, "file:"+c.options.env("WXLOGIN_SECRET_FILE"))
	case k.Secret && e.Origin.Source == SourceEnv:
		e.Value = redact.Mask
	case k.Secret:
		e.Value = c.shown(k, e.Value)
	}
	return e
}

// shown describes a configured secret; other values are shown as they are.
func (c *Config) shown(k Key, value string) string {
	if !k.Secret || value == "" {
		return value
	}
	switch ref := parseReference(value); ref.kind {
	case refEnv:
		return value + " (" + state(c.options, ref.arg) + ")"
	case refFile:
		if _, err := os.Stat(c.expand(ref.arg)); err != nil {
			return value + " (missing)"
		}
		return value + " (exists)"
	case refKeyring:
		return value
	case refCommand:
		program, _, more := strings.Cut(strings.TrimSpace(ref.arg), " ")
		if more {
			program += " ..." // an argument may be a password
		}
		return "cmd:" + program
	}
	return redact.Mask
}

func state(o Options, name string) string {
	value, set := o.lookupEnv(name)
	switch {
	case !set:
		return "not set"
	case value == "":
		return "set but empty"
	}
	return "set"
}
