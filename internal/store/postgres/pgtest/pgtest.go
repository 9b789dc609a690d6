// Package pgtest gives tests databases of their own on a private server, which QLP_TEST_POSTGRES names.
//
// It never starts a server (scripts/postgres does), and leaves no database behind.
//
// Arrows: pgx, testing.
package pgtest

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Server is the address of a private server, as a superuser.
func Server(t *testing.T) string {
	t.Helper()
	address := os.Getenv("QLP_TEST_POSTGRES")
	if address == "" {
		t.Skip("QLP_TEST_POSTGRES names no server; make test starts one")
	}
	return address
}

// to is the address with another database.
func to(t *testing.T, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}

// Admin runs a statement in a database.
func Admin(t *testing.T, address, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Database makes a database, from a template where one is named, and drops it at the end.
func Database(t *testing.T, template string) string {
	t.Helper()
	address := Server(t)
	name := "qlp_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	create := "CREATE DATABASE " + name
	if template != "" {
		create += " TEMPLATE " + template
	}
	Admin(t, address, create)
	t.Cleanup(func() { Admin(t, address, "DROP DATABASE "+name+" WITH (FORCE)") })
	return to(t, address, name)
}
