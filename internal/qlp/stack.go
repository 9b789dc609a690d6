package qlp

// Role is the part of a project that a task writes; the planner makes one task of each role that a stack lays out.
type Role string

// The roles, in the order in which a plan shows them.
const (
	RoleAcceptance Role = "acceptance" // the tests that come from the Spec; first, and frozen by hash
	RoleDomain     Role = "domain"     // entities, values, rules
	RoleStorage    Role = "storage"    // persistence
	RoleHandlers   Role = "handlers"   // HTTP
	RoleWiring     Role = "wiring"     // main, configuration, build files
	RoleDocuments  Role = "documents"  // README, OpenAPI, Dockerfile and the other extras
)

// Stack is a target, as data: its language, how a project is laid out, and the commands that build, test and run it.
type Stack struct {
	Name      string   `json:"name"`              // go
	Title     string   `json:"title"`             // Go (net/http)
	Language  string   `json:"language"`          // go
	Aliases   []string `json:"aliases,omitempty"` // golang
	Generated bool     `json:"generated"`         // the offline generator writes it
	Tools     []Tool   `json:"tools"`             // what must be on the machine
	Layout    []Part   `json:"layout"`            // who owns which paths
	Commands  Commands `json:"commands"`          //
	// Env is set for every command in the sandbox.
	Env map[string]string `json:"env,omitempty"`
}

// Tool is a program of the stack's toolchain.
type Tool struct {
	Name     string   `json:"name"`               // go
	Version  []string `json:"version"`            // argv that prints the version
	Root     []string `json:"root,omitempty"`     // argv that prints the folder, or the file, to mount; none: the program itself is found
	Minimum  string   `json:"minimum,omitempty"`  // the oldest version that will do: 1.24
	Optional bool     `json:"optional,omitempty"` // its checks are not_run when it is missing
	Remedy   string   `json:"remedy"`             // how to install it
}

// Part is the layout of one role.
type Part struct {
	Role   Role     `json:"role"`
	Title  string   `json:"title"`
	Owns   []string `json:"owns"`            // a file, or a folder with a trailing slash
	After  []Role   `json:"after,omitempty"` // roles whose files this one builds on
	Accept []string `json:"accept"`          // in words: what makes the task's attempt good
}

// Commands of a stack. Each runs at the project's root, in the sandbox, without a network.
type Commands struct {
	Syntax []Command `json:"syntax,omitempty"` // per-file syntax, where QLP does not parse the language itself
	Build  []Command `json:"build"`
	Test   []Command `json:"test"`
	Format []Command `json:"format,omitempty"` // exit 0 and no output: formatted
	Lint   []Command `json:"lint,omitempty"`
	Scan   []Command `json:"scan,omitempty"` // static security analysis
	Start  Command   `json:"start"`          // runs the service; PORT, HOST and DATA_DIR are given
}

// Command is one command line and how to read what it prints.
type Command struct {
	Name   string            `json:"name"`             // stable: go-build
	Argv   []string          `json:"argv"`             //
	Env    map[string]string `json:"env,omitempty"`    //
	Report string            `json:"report,omitempty"` // parser of the output: go-test-json, unittest, gosec-json, ruff-json, lines, or none
	Tool   string            `json:"tool,omitempty"`   // the optional tool it needs
	WallMS int64             `json:"wall_ms,omitempty"`
}

// Part returns the layout of role.
func (s Stack) Part(role Role) (Part, bool) {
	for _, p := range s.Layout {
		if p.Role == role {
			return p, true
		}
	}
	return Part{}, false
}
