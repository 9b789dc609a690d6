package contract

import (
	"bytes"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
)

func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	for name, spec := range contracttest.Specs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := OpenAPI(&spec)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := libopenapi.NewDocument(raw)
			if err != nil {
				t.Fatal(err)
			}
			v, errs := validator.NewValidator(doc)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if ok, problems := v.ValidateDocument(); !ok {
				for _, p := range problems {
					t.Errorf("%s: %s: %+v", p.Message, p.Reason, p.SchemaValidationErrors)
				}
			}
			if _, err := doc.BuildV3Model(); err != nil { // every $ref leads somewhere
				t.Error(err)
			}
			again, err := OpenAPI(&spec)
			if err != nil || !bytes.Equal(raw, again) {
				t.Errorf("a second time gives other bytes (%v)", err)
			}
		})
	}
}
