package bulk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	// chunkSize is what a chunk holds when lines are not longer than it: enough that handing it on costs nothing beside its lines, and
	// little enough to stay in a core's cache.
	chunkSize = 256 << 10

	// chunkLines bounds the output of a chunk, for lines that are shorter than what is said of them.
	chunkLines = 1024
)

// A chunk is some lines on their way. It is owned by one goroutine at a time.
type chunk struct {
	in      []byte
	ends    []int // where each line ends in in: its line feed, or the end of the input
	first   int64 // number of the first line
	tooLong bool  // the chunk is one line of more than MaxLine bytes, which is not in in
	read    int64 // bytes of the input up to here

	out      []byte
	results  []result
	failures []failure // that have no output yet
	spare    []byte    // the output before, for its room
	err      error     // ends the run after this chunk; out has the lines before it
	done     chan struct{}
}

// A source cuts the input into chunks.
type source struct {
	in     io.Reader
	count  *counter
	rest   []byte // read, but not in a chunk yet
	line   int64  // number of the last line that is in a chunk
	ended  bool
	failed *ReadError
}

// A counter counts what is read of the file itself.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// A FormatError says that the input is no lines of JSON that could be read.
type FormatError struct{ Name string } // "zip", "UTF-16"

func (e *FormatError) Error() string { return "the input is " + e.Name }

// A ReadError says that the input could not be read beyond a line.
type ReadError struct {
	Line int64 // the last one that was read
	Gzip bool  // the input is compressed, and it may be that which is broken
	Err  error
}

func (e *ReadError) Error() string { return fmt.Sprintf("read after line %d: %v", e.Line, e.Err) }
func (e *ReadError) Unwrap() error { return e.Err }

// A WriteError says that the output could not be written.
type WriteError struct {
	Line int64 // the first one of which not everything was written
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("write line %d: %v", e.Line, e.Err) }
func (e *WriteError) Unwrap() error { return e.Err }

// signatures are those of files that people have at hand and that are not lines.
var signatures = []struct{ start, name string }{
	{"PK\x03\x04", "zip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"BZh", "bzip2"},
	{"\xfd7zXZ\x00", "xz"},
	{"\xff\xfe", "UTF-16"},
	{"\xfe\xff", "UTF-16"},
}

// newSource looks at how the input starts.
func newSource(in io.Reader) (*source, error) {
	s := &source{count: &counter{in: in}}
	buffered := bufio.NewReaderSize(s.count, 64<<10) // what asks for more than that is not copied twice
	s.in = buffered
	start, err := buffered.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &ReadError{Err: err}
	}
	for _, known := range signatures {
		if bytes.HasPrefix(start, []byte(known.start)) {
			return nil, &FormatError{known.name}
		}
	}
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, &ReadError{Gzip: true, Err: err}
		}
		s.in = unzipped
	case bytes.HasPrefix(start, []byte("\ufeff")):
		_, _ = buffered.Discard(len("\ufeff"))
	}
	return s, nil
}

// fill puts the next lines into c: what there is without waiting, one at least. At the end of the input, and when it cannot be read,
// more is false.
func (s *source) fill(c *chunk) (more bool, err error) {
	c.in, c.ends, c.tooLong, c.err = append(c.in[:0], s.rest...), c.ends[:0], false, nil
	c.first = s.line + 1
	for seen := 0; ; {
		if c.split(seen); len(c.ends) > 0 {
			break
		}
		if len(c.in) > MaxLine {
			s.skip(c)
			break
		}
		if s.ended {
			if s.failed != nil { // the line is not known to be whole
				c.in = c.in[:0]
			}
			if len(c.in) > 0 {
				c.ends = append(c.ends, len(c.in))
			}
			break
		}
		seen = len(c.in)
		s.read(c)
	}
	if !c.tooLong {
		s.rest = append(s.rest[:0], c.in[min(c.end(), len(c.in)):]...)
	}
	s.line += int64(len(c.ends))
	c.read = s.count.n
	switch {
	case !s.ended || len(s.rest) > 0:
		return true, nil
	case s.failed != nil:
		s.failed.Line = s.line
		return false, s.failed
	}
	return false, nil
}

// split finds the lines of c.in that end at or after from.
func (c *chunk) split(from int) {
	for len(c.ends) < chunkLines {
		size := bytes.IndexByte(c.in[from:], '\n')
		if size < 0 {
			return
		}
		c.ends = append(c.ends, from+size)
		from += size + 1
	}
}

// end returns the index after the last line and its line feed.
func (c *chunk) end() int {
	if len(c.ends) == 0 {
		return 0
	}
	return c.ends[len(c.ends)-1] + 1
}

// read appends to c.in what one call gives. The room grows only for a line that does not fit, and to what the longest may have.
func (s *source) read(c *chunk) {
	switch {
	case cap(c.in) == 0:
		c.in = make([]byte, 0, chunkSize)
	case len(c.in) == cap(c.in):
		c.in = slices.Grow(c.in, min(cap(c.in), MaxLine+2-len(c.in)))
	}
	for range 100 { // a reader may give nothing, but not for ever
		n, err := s.in.Read(c.in[len(c.in):cap(c.in)])
		c.in = c.in[:len(c.in)+n]
		if err != nil {
			s.end(err)
		}
		if n > 0 || err != nil {
			return
		}
	}
	s.end(io.ErrNoProgress)
}

// end notes why there is nothing more to read.
func (s *source) end(err error) {
	s.ended = true
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		_, zipped := s.in.(*gzip.Reader)
		s.failed = &ReadError{Gzip: zipped, Err: err}
	}
}

// skip makes c the one line that is too long, and finds where it ends.
func (s *source) skip(c *chunk) {
	c.tooLong = true
	for {
		if i := bytes.IndexByte(c.in, '\n'); i >= 0 {
			s.rest = append(s.rest[:0], c.in[i+1:]...)
			break
		}
		if c.in = c.in[:0]; s.ended {
			s.rest = s.rest[:0]
			break
		}
		s.read(c)
	}
	c.in, c.ends = c.in[:0], append(c.ends, 0)
}
