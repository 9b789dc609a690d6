package qlp

// ProgramCommand is one way to call a program.
type ProgramCommand struct {
	Name    string        `json:"name"`              // the words after the program's name: add; "" for a program without commands
	Summary string        `json:"summary,omitempty"` // one sentence
	Args    []ProgramArg  `json:"args,omitempty"`    // in order
	Flags   []ProgramFlag `json:"flags,omitempty"`
}

// ProgramArg is a positional argument.
type ProgramArg struct {
	Name     string `json:"name"`
	Summary  string `json:"summary,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Many     bool   `json:"many,omitempty"` // the rest of the line
}

// ProgramFlag is an option: --name, with a value unless Switch.
type ProgramFlag struct {
	Name    string `json:"name"` // without dashes
	Summary string `json:"summary,omitempty"`
	Default string `json:"default,omitempty"`
	Switch  bool   `json:"switch,omitempty"`
}

// ProgramCall is one start of a program and what must come of it.
type ProgramCall struct {
	Args   []string          `json:"args,omitempty"`  // after the program's name
	Stdin  string            `json:"stdin,omitempty"` //
	Files  map[string]string `json:"files,omitempty"` // written before, by their path in the case's folder
	Expect ProgramExpect     `json:"expect"`
}

// ProgramExpect is what must come of a call. Only what is set is compared, but for the exit code, which always is.
type ProgramExpect struct {
	Exit         int               `json:"exit"`
	Stdout       *string           `json:"stdout,omitempty"`        // exactly; line ends and one trailing line break aside
	StdoutHas    []string          `json:"stdout_has,omitempty"`    // texts that are in it
	StdoutLacks  []string          `json:"stdout_lacks,omitempty"`  // texts that are not
	StdoutMatch  string            `json:"stdout_match,omitempty"`  // a regular expression (RE2) found in it
	StderrHas    []string          `json:"stderr_has,omitempty"`    //
	Files        map[string]string `json:"files,omitempty"`         // contents after the call, exactly, as of Stdout
	FilesHave    map[string]string `json:"files_have,omitempty"`    // a text in each
	FilesMissing []string          `json:"files_missing,omitempty"` // paths that are not there
}

// Program reports whether software of this kind is called from a command line, and judged by what it prints and writes.
func (k Kind) Program() bool { return k == KindCLI || k == KindPipeline || k == KindProject }
