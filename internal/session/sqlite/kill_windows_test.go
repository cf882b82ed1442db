package sqlite_test

// otherChildren are for tests of signals, which Windows does not have.
func otherChildren() (code int, isChild bool) { return 0, false }
