package offline

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// frequencies.tsv says in how many of a million requests a word stands: the mean over the training parts of two public sets of
// requests in English (CLINC150, CC BY 3.0; Banking77, CC BY 4.0) and the labelled intents of this project. It is part of the
// version: it is never written anew for offline/1.
//
//go:embed frequencies.tsv
var frequencies string

// rare is in how many of a million a word stands that is not in the table.
const rare = 200

// readWeights returns the root of ln(1/share) by word.
func readWeights() (map[string]float32, error) {
	weights := map[string]float32{}
	for line := range strings.Lines(frequencies) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		word, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		n, err := strconv.Atoi(count)
		if err != nil || word == "" || n < rare || n > 1_000_000 {
			return nil, fmt.Errorf("read the weights of words: the line %q is none", line)
		}
		weights[word] = inverse(n)
	}
	return weights, nil
}

func inverse(n int) float32 { return float32(math.Sqrt(math.Log(1_200_000 / float64(n)))) }

// weight of a word: small where many requests have it, the same for every word that few have.
func (e *Embedder) weight(word string) float64 {
	if w, ok := e.weights[word]; ok {
		return float64(w)
	}
	return float64(inverse(rare))
}
