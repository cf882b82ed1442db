//go:build unix

package doctor

import "syscall"

// writable reports whether this process may make files in a directory. It makes none to find out.
func writable(dir string) bool {
	const write, enter = 2, 1 // W_OK and X_OK of access(2)
	return syscall.Access(dir, write|enter) == nil
}
