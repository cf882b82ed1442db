// Package bulk decrypts NDJSON, an envelope a line, on all cores.
//
// The input is cut into chunks of whole lines. Each chunk is worked on by one goroutine and written in its turn, so that the output
// has the order of the input, a line for a line, and a write ends with a line. Chunks are reused and there are few of them: a reader
// that is slower than we are slows the whole down to its pace, and memory does not grow with the input.
//
// A line that fails costs itself alone. What it says about itself is a [diagnose.Finding]; the package decides nothing about data
// that [opendata] and its policy do not decide, and it repairs nothing unless told to.
package bulk

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// MaxLine is the length of the longest line that is looked at, in bytes and without its end. The largest open data is some KiB.
const MaxLine = 1 << 20

// Options say how lines are decrypted.
type Options struct {
	Key    wechat.SessionKey // of lines that have none of their own
	Saved  SavedKeys         // where neither the line nor Key has one; nil: nowhere
	Policy opendata.Policy   // what the data is held to; its Now is not used
	Now    func() time.Time
	Keep   bool // carry the members of a line that are none of an envelope's over to its result
	Lang   lang.Lang

	Keys   []diagnose.Key // other keys that data which does not decrypt may be under
	Repair bool           // undo damage that is proven; every failure is examined then

	Examined int64          // failures with one error that are examined without a gap; 0: 1000
	Workers  int            // 0: as many as there are cores for us
	Progress func(Progress) // is told after each write; nil: nobody is
}

// SavedKeys finds the key of a user's session. It is asked from several goroutines. openID and appID are as the line has them, and
// may be empty. An error of the type [*KeyError] fails the line, any other one ends the run.
type SavedKeys func(ctx context.Context, appID wechat.AppID, openID wechat.OpenID) (wechat.SessionKey, error)

// A KeyError says that there is no key for a line.
type KeyError struct{ Message lang.Message }

func (e *KeyError) Error() string { return e.Message.In(lang.English) }

// Progress is how far a run has come.
type Progress struct {
	Read  int64 // bytes of the input, as they are in the file
	Lines int64 // written
}

// Run decrypts the lines of in, which may be compressed with gzip, and writes a line to out for each. The summary is of what has been
// written, also when there is an error: a [*ReadError], a [*FormatError], a [*WriteError], that of the context, or one of
// [Options.Saved]. Lines that fail are no error.
//
// When the context ends, the chunk that is being written is the last. A goroutine that waits for in stays until in answers.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) (Summary, error) {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Examined == 0 {
		o.Examined = examined
	}
	p := newPipeline(o)
	defer p.close()
	source, err := newSource(in)
	if err != nil {
		return newSummary(), err
	}
	go p.read(source)
	p.workers.Go(p.choose)
	for range o.Workers {
		p.workers.Go(func() { p.work(ctx) })
	}
	return p.write(ctx, out)
}

// A pipeline is the way of the chunks. Each channel has room for all of them, so that only the lack of chunks makes anybody wait.
//
// Two goroutines take them in the order of the input, each when the workers are done with it: [pipeline.choose], which decides what
// the failures of a chunk cost, and the writer.
type pipeline struct {
	options Options
	free    chan *chunk // for the reader
	todo    chan *chunk // for the workers, in any order
	split   chan *chunk // for choose, in the order of the input; closed at its end
	turn    chan *chunk // for the writer, likewise
	stop    chan struct{}
	workers sync.WaitGroup
	readErr error // of the reader; set before split is closed
}

// chunksPerWorker keeps a worker busy while the chunk that it has done waits for its turn.
const chunksPerWorker = 3

func newPipeline(o Options) *pipeline {
	count := chunksPerWorker*o.Workers + 1
	p := &pipeline{
		options: o, free: make(chan *chunk, count), todo: make(chan *chunk, count), split: make(chan *chunk, count),
		turn: make(chan *chunk, count), stop: make(chan struct{}),
	}
	for range count {
		p.free <- &chunk{done: make(chan struct{}, 1)}
	}
	return p
}

// close ends the goroutines and waits for those that can end.
func (p *pipeline) close() {
	close(p.stop)
	p.workers.Wait()
}

// read fills chunks until the input or the run ends.
func (p *pipeline) read(s *source) {
	defer close(p.split)
	for {
		select {
		case <-p.stop:
			return
		case c := <-p.free:
			more, err := s.fill(c)
			if len(c.ends) > 0 {
				p.split <- c
				p.todo <- c
			}
			if p.readErr = err; !more {
				return
			}
		}
	}
}

// work decrypts chunks until the run ends.
func (p *pipeline) work(ctx context.Context) {
	w := newWorker(ctx, p.options)
	for {
		select {
		case <-p.stop:
			return
		case c := <-p.todo:
			if len(c.failures) > 0 {
				w.explain(c)
			} else {
				w.chunk(c)
			}
			c.done <- struct{}{}
		}
	}
}

// choose decides which failures are examined, in the order of the input, so that the same input gives the same output. The workers
// then explain them.
func (p *pipeline) choose() {
	defer close(p.turn)
	seen := forms{all: p.options.Repair, most: p.options.Examined}
	for {
		var c *chunk
		select {
		case <-p.stop:
			return
		case c = <-p.split:
		}
		if c == nil {
			return
		}
		select {
		case <-p.stop:
			return
		case <-c.done:
		}
		for i := range c.failures {
			seen.choose(&c.failures[i])
		}
		if len(c.failures) > 0 {
			p.todo <- c
		} else {
			c.done <- struct{}{}
		}
		p.turn <- c
	}
}

// write writes chunks in their turn.
func (p *pipeline) write(ctx context.Context, out io.Writer) (Summary, error) {
	sum := newSummary()
	for {
		var c *chunk
		select {
		case <-ctx.Done():
			return sum, ctx.Err()
		case c = <-p.turn:
		}
		if c == nil {
			return sum, p.readErr
		}
		select {
		case <-ctx.Done():
			return sum, ctx.Err()
		case <-c.done:
		}
		n, err := out.Write(c.out)
		sum.add(c, n)
		switch {
		case err != nil:
			return sum, &WriteError{Line: sum.Lines + 1, Err: err}
		case c.err != nil:
			return sum, c.err
		}
		if p.options.Progress != nil {
			p.options.Progress(Progress{Read: c.read, Lines: sum.Lines})
		}
		p.free <- c
	}
}
