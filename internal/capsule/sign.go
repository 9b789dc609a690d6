package capsule

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// sign returns the DSSE envelope over the manifest's bytes. Ed25519 is deterministic, and so is the envelope.
func sign(key PrivateKey, m manifest) ([]byte, error) {
	payload, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	signer, err := dsse.NewEnvelopeSigner(dsseKey{public: key.Public(), private: key.key})
	if err != nil {
		return nil, fmt.Errorf("prepare signer: %w", err)
	}
	envelope, err := signer.SignPayload(context.Background(), payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign manifest: %w", err)
	}
	return encodeJSON(envelope)
}

// openEnvelope checks the envelope's signature with key and returns the manifest inside.
func openEnvelope(b []byte, key PublicKey) (manifest, error) {
	var envelope dsse.Envelope
	if err := decodeStrict(b, &envelope); err != nil {
		return manifest{}, refuse("the signature's envelope cannot be read: %v", err)
	}
	if envelope.PayloadType != payloadType {
		return manifest{}, refuse("the signature is over a %.80q, not over a capsule's manifest", envelope.PayloadType)
	}
	verifier, err := dsse.NewEnvelopeVerifier(dsseKey{public: key})
	if err != nil {
		return manifest{}, fmt.Errorf("prepare verifier: %w", err)
	}
	if _, err := verifier.Verify(context.Background(), &envelope); err != nil {
		return manifest{}, refuse("the signature is not one of key %s over this manifest", short(key.ID()))
	}
	payload, err := envelope.DecodeB64Payload()
	if err != nil {
		return manifest{}, refuse("the signed manifest cannot be read: %v", err)
	}
	var m manifest
	if err := decodeStrict(payload, &m); err != nil {
		return manifest{}, refuse("the signed manifest cannot be read: %v", err)
	}
	return m, nil
}

// dsseKey is an Ed25519 key in the shape that the DSSE library asks for.
type dsseKey struct {
	public  PublicKey
	private ed25519.PrivateKey // nil when only verifying
}

func (k dsseKey) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(k.private, data), nil
}

func (k dsseKey) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(k.public.key, data, sig) {
		return fmt.Errorf("verify with key %s: signature does not match", short(k.public.ID()))
	}
	return nil
}

func (k dsseKey) KeyID() (string, error)   { return k.public.ID(), nil }
func (k dsseKey) Public() crypto.PublicKey { return k.public.key }

func short(id string) string {
	if len(id) > 16 {
		return id[:16]
	}
	return id
}
