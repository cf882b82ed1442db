//go:build !unix

package login_test

const killVariable = "WXLOGIN_TEST_KILL"

// killedLogin needs a signal that cannot be caught.
func killedLogin(string) int { return 1 }
