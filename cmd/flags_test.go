package cmd

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxlogin/wxlogin/internal/lang"
)

// TestNoSecretFlags holds the list of flags that have to do with a secret. None takes an AppSecret, a password or a credential itself: what stands on a
// command line stands in the shell's history, and in the list of processes. --session-key takes one where it is known already, and where it comes from
// elsewhere (@FILE, env:NAME, -).
func TestNoSecretFlags(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		see := func(f *pflag.Flag) {
			for _, word := range []string{"secret", "password", "token", "key", "credential", "pass"} {
				if f.Value.Type() != "bool" && slices.Contains(strings.Split(f.Name, "-"), word) {
					got["--"+f.Name] = true
				}
			}
		}
		c.Flags().VisitAll(see)
		c.PersistentFlags().VisitAll(see)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(quietApp(lang.English)))
	want := []string{
		"--secret-file", // of a file
		"--secret-from", // of a place
		"--session-key",
		"--tls-key",      // of a file
		"--token-policy", // single or multi
		"--token-ttl",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
