package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// house is a database with its blobs, as its operator's commands see them.
type house struct {
	store.Keeper
	blobs   blob.Keeper
	shared  bool                                   // others may be at work
	reclaim func(ctx context.Context) (int, error) // jobs of workers that are dead
}

// keeping is the time that a statement may take which reads a whole table.
const keeping = 10 * time.Minute

// databaseFile is the database in the data folder.
func databaseFile(cfg config.Config) string { return filepath.Join(cfg.DataDir, "qlp.db") }

// openHouse opens what the settings name. A SQLite database is opened beside a server that runs on it; alone, instead of one.
func openHouse(ctx context.Context, cfg config.Config, alone bool, log *slog.Logger) (h *house, err error) {
	h = &house{}
	if cfg.DatabaseURL != "" {
		cfg.DatabaseTimeout = max(cfg.DatabaseTimeout, keeping)
		password, err := databasePassword(cfg)
		if err != nil {
			return nil, err
		}
		st, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Config{Conns: 4, StatementTimeout: cfg.DatabaseTimeout, Password: password, Log: log})
		if err != nil {
			return nil, err
		}
		h.Keeper, h.shared, h.reclaim = st, true, st.Queue.Reclaim
	} else {
		if _, err := os.Stat(databaseFile(cfg)); errors.Is(err, fs.ErrNotExist) { // which an Open would make
			return nil, qlp.Errorf(qlp.NotFound, "there is no database %s", databaseFile(cfg)).WithRemedy("name the data folder with --data")
		}
		st, err := sqlite.Open(ctx, databaseFile(cfg), sqlite.Config{Guest: !alone, Log: log})
		if err != nil {
			return nil, err
		}
		h.Keeper, h.reclaim = st, st.Queue.Reclaim
	}
	if h.blobs, err = file.Open(filepath.Join(cfg.Shared(), "blobs"), file.Config{}); err != nil {
		return nil, errors.Join(fmt.Errorf("open blobs: %w", err), h.Keeper.Close())
	}
	if h.shared || cfg.SharedDir != "" {
		if err := h.bound(ctx, cfg); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return h, nil
}

// Close closes both.
func (h *house) Close() error { return errors.Join(h.blobs.Close(), h.Keeper.Close()) }

// in opens a house, does something in it, and closes it.
func in[T any](ctx context.Context, cfg config.Config, alone bool, log *slog.Logger, do func(h *house) (T, error)) (out T, err error) {
	h, err := openHouse(ctx, cfg, alone, log)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return do(h)
}

// errUnbound takes back a binding that was only tried.
var errUnbound = errors.New("unbound")

// bound refuses a database that is not bound to the shared folder: no server has ever worked with the two together.
func (h *house) bound(ctx context.Context, cfg config.Config) error {
	err := h.Tx(ctx, func(tx store.Tx) error {
		id, err := tx.Bind(ctx, sharedName, "nobody")
		if err == nil && id == "nobody" {
			err = errUnbound
		}
		return err
	})
	if errors.Is(err, errUnbound) {
		return qlp.Errorf(qlp.Conflict, "this database has never been used with the folder %s", cfg.Shared()).
			WithRemedy("see that database_url and shared are those of the servers; or bind the two with qlp migrate")
	}
	if err != nil {
		return err
	}
	return bindShared(ctx, h, cfg)
}

// Whose blobs a folder holds, by the id of the database: in the database by this name, and in the folder as this file.
const (
	ownName  = "database"
	ownerOf  = "database-id"
	claiming = "qlp gc and qlp tenant erase"
)

// claim refuses to take blobs away from a folder that another database refers to as well.
func (h *house) claim(ctx context.Context, cfg config.Config) error {
	if _, err := os.Stat(filepath.Join(cfg.Shared(), "qlp.db")); err == nil && h.shared {
		return qlp.Errorf(qlp.Conflict, "the folder %s also holds a SQLite database, whose blobs would be taken for garbage", cfg.Shared()).
			WithRemedy("move its qlp.db away when it is no longer used; or give the PostgreSQL database a folder of its own")
	}
	var own string
	err := h.Tx(ctx, func(tx store.Tx) (err error) { own, err = tx.Bind(ctx, ownName, uuid.NewString()); return err })
	if err != nil {
		return err
	}
	path := filepath.Join(cfg.Shared(), ownerOf)
	err = putPrivate(path, []byte(own+"\n"), os.Link)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write whose blobs these are: %w", err)
	}
	b, err := os.ReadFile(path) //nolint:gosec // a file of the shared folder
	if err != nil {
		return fmt.Errorf("read whose blobs these are: %w", err)
	}
	if strings.TrimSpace(string(b)) != own {
		return qlp.Errorf(qlp.Conflict, "the blobs in %s are another database's: %s names it", cfg.Shared(), path).
			WithRemedy("give each database a folder of its own; where that other one is gone for good, remove %s, and %s work with this one", path, claiming)
	}
	return nil
}

// Backup says what a backup is of.
type Backup struct {
	Keys  bool // the private signing key, too
	Blobs bool // no database: PostgreSQL makes its own backups
}

// MakeBackup writes a backup to a file that is not there yet, while servers work.
func MakeBackup(ctx context.Context, cfg config.Config, version, path string, what Backup, log *slog.Logger) (archive.Manifest, error) {
	if cfg.DatabaseURL != "" && !what.Blobs {
		return archive.Manifest{}, qlp.Errorf(qlp.Invalid, "the database is PostgreSQL, which makes its own backups").
			WithRemedy("take one with pg_basebackup or pg_dump, and the blobs after it with qlp backup --blobs FILE: docs/operations/postgresql-backup.md")
	}
	return in(ctx, cfg, false, log, func(h *house) (m archive.Manifest, err error) {
		src := archive.Source{Keeper: h.Keeper, Blobs: h.blobs, Version: version, Clock: time.Now}
		if src.Files, err = backupFiles(cfg, what.Keys); err != nil {
			return m, err
		}
		if !what.Blobs {
			src.Snapshot = func(ctx context.Context, to string) error { return sqlite.Snapshot(ctx, databaseFile(cfg), to) }
			src.Open = func(ctx context.Context, path string) (store.Keeper, error) {
				return sqlite.Open(ctx, path, sqlite.Config{Guest: true})
			}
			if src.Schema, src.Queue, err = sqlite.Schema(); err != nil {
				return m, err
			}
		}
		return archive.Backup(ctx, src, path)
	})
}

// backupFiles are those that belong to a backup besides the database and the blobs. Without the signing key, its public half is among
// the keys that are accepted: capsules that it signed stay good.
func backupFiles(cfg config.Config, keys bool) (map[string][]byte, error) {
	files := map[string][]byte{}
	ring := Keyring(cfg)
	pinned, err := ring.Pinned()
	if err != nil {
		return nil, err
	}
	own, ok, err := ring.Own()
	if err != nil {
		return nil, err
	}
	if ok && !keys {
		pinned[own.ID()] = own
	}
	for id, key := range pinned {
		files[archive.PinnedName(id)] = key.PEM()
	}
	read := map[string]string{archive.DeploymentName: deploymentName}
	if ok && keys {
		read[archive.SigningName] = archive.SigningName
	}
	for name, at := range read {
		b, err := os.ReadFile(filepath.Join(cfg.Shared(), at)) //nolint:gosec // files of the shared folder
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("back up %s: %w", name, err)
		}
		files[name] = b
	}
	return files, nil
}

// Restored says what was restored, and what of it is not there.
type Restored struct {
	Manifest archive.Manifest
	Into     string
	Verified archive.Verified
}

// RestoreBackup writes a backup into an empty folder: into, or those of the settings. Then it reads all of it once more.
func RestoreBackup(ctx context.Context, cfg config.Config, path, into string, log *slog.Logger) (out Restored, err error) {
	to := archive.Target{Data: cfg.DataDir, Shared: cfg.Shared(), Lock: sqlite.Lock, Check: sqlite.Check}
	if cfg.DatabaseURL != "" {
		to.Data = to.Shared
	}
	if into != "" {
		to.Data, to.Shared = into, into
	}
	if to.Schema, to.Queue, err = sqlite.Schema(); err != nil {
		return out, err
	}
	m, err := archive.Inspect(ctx, path)
	if err == nil && cfg.DatabaseURL != "" && into == "" && m.Has(archive.DatabaseName) {
		err = qlp.Errorf(qlp.Invalid, "the backup holds a SQLite database, and the settings name a PostgreSQL one").
			WithRemedy("restore it into a folder with --into, and leave database_url out there")
	}
	if err != nil {
		return out, fmt.Errorf("restore %s: %w", path, err)
	}
	out.Into = to.Data
	if out.Manifest, err = archive.Restore(ctx, path, to); err != nil || !m.Has(archive.DatabaseName) {
		return out, err
	}
	cfg.DataDir, cfg.SharedDir, cfg.DatabaseURL = to.Data, "", ""
	if to.Shared != to.Data {
		cfg.SharedDir = to.Shared
	}
	// The first opening brings an older schema up to date, and finds nothing that is at work.
	out.Verified, err = in(ctx, cfg, true, log, func(h *house) (archive.Verified, error) { return archive.Verify(ctx, h, h.blobs) })
	return out, err
}

// VerifyData reads every blob that the database refers to.
func VerifyData(ctx context.Context, cfg config.Config, log *slog.Logger) (archive.Verified, error) {
	return in(ctx, cfg, false, log, func(h *house) (archive.Verified, error) { return archive.Verify(ctx, h, h.blobs) })
}

// CollectGarbage takes away what nothing refers to, and what runs without a capsule hold that ended longer ago than older; 0 leaves
// runs as they are.
func CollectGarbage(ctx context.Context, cfg config.Config, older time.Duration, dry bool, log *slog.Logger) (archive.Collected, error) {
	return in(ctx, cfg, false, log, func(h *house) (archive.Collected, error) {
		if err := h.claim(ctx, cfg); err != nil {
			return archive.Collected{}, err
		}
		c := archive.Collection{Dry: dry, Grace: archive.Grace, Clock: time.Now}
		if older > 0 {
			c.Expired = time.Now().UTC().Add(-older)
		}
		return archive.Collect(ctx, h, h.blobs, c)
	})
}

// ExportTenant writes everything that a tenant owns to a file that is not there yet.
func ExportTenant(ctx context.Context, cfg config.Config, version, tenant, path string, log *slog.Logger) (archive.Export, error) {
	return in(ctx, cfg, false, log, func(h *house) (archive.Export, error) {
		return archive.ExportTenant(ctx, h, h.blobs, tenant, version, time.Now, path)
	})
}
