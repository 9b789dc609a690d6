package cli

import (
	"crypto/tls"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

func (c *command) sandboxd() *cobra.Command {
	var listen, tokenFile, cert, key string
	var plain bool
	e := app.Executor{}
	cmd := &cobra.Command{
		Use:   "sandboxd",
		Short: "Lend this machine's sandboxes to a qlp elsewhere",
		Long: "Lend this machine's sandboxes to a qlp elsewhere, over HTTP, to callers who send the token. Toolchains are this machine's.\n" +
			"The token comes from a file or from " + app.ExecutorToken + ", never from an argument.",
		Example: "  openssl rand -hex 32 > token\n  qlp sandboxd --listen 127.0.0.1:8090 --token-file token",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			if e.Token, err = app.ReadToken(tokenFile, app.ExecutorToken); err != nil {
				return err
			}
			if err := private(listen, cert != "" || plain); err != nil {
				return err
			}
			l, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return qlp.Errorf(qlp.Invalid, "listen on %s: %w", listen, err)
			}
			scheme := "http"
			if cert != "" || key != "" {
				pair, err := tls.LoadX509KeyPair(cert, key)
				if err != nil {
					_ = l.Close()
					return qlp.Errorf(qlp.Invalid, "read certificate: %w", err).WithRemedy("give --tls-cert and --tls-key, both PEM files")
				}
				scheme = "https"
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
			}
			c.printf("lending sandboxes on %s://%s\n", scheme, l.Addr())
			return app.ServeSandboxes(cmd.Context(), e, l, telemetry.Logger(c.err, cfg.LogLevel, cfg.LogFormat))
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8090", "address; beyond this machine only with TLS, or --plain-network")
	f.StringVar(&tokenFile, "token-file", "", "file with the token that callers must send (default: "+app.ExecutorToken+")")
	f.StringVar(&e.Driver, "driver", "native", "how this machine isolates: "+strings.Join(app.ExecutorDrivers(), ", "))
	f.IntVar(&e.Max, "max", 32, "sandboxes at a time")
	f.IntVar(&e.Spare, "spare", 2, "sandboxes kept ready ahead of their one use each, of the kinds that were asked for last; native only")
	f.DurationVar(&e.Idle, "idle", 5*time.Minute, "time after which an unused sandbox is destroyed")
	f.StringVar(&cert, "tls-cert", "", "certificate, PEM")
	f.StringVar(&key, "tls-key", "", "its key, PEM")
	f.BoolVar(&plain, "plain-network", false, "allow HTTP without TLS beyond this machine, where the network itself is private")
	return cmd
}

// private refuses an address that others can reach, unless what is sent there is safe.
func private(listen string, safe bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "%q is no address: %w", listen, err).WithRemedy("write it as 127.0.0.1:8090")
	}
	ip := net.ParseIP(host)
	if safe || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return qlp.Errorf(qlp.Invalid, "%s can be reached from other machines, and the token would travel in clear", listen).
		WithRemedy("give --tls-cert and --tls-key, or --plain-network if the network itself is private")
}
