package start

import (
	"context"
	"fmt"
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Served is a service that was started, used and stopped.
type Served struct {
	Execution qlp.Execution
	Logs      [][]byte // those that the execution names
	Wrong     string   // why it could not be used, or how it did not end as it must; "" when all went well
}

// Serve starts the service of s, hands use the way to it once it listens, and stops it when use returns. OpenAPI and the rules of s.Spec
// are not asked about. An error means that the sandbox failed or ctx is done.
func Serve(ctx context.Context, s Subject, use func(ctx context.Context, base, key string, client *http.Client)) (Served, error) {
	s.Limits = s.Limits.orDefault()
	p, err := launch(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return Served{}, context.Cause(ctx)
		}
		return Served{}, fmt.Errorf("start the service: %w", err)
	}
	base, client, why := p.listening(ctx)
	if why == "" {
		within, cancel := context.WithTimeout(ctx, s.Limits.Probes)
		use(within, base, p.env["API_KEY"], client)
		cancel()
		client.CloseIdleConnections()
	} else {
		why += p.tail()
	}
	ended, err := p.stop(ctx)
	if ctx.Err() != nil {
		return Served{}, context.Cause(ctx)
	}
	if err != nil {
		return Served{}, fmt.Errorf("stop the service: %w", err)
	}
	if why == "" {
		why = ended.wrong
	}
	return Served{p.execution(s, ended.result), [][]byte{ended.result.Stdout, ended.result.Stderr}, why}, nil
}
