package store

import (
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// CallCaps are the caps that a model call is held against, one for each scope that it belongs to.
type CallCaps struct {
	Task qlp.Budget
	Run  qlp.Budget // with what the intent's Spec and plan took; before there is a run, of these alone
	Day  qlp.Budget
	Team qlp.Budget
}

// ScopeTask is the scope of a task of a run.
func ScopeTask(runID, taskID string) string { return fmt.Sprintf("task:%s/%s", runID, taskID) }

// ScopeRun is the scope of a run, or of an intent that has none yet.
func ScopeRun(id string) string { return "run:" + id }

// ScopeDay is the scope of a UTC day, 2026-05-04.
func ScopeDay(day string) string { return "day:" + day }

// ScopeTeam is the scope of everybody in a UTC month, 2026-05.
func ScopeTeam(month string) string { return "team:" + month }

// AnsweredKey names a call by what must be equal for its answer to be used again.
type AnsweredKey struct {
	IntentID string
	RunID    string
	TaskID   string
	Attempt  int
	Role     string
	Request  qlp.Digest
}

// RunSpending is what a run took, its first attempts and its repairs apart.
type RunSpending struct {
	First  qlp.Spending
	Repair qlp.Spending
}
