package contracttest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/quantumlayer/qlp/internal/qlp"
)

type answer struct {
	status  int
	headers map[string]string
	body    string
}

type handler func(*http.Request) answer

// refuse returns a problem with its errors.
func refuse(status int, errors ...qlp.FieldError) answer {
	list := ""
	if len(errors) > 0 {
		list = `,"errors":[`
		for i, e := range errors {
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(`{"field":%s,"rule":%q,"message":"it breaks the rule %s"}`, quote(e.Field), e.Rule, e.Rule)
		}
		list += "]"
	}
	text := http.StatusText(status)
	return answer{status: status, body: fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q%s}`, text, status, text, list)}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

func single(field, rule string) qlp.FieldError { return qlp.FieldError{Field: field, Rule: rule} }
