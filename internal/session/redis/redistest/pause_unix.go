//go:build unix

package redistest

import "syscall"

// Pause stops the process where it is, with its connections open: to its clients it hangs.
func (s *Server) Pause() error { return syscall.Kill(s.PID(), syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (s *Server) Resume() error { return syscall.Kill(s.PID(), syscall.SIGCONT) }
