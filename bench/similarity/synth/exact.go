package synth

import (
	"cmp"
	"slices"
)

// Exact returns the numbers of the k rows nearest to a query, the nearest first, by looking at every row.
func Exact(rows [][]float32, query []float32, k int) []int {
	type scored struct {
		row int
		dot float32
	}
	all := make([]scored, len(rows))
	for i, row := range rows {
		all[i] = scored{i, Dot(row, query)}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Or(cmp.Compare(b.dot, a.dot), a.row-b.row) })
	out := make([]int, 0, k)
	for _, s := range all[:min(k, len(all))] {
		out = append(out, s.row)
	}
	return out
}

// Recall is the share of the true rows that were found.
func Recall(found, truth []int) float64 {
	if len(truth) == 0 {
		return 1
	}
	n := 0
	for _, t := range truth {
		if slices.Contains(found, t) {
			n++
		}
	}
	return float64(n) / float64(len(truth))
}

// Dot is the cosine of two vectors of length 1.
func Dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	for i := 0; i+3 < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}
