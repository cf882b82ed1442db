// Command wxlogin puts WeChat Mini Program login on a developer's desk. See README.md, or run `wxlogin demo`.
package main

//go:generate go test ./cmd -run ^(TestScreens|TestReadme)$ -update
//go:generate go test ./cmd -run ^TestGenerated$ -update

import (
	"os"

	"github.com/wxlogin/wxlogin/cmd"
)

func main() {
	os.Exit(cmd.Main(os.Args[1:]))
}
