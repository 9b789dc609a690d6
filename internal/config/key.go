package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Key is one setting, as its tags describe it.
type Key struct {
	Name    string // data
	Doc     string
	Default string

	value reflect.Value
}

// Env is the name of the key's environment variable.
func (k Key) Env() string { return "QLP_" + strings.ToUpper(k.Name) }

// Flag is the name of the key's flag, without the dashes.
func (k Key) Flag() string { return strings.ReplaceAll(k.Name, "_", "-") }

// Keys lists the settings in the order of the struct.
func Keys() []Key {
	var c Config
	return keysOf(&c)
}

func keysOf(c *Config) []Key {
	v := reflect.ValueOf(c).Elem()
	keys := make([]Key, 0, v.NumField())
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		keys = append(keys, Key{Name: tag.Get("key"), Doc: tag.Get("doc"), Default: tag.Get("default"), value: v.Field(i)})
	}
	return keys
}

// set reads text into the field.
func (k Key) set(text string) error {
	bad := func(kind string) error {
		return qlp.Errorf(qlp.Invalid, "setting %s is %q, which is not %s", k.Name, text, kind).
			WithRemedy("set %s to %s, for example %s", k.Name, kind, k.Default)
	}
	switch k.value.Interface().(type) {
	case string:
		k.value.SetString(text)
	case Secret: // which is never repeated in an error
		k.value.SetString(text)
	case USD:
		micros, err := qlp.ParseUSD(text)
		if err != nil {
			return bad("an amount of dollars with at most six decimals")
		}
		k.value.SetInt(micros)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return bad("a whole number")
		}
		k.value.SetInt(int64(n))
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return bad("true or false")
		}
		k.value.SetBool(b)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return bad("a duration")
		}
		k.value.SetInt(int64(d))
	default:
		return fmt.Errorf("read setting %s: no reader for %s", k.Name, k.value.Type())
	}
	return nil
}
