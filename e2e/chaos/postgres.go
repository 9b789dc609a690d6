package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is a database of its own on a private server.
type postgres struct {
	config *pgx.ConnConfig // of the database, as the harness itself reaches it
	dial   func(context.Context) (net.Conn, error)
	admin  string
	name   string
	db     *sql.DB
}

func newPostgres(ctx context.Context, admin string) (*postgres, error) {
	p := &postgres{admin: admin, name: "chaos_" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	if err := p.asAdmin(ctx, "CREATE DATABASE "+p.name); err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(admin)
	if err != nil {
		return nil, fmt.Errorf("read the server's URL: %w", err)
	}
	cfg.Database = p.name
	p.config = cfg
	network, address := pgconnAddress(cfg)
	p.dial = dialer(network, address)
	p.db = stdlib.OpenDB(*cfg)
	return p, nil
}

// pgconnAddress is where the server listens: a folder's Unix socket, or a host's port.
func pgconnAddress(cfg *pgx.ConnConfig) (network, address string) {
	if len(cfg.Host) > 0 && cfg.Host[0] == '/' {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	return "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
}

// through is the database's URL by way of a proxy.
func (p *postgres) through(address string) string {
	u := url.URL{Scheme: "postgres", Host: address, Path: p.name, RawQuery: "sslmode=disable"}
	if u.User = url.User(p.config.User); p.config.Password != "" {
		u.User = url.UserPassword(p.config.User, p.config.Password)
	}
	return u.String()
}

func (p *postgres) open(ctx context.Context) (*sql.DB, error) {
	db := stdlib.OpenDB(*p.config)
	return db, db.PingContext(ctx)
}

func (p *postgres) asAdmin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.admin)
	if err != nil {
		return fmt.Errorf("reach the PostgreSQL server: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// close drops the database, unless there is something to be looked at in it.
func (p *postgres) close(ctx context.Context, drop bool) error {
	err := p.db.Close()
	if drop {
		err = errors.Join(err, p.asAdmin(ctx, "DROP DATABASE IF EXISTS "+p.name+" WITH (FORCE)"))
	}
	return err
}
