package worldfile

// maxTypos is how many letters a suggestion may differ by.
const maxTypos = 2

// nearest returns the candidate that differs from name by the fewest letters, at most maxTypos and less than it has; "" if there
// is none.
func nearest(name string, candidates []string) string {
	best, bestDistance := "", maxTypos+1
	for _, c := range candidates {
		if len(name) > len(c)+maxTypos { // spares the work for a name of any length
			continue
		}
		if d := distance(name, c); d < bestDistance && d < len(c) {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above+1, row[j]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(b)]
}
