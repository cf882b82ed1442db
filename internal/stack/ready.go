package stack

import (
	"encoding/json"
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

// WriteFile writes the ready file: whole or not at all, never through a link, readable by its owner.
func (r Ready) WriteFile(path string) error {
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
		err = os.Rename(temporary.Name(), path) // replaces a link, does not follow it
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
