package app

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/quantumlayer/qlp/internal/config"
)

// identity is what a managed identity is to the database's sign-in: somebody who gives tokens for an audience, or cannot.
type identity struct {
	asked []string
	err   error
}

func (i *identity) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.asked = append(i.asked, o.Scopes...)
	return azcore.AccessToken{Token: "a token"}, i.err
}

func TestTokensAreForTheDatabase(t *testing.T) {
	t.Parallel()
	who := &identity{}
	password := tokens(who)
	for range 2 { // the credential keeps it, we do not
		if got, err := password(t.Context()); got != "a token" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if !slices.Equal(who.asked, []string{entraScope, entraScope}) {
		t.Errorf("asked for %q", who.asked)
	}
	gone := errors.New("no identity")
	if _, err := tokens(&identity{err: gone})(t.Context()); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestDatabasePassword(t *testing.T) {
	t.Parallel()
	if f, err := databasePassword(config.Config{DatabaseAuth: config.AuthPassword}); f != nil || err != nil {
		t.Errorf("the address's own password: %v", err)
	}
	if f, err := databasePassword(config.Config{DatabaseAuth: config.AuthEntra}); f == nil || err != nil {
		t.Errorf("entra: %v", err)
	}
	if _, err := databasePassword(config.Config{DatabaseAuth: "kerberos"}); err == nil {
		t.Error("kerberos passes")
	}
}
