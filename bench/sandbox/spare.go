package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox/native"
)

// kept is QLP's native driver with one sandbox that waits ready, as a peer.
type kept struct {
	peer *peer
	d    *native.Driver
}

func spare(ctx context.Context, init string) (*kept, error) {
	d, err := native.New(ctx, slog.New(slog.DiscardHandler), native.Config{InitPath: init, Spare: 1})
	if err != nil {
		return nil, err
	}
	k := &kept{d: d, peer: &peer{name: "qlp native, the same with a sandbox made ahead (sandbox_spare)", run: once(ctx, d)}}
	_, err = k.peer.run() // the first one says what is wanted
	return k, err
}

// settle waits until the next sandbox is ready, or nobody makes one.
func (k *kept) settle() {
	for deadline := time.Now().Add(5 * time.Second); k.d.Spares() == 0 && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
}

func (k *kept) closing() { _ = k.d.Close() }
