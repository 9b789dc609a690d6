package config

import "github.com/quantumlayer/qlp/internal/qlp"

// USD is an amount of money, in micro-dollars. It is written as dollars: 2.50.
type USD int64

// ModelCaps are the caps on model calls of an intent that sets none.
func (c Config) ModelCaps() qlp.ModelCaps {
	return qlp.ModelCaps{
		Run:  qlp.Budget{Micros: int64(c.RunUSD), Tokens: int64(c.RunTokens), Calls: int64(c.RunCalls), Seconds: int64(c.RunModelSeconds)},
		Task: qlp.Budget{Micros: int64(c.TaskUSD), Tokens: int64(c.TaskTokens), Calls: int64(c.TaskCalls), Seconds: int64(c.TaskModelSeconds)},
	}
}
