package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// TestManyMigrateAtOnce: replicas that start together on an empty database all open it, and one of them migrates.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t, "")
	var log bytes.Buffer
	var mu sync.Mutex
	logger := slog.New(slog.NewTextHandler(lockedWriter{&mu, &log}, nil))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			st, err := postgres.Open(t.Context(), address, postgres.Config{Conns: 4, Log: logger})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(st.Ping(t.Context()), st.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(log.String(), "Schema migrated"); n != 1 {
		t.Errorf("migrated %d times: %s", n, log.String())
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

// TestOpenSaysWhatToDo: every reason not to open has its code and its remedy, and none shows the password.
func TestOpenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	good := pgtest.Database(t, "")
	change := func(fn func(u *url.URL)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		fn(u)
		return u.String()
	}
	newest := pgtest.Database(t, "")
	open(t, newest, postgres.Config{})
	pgtest.Admin(t, newest, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	bare := pgtest.Database(t, "")
	poor := "poor_" + strings.TrimPrefix(must(url.Parse(bare)).Path, "/qlp_")[:12]
	pgtest.Admin(t, bare, "CREATE ROLE "+poor+" LOGIN")
	t.Cleanup(func() { pgtest.Admin(t, good, "DROP ROLE "+poor) })
	old := pgtest.Database(t, "")
	pgtest.Admin(t, old, "CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")

	for name, tc := range map[string]struct {
		address string
		code    qlp.Code
		remedy  string
	}{
		"no address":        {"postgres://a b", qlp.Invalid, "postgres://user:password@host"},
		"no server":         {"postgres://u:sesame@127.0.0.1:1/x", qlp.Unavailable, "PostgreSQL runs there"},
		"no such role":      {change(func(u *url.URL) { u.User = url.UserPassword("nobody at all", "sesame") }), qlp.Unavailable, "check user and password"},
		"no such database":  {change(func(u *url.URL) { u.Path = "/nowhere" }), qlp.Unavailable, "createdb"},
		"newer schema":      {newest, qlp.Unavailable, "newer version of qlp"},
		"no right to add":   {strings.Replace(bare, "postgres@", poor+"@", 1), qlp.Forbidden, "CREATE"},
		"pgvector too old":  {old, qlp.Unavailable, "ALTER EXTENSION vector UPDATE"},
		"unknown host name": {"postgres://u:sesame@host.invalid/x", qlp.Unavailable, "PostgreSQL runs there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			st, err := postgres.Open(ctx, tc.address, postgres.Config{Conns: 4})
			if err == nil {
				t.Fatal(st.Close())
			}
			if qlp.CodeOf(err) != tc.code || !strings.Contains(qlp.RemedyOf(err), tc.remedy) {
				t.Errorf("%s: %v\n%s", qlp.CodeOf(err), err, qlp.RemedyOf(err))
			}
			if strings.Contains(err.Error()+qlp.RemedyOf(err), "sesame") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
}

func must(u *url.URL, err error) *url.URL {
	if err != nil {
		panic(err)
	}
	return u
}

// TestPasswordIsAskedForEachConnection: a token runs out, so that none is kept.
func TestPasswordIsAskedForEachConnection(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	st := open(t, pgtest.Database(t, ""), postgres.Config{Conns: 4, Password: func(context.Context) (string, error) {
		asked.Add(1)
		return "a token", nil
	}})
	before := asked.Load()
	if before < 1 { // for the migration
		t.Errorf("asked %d times", before)
	}
	var inside sync.WaitGroup
	inside.Add(3)
	var all sync.WaitGroup
	for range 3 { // three at once need three connections
		all.Go(func() {
			err := st.Read(t.Context(), func(store.Reader) error { inside.Done(); inside.Wait(); return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if asked.Load() < before+2 {
		t.Errorf("asked %d times, then %d", before, asked.Load())
	}
	_, err := postgres.Open(t.Context(), pgtest.Server(t), postgres.Config{Password: func(context.Context) (string, error) { return "", errors.New("no identity") }})
	if qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("without a token: %v", err)
	}
}

// TestLostConnection: a transaction whose connection is cut is not committed, says that it may be tried again, and the next one
// works.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t, "")
	st := open(t, address, postgres.Config{Conns: 4})
	cut := func() {
		pgtest.Admin(t, address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		if err := tx.InsertIntent(t.Context(), qlp.Intent{ID: "a", Words: "w"}, "", ""); err != nil {
			return err
		}
		cut()
		return nil
	})
	if qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("cut before the commit: %v", err)
	}
	err = st.Read(t.Context(), func(r store.Reader) error { _, err := r.State(t.Context(), "a"); return err })
	if qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("after it: %v", err)
	}
}

// TestWakeUpsReachOtherProcesses: a commit here wakes who waits there, long before the poll; also after the listening
// connection was lost.
func TestWakeUpsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t, "")
	here, there := open(t, address, postgres.Config{Conns: 4, Poll: time.Hour}), open(t, address, postgres.Config{Conns: 4, Poll: time.Hour})
	append1 := func() {
		err := here.Tx(t.Context(), func(tx store.Tx) error {
			_, err := tx.Append(t.Context(), qlp.Event{IntentID: "a", Type: "x"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := here.Tx(t.Context(), func(tx store.Tx) error { return tx.InsertIntent(t.Context(), qlp.Intent{ID: "a", Words: "w"}, "", "") })
	if err != nil {
		t.Fatal(err)
	}
	woken := func(what string) {
		t.Helper()
		for {
			changed := there.Changed("a")
			append1()
			select {
			case <-changed:
				return
			case <-time.After(2 * time.Second): // it did not listen yet
			case <-t.Context().Done():
				t.Fatal(what)
			}
		}
	}
	woken("at first")
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	err = conn.QueryRow(t.Context(), "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'qlp wake-ups'").Scan(&n)
	if err != nil || n != 2 {
		t.Fatalf("%d listen: %v", n, err)
	}
	woken("after the connection was lost")
}
