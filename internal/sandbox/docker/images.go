package docker

import (
	"encoding/json"
	"os"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// baseName is the image for commands without a stack in the file of images.
const baseName = "base"

// ReadImages reads which image is for which stack, as `make sandbox-images` writes it.
func ReadImages(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, qlp.Errorf(qlp.Unavailable, "read the list of sandbox images: %w", err).WithRemedy(imagesRemedy)
	}
	var images map[string]string
	if err := json.Unmarshal(b, &images); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "read the list of sandbox images: %w", err).WithRemedy(imagesRemedy)
	}
	if base, ok := images[baseName]; ok {
		images[""] = base
	}
	return images, nil
}
