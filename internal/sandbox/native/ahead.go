package native

import (
	"strconv"
	"sync"
)

// ahead makes the cgroup of the next command before it is asked for: the first while bubblewrap starts, each further one while
// the command before it runs. A command then finds its limits set. It serves commands with the sandbox's own limits.
type ahead struct {
	next   chan made // holds one, or one is under way
	made   int
	making sync.WaitGroup
}

type made struct {
	group *group
	err   error
}

// prepare starts to make one. It is called once, before the first take.
func (a *ahead) prepare(b *box) {
	a.next = make(chan made, 1)
	a.another(b)
}

func (a *ahead) another(b *box) {
	a.making.Go(func() {
		a.made++ // only ever one is under way
		g, err := b.group.child("a"+strconv.Itoa(a.made), b.limits, false)
		a.next <- made{g, err}
	})
}

// take waits for the one that is under way, and starts the next.
func (a *ahead) take(b *box) (*group, error) {
	m := <-a.next
	a.another(b)
	return m.group, m.err
}

// stop waits until nothing is made any more. Whoever removes the sandbox's group removes what nobody took.
func (a *ahead) stop() { a.making.Wait() }
