package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// With these set, this test's own binary is the reference service as a process: what the runners start.
const (
	envSpec  = "QLP_REFERENCE_SPEC"
	envFault = "QLP_REFERENCE_FAULT"
)

func TestMain(m *testing.M) {
	if os.Getenv(envSpec) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func serve() error {
	var spec qlp.Spec
	if err := json.Unmarshal([]byte(os.Getenv(envSpec)), &spec); err != nil {
		return err
	}
	doc, err := contract.OpenAPI(&spec)
	if err != nil {
		return err
	}
	o := contracttest.Options{Description: doc, DataDir: os.Getenv("DATA_DIR"), Fault: contracttest.Fault(os.Getenv(envFault))}
	if spec.Auth != "" {
		o.Key = os.Getenv("API_KEY")
	}
	service, err := contracttest.New(spec, o)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "addr", listener.Addr().String())
	server := &http.Server{Handler: service}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	<-ctx.Done()
	if err := server.Shutdown(context.Background()); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
