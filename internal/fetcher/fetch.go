package fetcher

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/egress"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Config of a Fetcher. Driver must be set; the zero value of the rest works.
type Config struct {
	Driver sandbox.Driver
	// Dir holds the cache, which may grow to gigabytes; empty means the user's own folder for caches.
	Dir string
	// Hosts are allowed besides the registries that this machine's tools are configured to use.
	Hosts []string
	// Require refuses a sandbox whose limits are held by best effort only.
	Require bool
	Log     *slog.Logger
}

// Fetcher fetches. It is safe for concurrent use and needs no closing; its driver is the caller's.
type Fetcher struct {
	cfg   Config
	cache cache
}

// New returns a Fetcher.
func New(cfg Config) (*Fetcher, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, qlp.Errorf(qlp.Unavailable, "find a folder for caches: %w", err).WithRemedy("set HOME or XDG_CACHE_HOME")
		}
		cfg.Dir = filepath.Join(dir, "qlp", "packages")
	}
	return &Fetcher{cfg: cfg, cache: cache{cfg.Dir}}, nil
}

// Result is what later sandboxes need to find one manager's packages, and how they came.
type Result struct {
	Manager string
	Key     string // of the cache: the digest of what was asked for
	Cached  bool   // nothing was run this time
	// Failure says what the package manager said when it could not get the packages; the rest is then empty but for the facts.
	Failure string
	Mounts  []sandbox.Mount
	Env     map[string]string
	Locks   []qlp.File // lock files that the project lacked, to be kept with it
	// Account is how the packages came; of a cached Result, how they came at the time.
	Account Account
}

// Account is what is told of a fetch, as evidence.
type Account struct {
	Runs []Run `json:"commands"`
	// Decisions of the proxy, and how many more there were than are kept.
	Decisions []egress.Decision `json:"decisions"`
	More      int               `json:"more_decisions,omitempty"`
}

// Run is one command and what came of it.
type Run struct {
	Name     string          `json:"name"`
	Argv     []string        `json:"argv"`
	Verdict  sandbox.Verdict `json:"verdict"`
	Reason   string          `json:"reason,omitempty"`
	ExitCode int             `json:"exit_code"`
	WallMS   int64           `json:"wall_ms"`
	Output   string          `json:"output,omitempty"` // the end of what it printed
	Level    sandbox.Level   `json:"isolation"`
}

// Fetch gets the packages that the project calls for, one Result for each package manager, in the order of their names. A
// project that calls for none has none. An error means that this machine could not try.
func (f *Fetcher) Fetch(ctx context.Context, files []qlp.File) ([]Result, error) {
	all, err := Managers()
	if err != nil {
		return nil, err
	}
	var out []Result
	for _, m := range all {
		if !m.Wanted(files) {
			continue
		}
		r, err := f.FetchWith(ctx, m, files)
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", m.Title, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// FetchWith gets the packages of one manager.
func (f *Fetcher) FetchWith(ctx context.Context, m Manager, files []qlp.File) (Result, error) {
	tc, err := stack.Locate(ctx, qlp.Stack{Name: m.Name, Tools: m.Tools})
	if err != nil {
		return Result{}, err
	}
	r := Result{Manager: m.Name, Key: keyOf(m, tc, files)}
	entry, tree, ok, err := f.cache.load(r.Key)
	if err != nil {
		return Result{}, err
	}
	if ok {
		r.Cached = true
		r.take(m, entry, tree, files)
		return r, nil
	}
	from, err := m.registries(ctx)
	if err != nil {
		return Result{}, err
	}
	from.rules.Hosts = append(from.rules.Hosts, f.cfg.Hosts...)
	proxy, err := egress.New(from.rules, nil, nil)
	if err != nil {
		return Result{}, err
	}
	f.cfg.Log.InfoContext(ctx, "Fetching packages", "room", "fetcher", "manager", m.Name)
	err = f.inside(ctx, m, tc, from, proxy, files, &r)
	r.Account.Decisions, r.Account.More = proxy.Decisions()
	return r, err
}

// keyOf digests everything that decides what is fetched.
func keyOf(m Manager, tc stack.Toolchain, files []qlp.File) string {
	return qlp.DigestJSON(struct {
		Format   int // of the entry
		Manager  Manager
		Versions map[string]string
		Asked    []qlp.File
	}{3, m, tc.Versions, m.asked(files)}).Hex()
}

const project = "project" // where the project lies below /work; what is fetched lies beside it, in deps

// inside runs the commands and keeps what they leave.
func (f *Fetcher) inside(ctx context.Context, m Manager, tc stack.Toolchain, from registries, proxy *egress.Proxy, files []qlp.File, r *Result) error {
	spec := sandbox.Spec{
		Limits: sandbox.Limits{Memory: 4 * sandbox.GiB, Disk: 3 * sandbox.GiB, Inodes: 2 * maxFiles, CopyOut: maxBytes, FileSize: sandbox.GiB, Wall: 10 * time.Minute},
		Egress: proxy.Serve, Require: f.cfg.Require, Labels: map[string]string{"fetch": m.Name}, Env: map[string]string{},
	}
	for _, mount := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount{HostPath: mount.HostPath, Path: mount.Path})
	}
	maps.Copy(spec.Env, m.Env)
	maps.Copy(spec.Env, from.env)
	spec.Env["PATH"] = tc.Path
	Trust(&spec)
	box, err := f.cfg.Driver.Create(ctx, spec)
	if err != nil {
		return err
	}
	defer func() {
		if err := box.Destroy(context.WithoutCancel(ctx)); err != nil {
			f.cfg.Log.ErrorContext(ctx, "Sandbox not destroyed", "room", "fetcher", "err", err)
		}
	}()
	tree := map[string]sandbox.File{}
	for _, file := range files {
		var mode fs.FileMode = 0o644
		if file.Executable {
			mode = 0o755
		}
		tree[path.Join(project, file.Path)] = sandbox.File{Content: file.Content, Mode: mode}
	}
	if err := sandbox.PutTree(ctx, box, tree); err != nil {
		return err
	}
	for _, c := range m.Commands {
		res, err := box.Exec(ctx, sandbox.Cmd{Argv: c.Argv, Env: c.Env, Dir: project})
		if err != nil {
			return err
		}
		said := tail(append(res.Stdout, res.Stderr...))
		r.Account.Runs = append(r.Account.Runs, Run{c.Name, c.Argv, res.Verdict, res.Reason, res.ExitCode, res.Wall.Milliseconds(), said, res.Isolation})
		if res.Verdict != sandbox.OK {
			r.Failure = fmt.Sprintf("%s ended %s %s (exit code %d): %s", c.Name, res.Verdict, res.Reason, res.ExitCode, said)
			return nil
		}
	}
	proxy.Settle(5 * time.Second)
	r.Account.Decisions, r.Account.More = proxy.Decisions()
	return f.keep(ctx, m, box, files, r)
}

// keep takes what was fetched, and the lock files, out of the sandbox.
func (f *Fetcher) keep(ctx context.Context, m Manager, box sandbox.Sandbox, files []qlp.File, r *Result) error {
	entry := manifest{Manager: m.Name, Account: r.Account}
	locks, err := lockFiles(ctx, m, box)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(locks)) {
		entry.Locks = append(entry.Locks, qlp.File{Path: strings.TrimPrefix(name, project+"/"), Content: locks[name].Content})
	}
	var kept []string
	for name := range m.Keep {
		kept = append(kept, "deps/"+name, "deps/"+name+"/**")
	}
	stream, err := box.Get(ctx, kept, sandbox.CopyLimits{Bytes: maxBytes, Files: maxFiles})
	if err != nil {
		return err
	}
	defer stream.Close()
	entry, tree, err := f.cache.save(r.Key, entry, stream)
	if err != nil {
		return err
	}
	r.take(m, entry, tree, files)
	return nil
}

// lockFiles returns the lock files as the commands have left them. No pattern would mean every file there is.
func lockFiles(ctx context.Context, m Manager, box sandbox.Sandbox) (map[string]sandbox.File, error) {
	if len(m.Locks) == 0 {
		return nil, nil
	}
	patterns := make([]string, len(m.Locks))
	for i, name := range m.Locks {
		patterns[i] = project + "/**/" + name
	}
	return sandbox.GetFiles(ctx, box, patterns, sandbox.CopyLimits{})
}

// take fills in what later sandboxes are given.
func (r *Result) take(m Manager, entry manifest, tree string, files []qlp.File) {
	r.Env, r.Account = maps.Clone(m.Later), entry.Account
	for _, name := range slices.Sorted(maps.Keys(m.Keep)) {
		if at := filepath.Join(tree, filepath.FromSlash(name)); exists(at) {
			r.Mounts = append(r.Mounts, sandbox.Mount{HostPath: at, Path: m.Keep[name]})
		}
	}
	for _, lock := range entry.Locks {
		same := func(f qlp.File) bool { return f.Path == lock.Path && string(f.Content) == string(lock.Content) }
		if !slices.ContainsFunc(files, same) {
			r.Locks = append(r.Locks, lock)
		}
	}
}

func exists(at string) bool {
	_, err := os.Stat(at)
	return err == nil
}

// tail is the end of what a package manager said, on one line.
func tail(b []byte) string {
	const most = 800
	text := strings.ToValidUTF8(strings.TrimSpace(string(b)), "\uFFFD")
	if len(text) > most {
		text = "…" + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return strings.Join(strings.Fields(text), " ")
}
