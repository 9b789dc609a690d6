package app

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// entraScope is the audience of Azure Database for PostgreSQL.
const entraScope = "https://ossrdbms-aad.database.windows.net/.default"

// databasePassword is what signs in to the database in place of the address's own password; nil where that stays.
func databasePassword(cfg config.Config) (func(context.Context) (string, error), error) {
	switch cfg.DatabaseAuth {
	case config.AuthPassword:
		return nil, nil //nolint:nilnil // the address holds it
	case config.AuthEntra:
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, qlp.Errorf(qlp.Unavailable, "no Entra identity could be found: %w", err).
				WithRemedy("give this machine a managed identity, or sign in with az login")
		}
		return tokens(identity), nil
	default:
		return nil, qlp.Errorf(qlp.Invalid, "setting database_auth is %.40q", cfg.DatabaseAuth).WithRemedy("use password or entra")
	}
}

// tokens asks for a token at each new connection. The credential keeps one until shortly before it runs out.
func tokens(identity azcore.TokenCredential) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		token, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{entraScope}})
		return token.Token, err
	}
}
