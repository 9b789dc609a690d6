package app

import (
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// provider builds the driver of one configured endpoint.
func provider(name string, p config.Provider, _ telemetry.Secret) (llm.Provider, error) {
	switch p.Kind {
	case config.KindReplay:
		return replay.Open(p.Dir)
	default:
		return nil, qlp.Errorf(qlp.Invalid, "provider %s: there is no driver for the kind %s", name, p.Kind)
	}
}
