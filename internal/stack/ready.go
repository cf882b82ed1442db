package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// Ready is what a server says when it serves: the line of `serve --json` and the content of --ready-file.
type Ready struct {
	Event string       `json:"event"` // "ready"
	URL   string       `json:"url"`
	AppID wechat.AppID `json:"appid"`
	Mock  bool         `json:"mock"`
	PID   int          `json:"pid"`
}

// ErrNotReadyFile says that a link, a device or the like is in the ready file's place. A file would be replaced, but /dev/stdout is a link.
var ErrNotReadyFile = errors.New("there is no file in its place, but a link, a device or a directory")

// WriteFile writes the ready file: whole or not at all, never through a link or in place of one, readable by its owner.
func (r Ready) WriteFile(path string) error {
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return ErrNotReadyFile
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".wxlogin-ready-*") // created 0600
	if err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	_, err = temporary.Write(append(data, '\n'))
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}

// RemoveFile removes the ready file while it is still this process's: a server that was started since keeps its own.
func (r Ready) RemoveFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return ignoreMissing(err)
	}
	var there Ready
	if err := json.Unmarshal(data, &there); err != nil || there.PID != r.PID {
		return nil
	}
	return ignoreMissing(os.Remove(path))
}

func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
