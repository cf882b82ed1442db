// A login back end of a mini program. With the mini program's WECHAT_APPID and WECHAT_SECRET it listens on 127.0.0.1:3000, or on PORT.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	appid, secret := os.Getenv("WECHAT_APPID"), os.Getenv("WECHAT_SECRET")
	if appid == "" || secret == "" {
		fmt.Fprintln(os.Stderr, "WECHAT_APPID and WECHAT_SECRET are to be set")
		os.Exit(1)
	}
	server := http.Server{
		Addr:        "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "3000"),
		Handler:     newApp(newWeChat(appid, secret), os.Stderr).handler(),
		ReadTimeout: 10 * time.Second,
	}
	fmt.Println("http://" + server.Addr)
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
