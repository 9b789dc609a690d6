package sandboxd

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// put unpacks the body. A body that is refused is read on, within bounds, so that the caller gets to hear why.
func (s *Server) put(w http.ResponseWriter, r *http.Request, b *box) error {
	// An archive is its contents and some headers for every file; what is over that cannot fit anyway.
	body := http.MaxBytesReader(w, r.Body, b.limits.Disk*2+b.limits.Inodes*2048+sandbox.MiB)
	err := b.sb.Put(r.Context(), body)
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return qlp.Errorf(qlp.Exhausted, "the archive is longer than %d bytes", long.Limit)
	}
	_, _ = io.Copy(io.Discard, body)
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// get packs files. Errors on the way are told in a trailer; so is the success, that nothing is cut off unseen.
func (s *Server) get(w http.ResponseWriter, r *http.Request, b *box) error {
	q := r.URL.Query()
	var lim sandbox.CopyLimits
	for name, set := range map[string]func(int64){
		"bytes": func(n int64) { lim.Bytes = n }, "files": func(n int64) { lim.Files = int(n) },
	} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 63)
		if err != nil || n < 0 || int64(int(n)) != n {
			return qlp.Errorf(qlp.Invalid, "%s=%.40q is no bound", name, text)
		}
		set(n)
	}
	tree, err := b.sb.Get(r.Context(), q["pattern"], lim)
	if err != nil {
		return err
	}
	defer tree.Close()
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Trailer", wire.EndTrailer+", "+wire.ProblemTrailer)
	w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(w, tree); err != nil {
		if text, merr := json.Marshal(wire.ProblemOf(err)); merr == nil {
			w.Header().Set(wire.ProblemTrailer, base64.StdEncoding.EncodeToString(text))
		}
		return nil
	}
	w.Header().Set(wire.EndTrailer, "ok")
	return nil
}
