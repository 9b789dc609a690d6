package specfile

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Write returns the Spec as YAML that Read reads, with the keys in the order of the Go types.
func Write(s *qlp.Spec) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write Spec: %w", err)
	}
	var tree yaml.Node // JSON is YAML, and a tree keeps the order and the numbers as they are written
	if err := yaml.Load(text, &tree); err != nil {
		return nil, fmt.Errorf("write Spec: %w", err)
	}
	block(&tree)
	out, err := yaml.Dump(&tree, yaml.WithIndent(2))
	if err != nil {
		return nil, fmt.Errorf("write Spec: %w", err)
	}
	return out, nil
}

// block takes away JSON's brackets and quotes; the encoder quotes again what would be read as something else. Keys without a
// value go too: a list that is not there.
func block(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.MappingNode {
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i+1].ShortTag() != "!!null" {
				kept = append(kept, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = kept
	}
	for _, c := range n.Content {
		block(c)
	}
}
