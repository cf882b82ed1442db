package mock

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/stack"
)

// A mock is ready within milliseconds; a loaded CI machine may take seconds to start a process.
const (
	readyPatience = 30 * time.Second
	readyEvery    = 20 * time.Millisecond
)

// waitForReady waits for the file that a starting mock writes when it is ready, and returns the address in it. The file appears
// whole, so there is nothing half-written to meet.
func waitForReady(ctx context.Context, path string) (string, error) {
	ctx, stop := context.WithTimeoutCause(ctx, readyPatience, app.Usage(textNeverReady, path, readyPatience))
	defer stop()
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		data, err := os.ReadFile(path)
		if err == nil {
			return readyURL(path, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

func readyURL(path string, data []byte) (string, error) {
	var ready stack.Ready
	if err := json.Unmarshal(data, &ready); err != nil || ready.URL == "" {
		return "", app.Usage(textNotReadyFile, path)
	}
	if !ready.Mock {
		return "", app.Usage(textReadyOfReal, path)
	}
	return ready.URL, nil
}

var (
	textNeverReady   = lang.T{En: "--ready-file: %s did not appear within %v; is wxlogin serve --mock --ready-file running?", Zh: "--ready-file：%s 在 %v 内没有出现，wxlogin serve --mock --ready-file 在运行吗？"}
	textNotReadyFile = lang.T{En: "--ready-file: %s is not a file of wxlogin serve --ready-file", Zh: "--ready-file：%s 不是 wxlogin serve --ready-file 写出的文件"}
	textReadyOfReal  = lang.T{En: "--ready-file: %s is of a server against the real WeChat, not of a mock", Zh: "--ready-file：%s 属于对接真实微信的服务器，不是模拟服务"}
)
