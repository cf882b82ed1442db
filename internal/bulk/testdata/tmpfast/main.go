package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/wxlogin/wxlogin/internal/bulk"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

func main() {
	f, _ := os.Open(os.Args[1])
	p, _ := os.Create(os.Args[2])
	pprof.StartCPUProfile(p)
	defer pprof.StopCPUProfile()
	o := bulk.Options{Now: time.Now, Policy: opendata.Policy{SkipWatermark: true}}
	if len(os.Args) > 3 {
		o.Key = wechat.NewSessionKey(os.Args[3])
	}
	s, err := bulk.Run(context.Background(), f, os.Stdout, o)
	fmt.Fprintf(os.Stderr, "%+v %v\n", s, err)
}
