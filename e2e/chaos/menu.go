package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// dish is a kind of intent, and what must become of it.
type dish struct {
	name   string
	intent client.NewIntent
	want   qlp.State
	cancel bool // in the middle
	weight int
}

// menu lists the kinds of intents, cheap ones more often.
func menu(recordings string) ([]dish, error) {
	dishes := []dish{
		{name: "python", weight: 7, want: qlp.StateVerified, intent: client.NewIntent{Words: "a Python API for notes with a title and an optional body text"}},
		{name: "python, two entities", weight: 3, want: qlp.StateVerified, intent: client.NewIntent{Words: "a REST API in Python for a clinic: patients with name, email unique, date of birth; " +
			"visits belong to a patient and have notes and a fee decimal at least 0"}},
		{name: "go", weight: 3, want: qlp.StateVerified, intent: client.NewIntent{Words: "a Go API for notes with a title and an optional body text"}},
		{name: "a question", weight: 4, want: qlp.StateNeedsInput, intent: client.NewIntent{Words: "what is the weather tomorrow?"}},
		{name: "canceled", weight: 5, want: qlp.StateCanceled, cancel: true, intent: client.NewIntent{Words: "a Python API for tasks with a title and a due date"}},
	}
	if recordings == "" {
		return dishes, nil
	}
	words, err := os.ReadFile(recordings + ".intent")
	if err != nil {
		return nil, fmt.Errorf("read the recorded run's intent: %w", err)
	}
	return append(dishes, dish{name: "by models, recorded", weight: 4, want: qlp.StateVerified, intent: client.NewIntent{
		Words: string(words), Settings: qlp.Settings{Generator: "model", Provider: "replay:" + recordings},
	}}), nil
}

// order is one intent that is handed in: the seed and its number alone say which.
type order struct {
	number int
	key    string
	dish   dish
	random *rand.Rand // of this order alone
}

func take(dishes []dish, seed uint64, number int) order {
	random := rand.New(rand.NewPCG(seed, uint64(number)+1)) //nolint:gosec // what is played must be repeatable
	sum := 0
	for _, d := range dishes {
		sum += d.weight
	}
	at := random.IntN(sum)
	for _, d := range dishes {
		if at -= d.weight; at < 0 {
			return order{number: number, key: fmt.Sprintf("chaos-%d-%d", seed, number), dish: d, random: random}
		}
	}
	panic("unreachable: the weights add up")
}

// moved reads the data of a state event.
func moved(e qlp.Event) qlp.StateChanged {
	var s qlp.StateChanged
	_ = json.Unmarshal(e.Data, &s) // an event without such data moved nothing
	return s
}
