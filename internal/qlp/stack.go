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
	RoleProgram    Role = "program"    // the code of a cli, pipeline or project, with its unit tests
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
	// Entry starts the program, in the sandbox, from any folder; what it is called with follows. Only stacks for programs have it.
	Entry []string `json:"entry,omitempty"`
	// Env is set for every command in the sandbox.
	Env map[string]string `json:"env,omitempty"`

	// What follows is of stacks for repositories that exist already; see stack.Repositories.
	Detect   []Sign   `json:"detect,omitempty"`   // how a repository of this stack is recognised
	Packages []string `json:"packages,omitempty"` // package managers; what they name is fetched before the build
	Room     *Room    `json:"room,omitempty"`     // what its commands need beyond the default
}

// Sign is a file by which a repository is recognised.
type Sign struct {
	File   string `json:"file"`   // a pattern as of path.Match, from the root; one without a slash and with a star matches in every folder
	Weight int    `json:"weight"` // the stack with the heaviest sign is chosen
}

// Room is what a stack's sandboxes need. Zero means the sandbox's default.
type Room struct {
	MemoryMiB int64 `json:"memory_mib,omitempty"`
	DiskMiB   int64 `json:"disk_mib,omitempty"`
	WallMS    int64 `json:"wall_ms,omitempty"` // of one command
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
	Report string            `json:"report,omitempty"` // parser of the output: go-test-json, unittest, tap, libtest, junit, auto, gosec-json, ruff-json, lines, or none
	// ReportFiles are patterns, below the project's root, of the files that the command writes its report to.
	ReportFiles []string `json:"report_files,omitempty"`
	// Lacks are words that a command says when a package is not there that was not fetched. It has then not judged the project.
	Lacks []string `json:"lacks,omitempty"`
	// Needs are patterns of which a repository must have a file for the command to be of use; without one it is left out.
	Needs []string `json:"needs,omitempty"`
	// Unless is the opposite: with such a file the command is left out.
	Unless []string `json:"unless,omitempty"`
	Tool   string   `json:"tool,omitempty"` // the optional tool it needs
	WallMS int64    `json:"wall_ms,omitempty"`
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
