package config

import "strings"

// refKind is how a configured secret is given.
type refKind int

const (
	refLiteral refKind = iota
	refEnv
	refFile
	refKeyring
	refCommand
)

// reference is the value of a key that holds a secret: "env:NAME", "file:PATH", "keyring", "cmd:COMMAND", or the secret itself.
type reference struct {
	kind refKind
	arg  string // name, path, command, or the secret
}

func parseReference(value string) reference {
	scheme, arg, found := strings.Cut(value, ":")
	switch {
	case value == "keyring":
		return reference{kind: refKeyring}
	case !found:
	case scheme == "env":
		return reference{refEnv, arg}
	case scheme == "file":
		return reference{refFile, arg}
	case scheme == "cmd":
		return reference{refCommand, arg}
	}
	return reference{refLiteral, value}
}
