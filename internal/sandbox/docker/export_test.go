package docker

import api "github.com/moby/moby/api/types/container"

// ConfigForTest is a container as the driver labels them.
func ConfigForTest(image, owner, boot string) *api.Config {
	return &api.Config{Image: image, Entrypoint: initCommand(), Labels: map[string]string{labelID: "test", labelOwner: owner, labelBoot: boot}}
}
