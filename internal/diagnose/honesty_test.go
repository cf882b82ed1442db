package diagnose_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
)

func decodeStrict(text string) ([]byte, error) { return base64.StdEncoding.Strict().DecodeString(text) }

type tally struct{ runs, first, listed, nothing, wrong int }

func ids(r diagnose.Report) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.ID)
	}
	return list
}

func TestMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := slices.Concat(transportDamages(), fieldDamages(), proofDamages())
	for _, d := range all {
		var n tally
		others := map[string]int{}
		for i := range 300 {
			kind := payloadKinds[i%len(payloadKinds)]
			s := newSample(t, r, kind)
			if !d.spoil(t, r, s) {
				continue
			}
			report := diagnose.Data(s.input())
			if report.Err == nil {
				continue
			}
			got := ids(report)
			n.runs++
			switch {
			case len(got) == 0:
				n.nothing++
				others["none:"+kind]++
			case got[0] == d.id:
				n.first++
			case slices.Contains(got, d.id):
				n.listed++
			}
			for _, id := range got {
				if id != d.id {
					n.wrong++
					others[id+":"+kind]++
				}
			}
		}
		fmt.Printf("%s %+v %v\n", d.id, n, others)
	}
}
