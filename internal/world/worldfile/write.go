package worldfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

const heading = "# A simulated WeChat: wxlogin serve --mock --world FILE\n"

// Encode returns the text of a file.
func (f *File) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(heading)
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write file of the world: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("write file of the world: %w", err)
	}
	return b.Bytes(), nil
}

// Write writes a file for its owner alone: whole or not at all, never through a link. Without force it leaves a file alone that is
// there already, and the error is [fs.ErrExist].
func Write(path string, data []byte, force bool) (err error) {
	if _, err := os.Lstat(path); err == nil && !force {
		return &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist}
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".wxlogin-world-*") // created 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path) // replaces a link, does not follow it
}
