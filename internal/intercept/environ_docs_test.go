package intercept_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxlogin/wxlogin/internal/intercept"
)

// TestVariables: what is set is documented, in the same order, and nothing else is.
func TestVariables(t *testing.T) {
	t.Parallel()
	var set, documented []string
	for _, v := range intercept.Environment(simulation("/d"), userWith(map[string]string{"NIX_SSL_CERT_FILE": "/n", "HTTPLIB2_CA_CERTS": "/h"}), "linux") {
		set = append(set, v.Name)
	}
	for _, d := range intercept.Variables() {
		documented = append(documented, d.Names...)
	}
	if diff := cmp.Diff(documented, set); diff != "" {
		t.Error("documented, and set:", diff)
	}
	if slices.Contains(documented, "") {
		t.Error("a variable has no name")
	}
}
