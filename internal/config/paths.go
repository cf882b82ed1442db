package config

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
)

const (
	appName     = "wxlogin"
	userFile    = "config.yaml"
	projectFile = "wxlogin.yaml"
	storeFile   = "wxlogin.db"
	keysFile    = "keys.json"
)

// Paths are the places of the tool's files. A path is "" where neither a variable nor a home directory says where it is.
type Paths struct {
	ConfigFile  string // the user's file, or the one that --config or WXLOGIN_CONFIG names
	Named       bool   // ConfigFile was named: it must exist, and no project file is read
	ProjectFile string // ./wxlogin.yaml; "" if Named
	StateDir    string // holds wxlogin.db and keys.json
	StateNamed  bool   // WXLOGIN_STATE_DIR names it
	NamedKeys   string // the key ring file that WXLOGIN_KEYS_FILE names
}

// FindPaths finds the places without touching the disk. Variables of the XDG base directory specification count on every
// system; as the specification wants, a relative path in them is ignored.
func FindPaths(o Options) Paths {
	p := Paths{
		StateDir: stateDir(o), StateNamed: o.env("WXLOGIN_STATE_DIR") != "", NamedKeys: o.env("WXLOGIN_KEYS_FILE"),
		ProjectFile: filepath.Join(o.Dir, projectFile),
	}
	named := o.File
	if named == "" {
		named = o.env("WXLOGIN_CONFIG")
	}
	if named != "" {
		p.ConfigFile, p.Named, p.ProjectFile = named, true, ""
		return p
	}
	if dir := configDir(o); dir != "" {
		p.ConfigFile = o.join(dir, userFile)
	}
	return p
}

// State returns the state directory, or an [*Error] if there is no place for one.
func (p Paths) State() (string, error) {
	if p.StateDir == "" {
		return "", &Error{Reason: textNoStateDir.With(), Fixes: []lang.Message{textFixStateDir.With()}}
	}
	return p.StateDir, nil
}

// KeysFile returns the path of the token key ring.
func (p Paths) KeysFile() (string, error) {
	if p.NamedKeys != "" {
		return p.NamedKeys, nil
	}
	dir, err := p.State()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, keysFile), nil
}

func configDir(o Options) string {
	switch {
	case o.env("WXLOGIN_CONFIG_DIR") != "":
		return o.env("WXLOGIN_CONFIG_DIR")
	case o.absolute(o.env("XDG_CONFIG_HOME")):
		return o.join(o.env("XDG_CONFIG_HOME"), appName)
	}
	switch o.GOOS {
	case "windows":
		return o.under(o.env("AppData"), `AppData\Roaming`)
	case "darwin", "ios":
		return o.under("", "Library/Application Support")
	}
	return o.under("", ".config")
}

func stateDir(o Options) string {
	switch {
	case o.env("WXLOGIN_STATE_DIR") != "":
		return o.env("WXLOGIN_STATE_DIR")
	case o.absolute(o.env("XDG_STATE_HOME")):
		return o.join(o.env("XDG_STATE_HOME"), appName)
	}
	switch o.GOOS {
	case "windows":
		return o.under(o.env("LocalAppData"), `AppData\Local`)
	case "darwin", "ios":
		return o.under("", "Library/Application Support")
	}
	return o.under("", ".local/state")
}

// under returns dir/wxlogin, where dir is base if that is set, else rel under the home directory.
func (o Options) under(base, rel string) string {
	switch {
	case base != "":
		return o.join(base, appName)
	case o.home() == "":
		return ""
	}
	return o.join(o.home(), rel, appName)
}

func (o Options) home() string {
	switch {
	case o.Home != "":
		return o.Home
	case o.GOOS == "windows":
		return o.env("USERPROFILE")
	}
	return o.env("HOME")
}

// join joins in the way of the system o.GOOS, which in tests is not the one that runs.
func (o Options) join(parts ...string) string {
	if o.GOOS == "windows" {
		for i, part := range parts {
			parts[i] = strings.TrimRight(part, `\/`)
		}
		return strings.Join(parts, `\`)
	}
	return path.Join(parts...)
}

func (o Options) absolute(p string) bool {
	if o.GOOS == "windows" {
		return strings.HasPrefix(p, `\\`) || len(p) >= 3 && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
	}
	return strings.HasPrefix(p, "/")
}

// StoreFile returns the path of the session store.
func (p Paths) StoreFile() (string, error) {
	dir, err := p.State()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, storeFile), nil
}
