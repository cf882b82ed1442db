package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// scriptCondition serves [missing:PROGRAM], which skips a script where a program of somebody else's is not installed. Where nothing may be
// skipped it fails the script instead.
func scriptCondition(condition string) (bool, error) {
	program, found := strings.CutPrefix(condition, "missing:")
	if !found {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	if _, err := exec.LookPath(program); err == nil {
		return false, nil
	}
	if os.Getenv("WXLOGIN_REQUIRE") == "all" {
		return false, fmt.Errorf("%s is not installed, and WXLOGIN_REQUIRE=all demands it", program)
	}
	return true, nil
}
