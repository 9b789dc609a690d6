package cli

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version returns the module's version, or the commit that it was built from. `make build` sets it through the linker's
// build information; there is no variable to keep in step.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usage(cobra.NoArgs),
		Run: func(*cobra.Command, []string) { c.printf("qlp %s\n", version()) },
	}
}
