package postgres

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// translate turns what PostgreSQL and the network say into domain errors. It is the only place that knows their codes.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*qlp.Error](err); ok {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return vendor(pg, err)
	}
	if connecting, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return away(connecting)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "closed pool") {
		return lost(err)
	}
	return err
}

func vendor(pg *pgconn.PgError, err error) error {
	switch pg.Code {
	case "23505":
		return &qlp.Error{Code: qlp.Conflict, Message: "it is there already", Err: err}
	case "23503":
		return &qlp.Error{Code: qlp.NotFound, Message: "it belongs to something that is not there", Err: err}
	case "28P01", "28000":
		return qlp.Errorf(qlp.Unavailable, "the database refuses the sign-in: %w", err).
			WithRemedy("check user and password in the setting database_url (QLP_DATABASE_URL), and the server's pg_hba.conf")
	case "3D000":
		return qlp.Errorf(qlp.Unavailable, "there is no such database: %w", err).WithRemedy("make it (createdb NAME), or name another in the setting database_url")
	case "42501", "25006":
		return qlp.Errorf(qlp.Forbidden, "the database does not let this role do that: %w", err).WithRemedy("sign in as the role that owns the database, or give it the right")
	case "53100":
		return qlp.Errorf(qlp.Exhausted, "the database's disk is full: %w", err).WithRemedy("free some space there and try again: nothing that was committed is lost")
	case "53300":
		return qlp.Errorf(qlp.Unavailable, "the database has no connection left: %w", err).WithRemedy("raise max_connections there, or lower database_conns here")
	case "57014":
		return qlp.Errorf(qlp.Unavailable, "the database took too long: %w", err).WithRemedy("try again; if it happens again, look at its load, or raise database_timeout")
	case "40001", "40P01", "55P03":
		return qlp.Errorf(qlp.Unavailable, "another transaction was in the way: %w", err).WithRemedy("try again")
	}
	switch pg.Code[:2] {
	case "22", "23": // values that do not fit, and rules of the schema
		return &qlp.Error{Code: qlp.Invalid, Message: "the database refuses the value", Err: err}
	case "08", "57", "53", "25":
		return lost(err)
	default:
		return err
	}
}

// away is the error for a server that cannot be reached. Its text names the host and never the password.
func away(err *pgconn.ConnectError) error {
	text := err.Error()
	if i := strings.Index(text, "): "); i >= 0 { // what is before names user and database once more
		text = text[i+3:]
	}
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasSuffix(strings.TrimSpace(first), "`:") { // several addresses were tried
		text = rest
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n") // the same once more for each address of the host
	remedy := "see that PostgreSQL runs there and lets this machine in; the address is the setting database_url (QLP_DATABASE_URL)"
	if strings.Contains(text, "tls") || strings.Contains(text, "TLS") || strings.Contains(text, "certificate") {
		remedy = "the server and sslmode in the setting database_url do not agree: verify-full wants a certificate of that name that this machine trusts (sslrootcert=FILE names an authority)"
	}
	return &qlp.Error{Code: qlp.Unavailable, Message: "no PostgreSQL answers: " + strings.TrimSpace(text), Remedy: remedy, Err: err}
}

func lost(err error) error {
	return qlp.Errorf(qlp.Unavailable, "the connection to the database was lost: %w", err).WithRemedy("try again: nothing that was committed is lost")
}
