package python

import "github.com/quantumlayer/qlp/internal/qlp"

func describe(qlp.Spec) []byte { return []byte("{\"openapi\":\"3.1.0\"}\n") }
