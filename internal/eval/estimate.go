package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is an estimate with its 95 % confidence interval. All three lie within 0 and 1.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// z is the quantile of the normal distribution that leaves 2.5 % on either side.
const z = 1.959963984540054

// Wilson is the interval of Wilson (1927) for a share of n trials. n may not be 0. successes may be a fraction: an average over the
// samples of each problem.
func Wilson(successes float64, n int) Interval {
	if n <= 0 {
		return Interval{0, 0, 1}
	}
	trials := float64(n)
	p := successes / trials
	centre := (p + z*z/(2*trials)) / (1 + z*z/trials)
	half := z / (1 + z*z/trials) * math.Sqrt(p*(1-p)/trials+z*z/(4*trials*trials))
	return Interval{p, min(p, max(0, centre-half)), max(p, min(1, centre+half))}
}

// PassAt is the estimate of Chen et al. (2021), free of bias, of the chance that at least one of k answers is right, where c of n
// were: 1 − C(n−c, k)/C(n, k). It needs n ≥ k.
func PassAt(k, n, c int) float64 {
	if n-c < k {
		return 1
	}
	miss := 1.0
	for i := n - c + 1; i <= n; i++ {
		miss *= 1 - float64(k)/float64(i)
	}
	return 1 - miss
}

// rounds of the bootstrap.
const rounds = 2000

// Bootstrap is the average of values with the percentile interval of its bootstrap over problems. The same seed gives the same interval.
func Bootstrap(values []float64, seed uint64) Interval {
	if len(values) == 0 {
		return Interval{0, 0, 1}
	}
	draw := rand.New(rand.NewPCG(seed, 0x71c9)) //nolint:gosec // G404: a bootstrap must come out the same again
	means := make([]float64, rounds)
	for r := range means {
		var sum float64
		for range values {
			sum += values[draw.IntN(len(values))]
		}
		means[r] = sum / float64(len(values))
	}
	slices.Sort(means)
	return Interval{mean(values), means[rounds*25/1000], means[rounds*975/1000-1]}
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
