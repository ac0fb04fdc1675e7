package reeve

// Investigation is the whole result: what was read, what it can show, and the cases.
type Investigation struct {
	Tool     Tool
	Evidence Evidence
	Coverage []HostCoverage // by host
	Triage   []Triaged      // by program
	Cases    []Case         // gravest first
	Gaps     []Gap
	Findings []Finding      // of `hunt`; empty in an investigation
	Unfound  []string       // subjects that were asked for and have no record, each a sentence with the reason
	Records  map[Ref]string // cited records as JSON
	Notes    []string       // what the reader of a report must know about this run
}

// Tool says what produced the result.
type Tool struct {
	Version       string
	FactsRevision string
	Rules         []RuleSource
	Options       []NamedValue // those that change the result, sorted
}

// RuleSource is a folder of rules.
type RuleSource struct {
	Path                      string // base name of the folder; "built-in" for reeve's own
	Count, Idle               int    // rules that see records, and sound ones of whose log source there are none
	Inactive, Failed          int
	SHA256                    string // over the rule files in order of their names
	InactiveRules, Unreadable []RuleProblem
}

// RuleProblem is a rule that cannot see anything, and why.
type RuleProblem struct {
	ID, Title, File string
	Line            int
	Reason          string
	Idle            bool // the rule is sound, there are no records of its log source
}

// Evidence is what was read.
type Evidence struct {
	Files       []File // by name
	Hosts       []string
	First, Last Time
}

// File is one file or archive member.
type File struct {
	Path       string
	Format     string // "evtx", "json", "xml", ...; "" when it was recognised as nothing
	Says       string // what it is when no record was read from it
	SHA256     string
	Size       int64
	Records    int
	Duplicates int
	Errors     []ReadError
	MoreErrors int // beyond those listed
}

// HostCoverage says what a host's evidence can show.
type HostCoverage struct {
	Host     string
	Channels []Seen // by name
	Kinds    []Seen // by kind
	Gaps     []Gap
	Lacks    []Need // fields that this host's records miss: command lines, hashes
}

// Seen counts records of a channel or kind.
type Seen struct {
	Name        string
	Records     int
	First, Last Time
}

// Gap is a stretch of time in which evidence is missing.
type Gap struct {
	Host, Channel string
	Kind          string // hole, silence, cleared, unreadable
	From, To      Time
	Says          string
	Ref           Ref
}

// Triaged counts the executions of one LOLBAS program.
type Triaged struct {
	LOLBin  string
	Seen    int
	InCases int
	LeftOut []LeftOut
}

// LeftOut counts executions that became no case, for one reason.
type LeftOut struct {
	Reason string
	Count  int
}
