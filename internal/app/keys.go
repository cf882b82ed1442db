package app

import (
	"errors"
	"io/fs"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/token"
)

// The variables that give a server its key ring.
const (
	keysVariable     = "WXLOGIN_KEYS"      // the ring itself
	keysFileVariable = "WXLOGIN_KEYS_FILE" // where it is
)

// Keys opens the key ring, and makes one when there is none, except where a variable says that there is.
func (a *App) Keys() (*token.Ring, error) { return a.keys(true) }

// SavedKeys opens the key ring if there is one, for commands that only read: it makes none. found tells whether there is.
func (a *App) SavedKeys() (ring *token.Ring, found bool, err error) {
	ring, err = a.keys(false)
	if errors.Is(err, fs.ErrNotExist) && a.Paths().NamedKeys == "" {
		return nil, false, nil
	}
	return ring, err == nil, err
}

// KeysFile returns the file of the key ring, to be changed. The error is a [*config.Error] where the ring is in no file.
func (a *App) KeysFile() (string, error) {
	if err := a.checkKeys(); err != nil {
		return "", err
	}
	if a.givenKeys() != "" {
		return "", keysError(textKeysGiven.With())
	}
	paths := a.Paths()
	path, err := paths.KeysFile()
	if err != nil || paths.NamedKeys != "" {
		return path, err
	}
	return path, paths.SecureState()
}

// keys opens the key ring, unless it is open. Others must not be able to replace it.
func (a *App) keys(create bool) (*token.Ring, error) {
	if a.ring != nil {
		return a.ring, nil
	}
	if err := a.checkKeys(); err != nil {
		return nil, err
	}
	ring, err := a.openKeys(create)
	if err != nil {
		return nil, err
	}
	a.ring = ring
	return ring, nil
}

func (a *App) openKeys(create bool) (*token.Ring, error) {
	paths := a.Paths()
	switch given := a.givenKeys(); {
	case given != "":
		return token.Parse(keysVariable, redact.NewSecret(given))
	case paths.NamedKeys != "":
		return token.LoadMounted(paths.NamedKeys)
	}
	path, err := paths.KeysFile()
	if err != nil {
		return nil, err
	}
	if err := paths.SecureState(); err != nil {
		return nil, err
	}
	if create {
		return token.LoadOrCreate(path)
	}
	return token.Load(path)
}

func (a *App) givenKeys() string {
	value, _ := a.Env(keysVariable)
	return value
}

// checkKeys refuses two key rings: whichever counted, somebody would wonder about the other one.
func (a *App) checkKeys() error {
	if a.givenKeys() != "" && a.Paths().NamedKeys != "" {
		return keysError(textTwoRings.With(keysFileVariable))
	}
	return nil
}

func keysError(reason lang.Message) error {
	return &config.Error{Origin: config.Origin{Source: config.SourceEnv, Name: keysVariable}, Reason: reason}
}

var (
	textKeysGiven = lang.T{En: "the key ring is given by this variable and stands in no file; change it where the variable is set", Zh: "密钥环由该变量给出，不在任何文件中；请在设置该变量的地方修改"}
	textTwoRings  = lang.T{En: "%s is set as well; keep one of them", Zh: "同时还设置了 %s，请只保留一个"}
)
