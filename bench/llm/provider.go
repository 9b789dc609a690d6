package main

import (
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/openai"
)

// provider is the driver under measure, as it is for every compatible endpoint.
func provider(url string) (llm.Provider, error) {
	return openai.New(openai.Config{Name: "local", BaseURL: url})
}
