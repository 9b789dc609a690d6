package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// describeTypes tells the framework how the centre's types look in JSON where their fields do not say so.
func describeTypes(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[qlp.Check](), reflect.TypeFor[checkView]())
	r.RegisterTypeAlias(reflect.TypeFor[qlp.Number](), reflect.TypeFor[json.Number]())
	r.RegisterTypeAlias(reflect.TypeFor[qlp.Scalar](), reflect.TypeFor[anyScalar]())
}

// checkView is what a qlp.Check looks like in JSON.
type checkView struct {
	Layer      qlp.Layer     `json:"layer"`
	Name       string        `json:"name"`
	Status     qlp.Status    `json:"status" enum:"passed,failed,not_run,error"`
	Required   bool          `json:"required"`
	Executions []string      `json:"executions,omitempty"`
	Read       qlp.Digest    `json:"read,omitempty"`
	Findings   []qlp.Finding `json:"findings,omitempty"`
	Counts     *qlp.Counts   `json:"counts,omitempty"`
	Reason     string        `json:"reason,omitempty"`
}

// anyScalar is a JSON string, number or boolean.
type anyScalar struct{}

// Schema describes the value.
func (anyScalar) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "a string, a number or a boolean"}
}
