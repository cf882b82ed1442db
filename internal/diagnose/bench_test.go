package diagnose_test

import (
	"math/rand/v2"
	"testing"

	"github.com/wxlogin/wxlogin/internal/diagnose"
)

func BenchmarkData(b *testing.B) {
	for _, d := range append(transportDamages()[:3], proofDamages()...) {
		b.Run(d.id, func(b *testing.B) {
			r := rand.New(rand.NewPCG(7, 8))
			s := newSample(b, r, "phone")
			for !d.spoil(b, r, s) {
				s = newSample(b, r, "phone")
			}
			in := s.input()
			in.Quick = true
			b.ReportAllocs()
			for b.Loop() {
				diagnose.Data(in)
			}
		})
	}
}
