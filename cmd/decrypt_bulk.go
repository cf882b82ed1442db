package cmd

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/term"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// bulkOptions of `wxlogin decrypt --bulk`.
type bulkOptions struct{ on, keep, keepGoing bool }

func bulkFlags(a *app.App, f *pflag.FlagSet, opts *bulkOptions) {
	text := func(t lang.T) string { return t.In(a.IO.Lang) }
	f.BoolVar(&opts.on, "bulk", false, text(lang.T{En: "decrypt NDJSON, one object a line, and print one a line", Zh: "解密 NDJSON：每行一个对象，逐行输出结果"}))
	f.BoolVar(&opts.keep, "keep", false, text(lang.T{En: "with --bulk: carry a line's other fields over, as \"keep\"", Zh: "与 --bulk 一起：把该行的其他字段带到结果的 \"keep\" 中"}))
	f.BoolVar(&opts.keepGoing, "keep-going", false, text(lang.T{En: "with --bulk: exit 0 also when lines failed", Zh: "与 --bulk 一起：有行失败时也以 0 退出"}))
}

// checkBulkFlags refuses flags that mean nothing with or without --bulk.
func checkBulkFlags(f *pflag.FlagSet, opts decryptOptions) error {
	if !opts.bulk.on {
		for _, name := range []string{"keep", "keep-going"} {
			if f.Changed(name) {
				return app.Usage(textNeedsBulk, name)
			}
		}
		return nil
	}
	for _, name := range []string{"data", "iv", "raw-data", "signature"} {
		if f.Changed(name) {
			return app.Usage(textNotInBulk, name)
		}
	}
	if f.Changed("explain") {
		return app.Usage(textExplainOne)
	}
	return nil
}

// runBulk decrypts a stream of lines.
func runBulk(ctx context.Context, a *app.App, opts decryptOptions) error {
	output, err := a.Output()
	if err != nil {
		return err
	}
	options, err := bulkRun(a, opts)
	if err != nil {
		return err
	}
	in, size, err := bulkInput(a, opts.file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if options.Policy.AppID == "" && !opts.noWatermark {
		a.IO.Warn(textNoAppIDToCheck.With())
	}
	progress := a.IO.Progress(textDecrypting, size, a.Now())
	options.Progress = func(p bulk.Progress) { progress.Set(p.Read, a.Now()) }
	sum, err := bulk.Run(ctx, in, output.Lines(a.IO), options)
	progress.Done()
	return concludeBulk(a, output, opts, sum, err)
}

// bulkRun settles what holds for all lines. With a key and --appid or --no-watermark given it touches nothing.
func bulkRun(a *app.App, opts decryptOptions) (bulk.Options, error) {
	given, err := readDecryptFlags(a, opts)
	if err != nil {
		return bulk.Options{}, err
	}
	keys, err := readKeys(a, opts.diagnosis.keys)
	if err != nil {
		return bulk.Options{}, err
	}
	machine := term.DetectLang(a.Flags.Lang, a.Env, "", true) // what goes into the lines is for programs, as with --json
	o := bulk.Options{
		Key: given.SessionKey, Now: a.Now, Keep: opts.bulk.keep, Lang: machine,
		Keys: keys, Repair: opts.diagnosis.repair,
		Policy: opendata.Policy{MaxAge: opts.maxAge, SkipWatermark: opts.noWatermark},
	}
	if flag, ok := a.Flags.Keys["appid"]; ok {
		o.Policy.AppID = wechat.AppID(flag)
	}
	if o.Policy.AppID == "" && !opts.noWatermark {
		c, err := a.Config()
		if err != nil {
			return o, err
		}
		o.Policy.AppID = c.AppID
	}
	if o.Key.IsZero() {
		saved := savedKeys{app: a, appID: o.Policy.AppID, openID: wechat.OpenID(opts.openID)}
		o.Saved = saved.find
	}
	return o, nil
}

// bulkInput opens the input. size is that of the file, -1 where there is none.
func bulkInput(a *app.App, path string) (in io.ReadCloser, size int64, err error) {
	if path == "" {
		if a.IO.InTTY {
			return nil, 0, app.Usage(textNoLines)
		}
		path = "-"
	}
	if path == "-" {
		stdin, err := a.IO.Stdin("FILE")
		if err != nil {
			return nil, 0, err
		}
		in = io.NopCloser(stdin)
		if file, ok := stdin.(*os.File); ok {
			size, err = sizeOf(file)
			return in, size, err
		}
		return in, -1, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, cannotRead(path, "FILE", err)
	}
	if size, err = sizeOf(file); err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, size, nil
}

// sizeOf returns the size of a regular file, -1 for what has none, and refuses a directory, which can be opened but has no lines.
func sizeOf(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		return 0, app.Usage(textNoLinesIn, file.Name())
	}
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		return info.Size(), nil
	}
	return -1, nil
}

// concludeBulk prints the summary, unless the reader of the lines went away, and decides how the run ends.
func concludeBulk(a *app.App, output term.Output, opts decryptOptions, sum bulk.Summary, err error) error {
	stopped := errors.Is(err, context.Canceled)
	failed := err == nil && sum.Failed > 0 && !opts.bulk.keepGoing
	switch {
	case term.IsBrokenPipe(err):
		return err
	case output.Machine() && (failed || err != nil && !stopped):
		return &bulkError{summary: sum, cause: err} // one object on standard error, with the summary in it
	case output.Machine():
		if writeErr := term.WriteJSON(a.IO.Err, summaryObject{sum}); err == nil {
			err = writeErr
		}
		return err
	}
	if printErr := a.IO.PrintErr(func(p *term.Page) { summarize(p, sum, stopped) }); err == nil {
		err = printErr
	}
	if failed && err == nil {
		return &bulkError{summary: sum, told: true}
	}
	return err
}

// summaryObject is the summary with --json: API.
type summaryObject struct {
	Summary bulk.Summary `json:"summary"`
}

// A bulkError is how a run of --bulk ended that was not all well.
type bulkError struct {
	summary bulk.Summary
	cause   error // nil: lines failed
	told    bool  // the summary has been printed
}

func (e *bulkError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return "lines failed"
}

func (e *bulkError) Unwrap() error { return e.cause }

var (
	textNeedsBulk  = lang.T{En: "--%s belongs to --bulk", Zh: "--%s 要与 --bulk 一起使用"}
	textNotInBulk  = lang.T{En: "--%s does not go with --bulk, whose lines bring their own", Zh: "--%s 不能与 --bulk 一起使用：每行自带"}
	textExplainOne = lang.T{En: "--explain does not go with --bulk: decrypt the line by itself", Zh: "--explain 不能与 --bulk 一起使用：请单独解密那一行"}
	textNoLines    = lang.T{En: "nothing to decrypt: give a FILE of lines, or pipe them in", Zh: "没有要解密的内容：请给出逐行的 FILE，或通过管道传入"}
	textNoLinesIn  = lang.T{En: "%s is a directory: give a FILE of lines", Zh: "%s 是目录：请给出逐行的 FILE"}
	textDecrypting = lang.T{En: "decrypting", Zh: "解密中"}
)
