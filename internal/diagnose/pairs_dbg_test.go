package diagnose_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
)

func TestTransportPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, group := range [][2][]damage{{transportDamages(), transportDamages()}, {transportDamages(), fieldDamages()}, {transportDamages(), proofDamages()}, {proofDamages(), proofDamages()}} {
		var total, repaired, both int
		problems := map[string]int{}
		for range 4000 {
			a, b := group[0][r.IntN(len(group[0]))], group[1][r.IntN(len(group[1]))]
			if r.IntN(2) == 0 {
				a, b = b, a
			}
			if a.id == b.id {
				continue
			}
			kind := payloadKinds[r.IntN(len(payloadKinds))]
			s := newSample(t, r, kind)
			if !a.spoil(t, r, s) || !b.spoil(t, r, s) {
				continue
			}
			in := s.input()
			in.Quick = true
			report := diagnose.Data(in)
			if report.Err == nil {
				continue
			}
			total++
			got := ids(report)
			if report.Repaired != nil {
				repaired++
			}
			if slices.Contains(got, a.id) && slices.Contains(got, b.id) {
				both++
			} else {
				problems[fmt.Sprint(a.id, "+", b.id, "=", got)]++
			}
		}
		fmt.Println(total, "repaired", repaired, "both", both)
		var keys []string
		for k := range problems {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b string) int { return problems[b] - problems[a] })
		for _, k := range keys[:min(60, len(keys))] {
			fmt.Print(k, ":", problems[k], "  ")
		}
		fmt.Println()
	}
}
