package config

// Source is a place that a value can come from, weakest first.
type Source int

// The sources. SourceNone means that nobody set the key and that it has no default.
const (
	SourceNone Source = iota
	SourceDefault
	SourceUserFile
	SourceProfile
	SourceProjectFile
	SourceKeyring
	SourceEnv
	SourceFile // a file named by --secret-file or WXLOGIN_SECRET_FILE
	SourceFlag
)

// Origin is where a value came from.
type Origin struct {
	Source Source
	Name   string // path, name of the variable, "--flag", or name of the profile
}

// String writes the origin as git config --show-origin does: "file:/home/me/.config/wxlogin/config.yaml",
// "env:WXLOGIN_APPID", "flag:--appid", "profile:staging", "keyring:default", "default", "unset".
func (o Origin) String() string {
	switch o.Source {
	case SourceDefault:
		return "default"
	case SourceUserFile, SourceProjectFile, SourceFile:
		return "file:" + o.Name
	case SourceProfile:
		return "profile:" + o.Name
	case SourceKeyring:
		return "keyring:" + o.Name
	case SourceEnv:
		return "env:" + o.Name
	case SourceFlag:
		return "flag:" + o.Name
	}
	return "unset"
}

// MarshalText writes [Origin.String], for JSON.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }
