package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func main() {
	f, _ := os.Open(os.Args[2])
	if len(os.Args) > 4 {
		p, _ := os.Create(os.Args[4])
		if os.Args[3] == "trace" {
			trace.Start(p)
			defer trace.Stop()
		} else {
			pprof.StartCPUProfile(p)
			defer pprof.StopCPUProfile()
		}
	}
	s, err := bulk.Run(context.Background(), f, os.Stdout, bulk.Options{Now: time.Now, Policy: opendata.Policy{AppID: wechat.AppID(os.Args[1])}})
	fmt.Fprintf(os.Stderr, "%+v %v\n", s, err)
}
