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

func allDamages() []damage { return slices.Concat(transportDamages(), fieldDamages(), proofDamages()) }

func TestMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range allDamages() {
		var n tally
		others := map[string]int{}
		for i := range 120 {
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
				fmt.Println(d.id, s.key, s.iv, s.data, len(s.key), len(s.iv), len(s.data))
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

func TestPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := allDamages()
	var total, both, one, none, third int
	problems := map[string]int{}
	for range 12000 {
		a, b := all[r.IntN(len(all))], all[r.IntN(len(all))]
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
		got := ids(report)
		total++
		hits := 0
		for _, id := range []string{a.id, b.id} {
			if slices.Contains(got, id) {
				hits++
			}
		}
		pair := a.id + "+" + b.id
		switch {
		case hits == 2:
			both++
		case hits == 1:
			one++
		default:
			none++
			problems["none "+pair]++
		}
		for _, id := range got {
			if id != a.id && id != b.id {
				third++
				problems["third "+pair+"->"+id]++
			}
		}
	}
	fmt.Println(total, "both", both, "one", one, "none", none, "third", third)
	var keys []string
	for k := range problems {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return problems[b] - problems[a] })
	for _, k := range keys[:min(90, len(keys))] {
		fmt.Print(k, ":", problems[k], "  ")
	}
	fmt.Println()
}
