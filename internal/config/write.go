package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// writeFile replaces a file at once, readable by its owner only. A symbolic link is refused: whoever made it may not be who
// runs the tool, and replacing it would cut the file off from where it is kept.
func writeFile(path string, data []byte) error {
	if stat, err := os.Lstat(path); err == nil && !stat.Mode().IsRegular() {
		e := &Error{File: path, Reason: textNotRegular.With()}
		if target, err := os.Readlink(path); err == nil {
			e.Reason = textSymlink.With(target)
			e.Fixes = []lang.Message{textFixSymlink.With(target)}
		}
		return e
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(path, err)
	}
	temp, err := os.CreateTemp(dir, ".wxlogin-*.yaml") // 0600
	if err != nil {
		return unwritable(path, err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(unwritable(path, err), os.Remove(temp.Name()))
	}
	return nil
}

func unwritable(path string, err error) *Error {
	cause := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pathErr.Err
	}
	return &Error{File: path, Reason: textUnwritable.With(cause), Err: err}
}
