package stack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/journal"
)

// A JournalFileError says that the file of a journal could not be written.
type JournalFileError struct {
	Path string
	Err  error
}

func (e *JournalFileError) Error() string { return fmt.Sprintf("cannot write %s: %v", e.Path, e.Err) }

// Unwrap returns the system's error.
func (e *JournalFileError) Unwrap() error { return e.Err }

// A journalFile receives every record of a run, also those that the journal has evicted or forgotten by its end. It is written beside its
// place, and takes it when it is whole.
type journalFile struct {
	path      string
	temporary *os.File
	followed  chan struct{} // closed when nobody writes any more

	journal *journal.Journal
	out     *bufio.Writer
	line    []byte
	mark    uint64 // number of the last record that is written
	err     error  // the first one
}

// ErrNotJournal says that there is something else in the place of a journal's file.
var ErrNotJournal = errors.New("it is there already, and it is not the journal of a run")

// mayReplace finds out what a journal would take the place of. A file of somebody's stays: only that of a run before, or an empty one, makes
// room. Links stay as well: they are not followed, and /dev/stdout is one.
func mayReplace(path string) error {
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !there.Mode().IsRegular():
		return ErrNotJournal
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	start, err := bufio.NewReader(file).Peek(len(missedStart)) // the longer one
	if !errors.Is(err, io.EOF) && err != nil {
		return err
	}
	if len(start) > 0 && !bytes.HasPrefix(start, []byte(recordStart)) && !bytes.HasPrefix(start, []byte(missedStart)) {
		return ErrNotJournal
	}
	return nil
}

// How a line of a journal begins.
const (
	recordStart = `{"seq":`
	missedStart = `{"missed":`
)

// keepJournal begins to write the records of a journal. Its file is readable by its owner alone.
func keepJournal(path string, j *journal.Journal) (*journalFile, error) {
	if err := mayReplace(path); err != nil {
		return nil, &JournalFileError{path, err}
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".wxlogin-journal-*") // created 0600
	if err != nil {
		return nil, &JournalFileError{path, err}
	}
	f := &journalFile{path: path, temporary: temporary, journal: j, out: bufio.NewWriter(temporary), followed: make(chan struct{})}
	go func() {
		defer close(f.followed)
		for record, missed := range j.Follow(context.Background(), 0) { // until the journal is closed, as it is when the run stops
			f.write(&record, missed)
		}
	}()
	return f, nil
}

// write writes a record, and before it how many there was no time for, as the journal's stream does.
func (f *journalFile) write(r *journal.Record, missed uint64) {
	f.line = f.line[:0]
	if missed > 0 {
		f.line = append(strconv.AppendUint(append(f.line, missedStart...), missed, 10), "}\n"...)
	}
	line, err := r.AppendLine(f.line)
	if err == nil {
		_, err = f.out.Write(line)
	}
	if f.err == nil {
		f.err = err
	}
	f.line, f.mark = line, r.Seq
}

// close writes what came while the run stopped, and puts the file in its place.
func (f *journalFile) close() error {
	f.journal.Close()
	<-f.followed
	view := f.journal.Since(f.mark)
	for i := range view.Records {
		f.write(&view.Records[i], 0)
	}
	err := errors.Join(f.err, f.out.Flush(), f.temporary.Close())
	if err == nil {
		err = os.Rename(f.temporary.Name(), f.path) // replaces a link, does not follow it
	}
	if err != nil {
		_ = os.Remove(f.temporary.Name())
		return &JournalFileError{f.path, err}
	}
	return nil
}
