package qlp

// SettledOf returns what the event of an ended call tells of it.
func SettledOf(c Call) SettledCall {
	s := SettledCall{
		Role: c.Role, Provider: c.Provider, Model: c.Model, Tokens: c.Usage.Total(), Micros: c.Micros, Unpriced: !c.Priced, Repair: c.Repair,
	}
	if c.Ended != nil {
		s.MS = c.Ended.Sub(c.Started).Milliseconds()
	}
	if c.State == CallFailed || c.State == CallLost {
		if s.Failed = c.Reason; s.Failed == "" {
			s.Failed = string(c.State)
		}
	}
	return s
}
