package capsule

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// PublicKey is an Ed25519 key that capsules are checked with.
type PublicKey struct{ key ed25519.PublicKey }

// ID is the key's name in signatures: the SHA-256 of its PKIX form, 64 hex digits.
func (k PublicKey) ID() string {
	der, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil { // an ed25519 key always marshals
		panic(err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// PEM returns the key as a PEM block, ready for a file.
func (k PublicKey) PEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil { // as above
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// ParsePublicKey reads a PEM block.
func ParsePublicKey(b []byte) (PublicKey, error) {
	block, rest := pem.Decode(b)
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 {
		return PublicKey{}, qlp.Errorf(qlp.Invalid, "it is not a PEM file with one public key").
			WithRemedy("export a key with: qlp keys show --pem")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, qlp.Errorf(qlp.Invalid, "the public key cannot be read: %v", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return PublicKey{}, qlp.Errorf(qlp.Invalid, "the public key is a %T; capsules are signed with Ed25519", parsed)
	}
	return PublicKey{key}, nil
}

// PrivateKey signs capsules. It prints as its public id, never as itself.
type PrivateKey struct{ key ed25519.PrivateKey }

// Public returns the key to check with.
func (k PrivateKey) Public() PublicKey {
	public, ok := k.key.Public().(ed25519.PublicKey)
	if !ok { // an ed25519 private key has an ed25519 public key
		panic("capsule: foreign key type")
	}
	return PublicKey{public}
}

// String hides the key.
func (k PrivateKey) String() string { return "private key of " + k.Public().ID() }

// GoString hides the key.
func (k PrivateKey) GoString() string { return k.String() }

// NewPrivateKey makes a key from the system's random source.
func NewPrivateKey() (PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("make signing key: %w", err)
	}
	return PrivateKey{key}, nil
}

// Keyring is the folder that holds the machine's own signing key and the keys that a person has pinned.
//
//	signing.key        the private key, readable by its owner only, made on first use
//	pinned/<id>.pub    keys whose capsules are accepted
type Keyring struct{ dir string }

// NewKeyring names a folder; it is made on first use.
func NewKeyring(dir string) Keyring { return Keyring{dir} }

// unfinished is the name of a private key that is not in its place yet, leftOver how old it is when nobody is writing it any more.
const (
	unfinished = ".signing-*"
	leftOver   = time.Hour
)

// Tidy removes keys that killed processes left half made: nobody is to find them. What cannot be removed stays for the next time.
func (r Keyring) Tidy() {
	left, _ := filepath.Glob(filepath.Join(r.dir, unfinished)) // the pattern is right
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > leftOver {
			_ = os.Remove(path)
		}
	}
}

// Signing returns the machine's key, and makes it on first use. Two processes that make it at once get the same one.
func (r Keyring) Signing() (PrivateKey, error) {
	path := filepath.Join(r.dir, "signing.key")
	key, err := readPrivate(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = NewPrivateKey(); err != nil {
		return PrivateKey{}, err
	}
	if err := writePrivate(r.dir, path, key); err != nil {
		return PrivateKey{}, err
	}
	return readPrivate(path)
}

// Own returns the machine's public key, if it has one yet.
func (r Keyring) Own() (PublicKey, bool, error) {
	key, err := readPrivate(filepath.Join(r.dir, "signing.key"))
	if errors.Is(err, fs.ErrNotExist) {
		return PublicKey{}, false, nil
	}
	if err != nil {
		return PublicKey{}, false, err
	}
	return key.Public(), true, nil
}

// Pin accepts a key from now on.
func (r Keyring) Pin(k PublicKey) error {
	dir := filepath.Join(r.dir, "pinned")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make keyring: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, k.ID()+".pub"), k.PEM(), 0o600); err != nil {
		return fmt.Errorf("pin key: %w", err)
	}
	return nil
}

// Unpin forgets a pinned key.
func (r Keyring) Unpin(id string) error {
	err := os.Remove(filepath.Join(r.dir, "pinned", filepath.Base(id)+".pub"))
	if errors.Is(err, fs.ErrNotExist) {
		return qlp.Errorf(qlp.NotFound, "no pinned key has the id %.64s", id).WithRemedy("list the keys with: qlp keys list")
	}
	if err != nil {
		return fmt.Errorf("unpin key: %w", err)
	}
	return nil
}

// Pinned returns the pinned keys by id.
func (r Keyring) Pinned() (map[string]PublicKey, error) {
	paths, err := filepath.Glob(filepath.Join(r.dir, "pinned", "*.pub"))
	if err != nil {
		return nil, fmt.Errorf("list keyring: %w", err)
	}
	keys := map[string]PublicKey{}
	for _, p := range paths {
		b, err := os.ReadFile(p) //nolint:gosec // the keyring's own files
		if err != nil {
			return nil, fmt.Errorf("read pinned key: %w", err)
		}
		k, err := ParsePublicKey(b)
		if err != nil {
			return nil, fmt.Errorf("read pinned key %s: %w", filepath.Base(p), err)
		}
		keys[k.ID()] = k
	}
	return keys, nil
}

func readPrivate(path string) (PrivateKey, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the keyring's own file
	if err != nil {
		return PrivateKey{}, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return PrivateKey{}, qlp.Errorf(qlp.Invalid, "the signing key %s is damaged", path).
			WithRemedy("restore it from a backup, or move it away: the next run makes a new one, and older capsules then need its public key pinned")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return PrivateKey{}, qlp.Errorf(qlp.Invalid, "the signing key %s cannot be read", path)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return PrivateKey{}, qlp.Errorf(qlp.Invalid, "the signing key %s is not an Ed25519 key", path)
	}
	return PrivateKey{key}, nil
}

// writePrivate puts the key in place whole or not at all; a key that another process has just made stays.
func writePrivate(dir, path string, k PrivateKey) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make keyring: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return fmt.Errorf("encode signing key: %w", err)
	}
	tmp, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if err := errors.Join(pem.Encode(tmp, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write signing key: %w", err)
	}
	return nil
}
