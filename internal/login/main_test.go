package login_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the main function of the processes that tests start.
func TestMain(m *testing.M) {
	if path := os.Getenv(togetherVariable); path != "" {
		os.Exit(togetherChild(path))
	}
	if path := os.Getenv(killVariable); path != "" {
		os.Exit(killedLogin(path))
	}
	goleak.VerifyTestMain(m)
}
