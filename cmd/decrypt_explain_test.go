package cmd

import "testing"

// TestSignsInRow holds that a row of the block map fits the terminal, down to the least that is worth a row.
func TestSignsInRow(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]int{200: 64, 80: 64, 73: 64, 72: 32, 41: 32, 40: 16, 25: 16, 10: 16, 0: 16} {
		if got := signsInRow(width); got != want {
			t.Errorf("%d columns: %d signs, want %d", width, got, want)
		}
	}
}
